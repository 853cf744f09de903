"""The page of all errors: the texts come from the code, what to do from `actions.toml`.

A new error class or reject code needs a line in `actions.toml`; a test names those that have none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from target_iterable.requests.bulk_response import MEANINGS
from tools.errors import OF_ITERABLE, Said, classes, errors, of_settings, refusals
from tools.generated import ROOT, filled

PAGE: Final = ROOT / "docs" / "troubleshooting.md"
ACTIONS: Final = ROOT / "tools" / "actions.toml"

NOT_SHOWN: Final = {
    "MalformedLineError",
    "RecordAlreadyWrittenError",
    "RecordSkippedError",
    "RecordRejectedError",
    "UnfittingLineError",
    "UnusualSchemaError",
    "SettingError",
    "TransientApiError",
    "UnreadableVariableError",
}
"""Never seen as they are: they end inside, their kinds are told, or their texts are in another table."""


def wanted() -> dict[str, set[str]]:
    """What must have an action, by the table of `actions.toml`."""
    return {
        "errors": set(classes()) - NOT_SHOWN,
        "rejects": {said.by for said in refusals()} - {OF_ITERABLE},
        "answers": set(MEANINGS),
    }


def actions() -> Mapping[str, Mapping[str, str]]:
    """What to do, by table and name."""
    return tomllib.loads(ACTIONS.read_text())


def files() -> dict[Path, str]:
    """The page with its tables up to date."""
    do = actions()
    tables = {
        "settings": _table(("text",), ((text,) for text in of_settings())),
        "errors": _errors(do["errors"]),
        "rejects": _rejects(do["rejects"]),
        "answers": _answers(do["answers"]),
        "others": _table(("text", "what to do"), ((f"`{text}`", what) for text, what in do["others"].items())),
    }
    page = PAGE.read_text()
    for place, table in tables.items():
        page = filled(page, f"<!-- made: {place} -->\n", table)
    return {PAGE: page}


def _errors(do: Mapping[str, str]) -> str:
    said, about = errors(), classes()
    names = sorted(wanted()["errors"])
    rows = ((_texts(said, name) or _answered(about[name]), about[name], do.get(name, "")) for name in names)
    return _table(("text", "what has happened", "what to do"), rows)


def _rejects(do: Mapping[str, str]) -> str:
    said = refusals()
    rows = ((f"`{code}`", _texts(said, code), do.get(code, "")) for code in sorted(wanted()["rejects"], key=str.lower))
    return _table(("code", "reason", "what to do"), rows)


def _answers(do: Mapping[str, str]) -> str:
    rows = ((f"`{bucket}…`", meaning, do.get(bucket, "")) for bucket, meaning in MEANINGS.items())
    return _table(("code begins with", "reason", "what to do"), rows)


def _texts(said: Iterable[Said], name: str) -> str:
    return "<br>".join(one.text for one in said if one.by == name)


def _answered(about: str) -> str:
    """What an error answer of Iterable looks like; its kinds say first which status they are for."""
    status, _, rest = about.partition(":")
    return f"… answered {status if rest else '…'} (…)"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in (head, ("---",) * len(head)))
    return (
        "\n".join([*lines, *(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows)]) + "\n"
    )
