"""What must be in the tables: rows, moments and sums, as the exports have them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import requests

from benchmarks.warehouse.databases import SCHEMA, Database
from iterable_sandbox.server import Sandbox

STREAMS: Final[Mapping[str, str]] = {
    "email_send": "emailSend",
    "email_open": "emailOpen",
    "custom_event": "customEvent",
    "purchase": "purchase",
}
"""Stream, which is the table as well -> data type."""
_NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {"purchase": ("campaignId", "total")}
_NUMBER: Final = ("campaignId",)
_MOMENT: Final = "createdAt"
_RANGE: Final = {"startDateTime": "2020-01-01 00:00:00", "endDateTime": "2030-01-01 00:00:00"}

Naming = Callable[[str], str]
"""From a name as Iterable has it to that of the column."""


class ValuesDifferError(Exception):
    """A table does not hold what Iterable has, so the speed of its loader means nothing."""


class Content:
    """What a project exports.

    Attributes:
        rows: of all streams.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._expected = {stream: _exported(sandbox, stream) for stream in STREAMS}
        self.rows = sum(int(expected[0]) for expected in self._expected.values())

    def check(self, database: Database, naming: Naming) -> None:
        """See that all tables hold it. A moment or a number that became a text is an error of the database.

        Raises:
            ValuesDifferError: if they do not.
        """
        for stream, expected in self._expected.items():
            found = [float(value or 0) for value in database.row(_query(stream, naming))]
            if found != expected:
                raise ValuesDifferError(f"{stream}: {found} instead of {expected}")


def _query(stream: str, naming: Naming) -> str:
    moment = f'"{naming(_MOMENT)}"'
    sums = [f'round(cast(sum("{naming(name)}") as numeric), 2)' for name in _NUMBERS.get(stream, _NUMBER)]
    columns = (
        "count(*)",
        f"count(distinct {moment})",
        *(f"extract(epoch from {edge}({moment}))" for edge in ("min", "max")),
        *sums,
    )
    return f'select {", ".join(columns)} from "{SCHEMA}"."{stream}"'  # noqa: S608 (names of ours)


def _exported(sandbox: Sandbox, stream: str) -> list[float]:
    parameters = {"dataTypeName": STREAMS[stream], **_RANGE}
    headers = {"Api-Key": sandbox.api_key}
    answer = requests.get(f"{sandbox.url}/api/export/data.json", params=parameters, headers=headers, timeout=600)
    answer.raise_for_status()
    rows = [json.loads(line) for line in answer.content.splitlines()]
    moments = {_epoch(row[_MOMENT]) for row in rows}
    sums = [_total(rows, name) for name in _NUMBERS.get(stream, _NUMBER)]
    return [len(rows), len(moments), min(moments), max(moments), *sums]


def _epoch(moment: str) -> float:
    return datetime.strptime(moment, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC).timestamp()


def _total(rows: Iterable[Mapping[str, Any]], name: str) -> float:
    return round(sum(row.get(name) or 0 for row in rows), 2)
