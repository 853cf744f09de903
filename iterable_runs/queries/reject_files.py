"""Reading the files of rejected records that a run of the target has left, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from iterable_runs.presentation.json_text import indented

_MOST_READ_BYTES: Final = 16_000_000
"""How much of a file is read for one page. Where reasons are rare, the next page goes on from there."""
_MOST_SEARCHED_BYTES: Final = 64_000_000
_LONGEST_LINE: Final = 8_000_000
_MOST_SHOWN_CHARACTERS: Final = 20_000


@dataclass(frozen=True)
class RejectedRecord:
    """One record of a file.

    Attributes:
        position: where its line begins in the file, in bytes.
        stream: the stream that it came in.
        key: the values of the stream's key columns, by their names.
        record: the record as indented JSON, cut if it is very long.
        code: the code of the reason.
        reason: the sentence.
        field: the field that is wrong, if it is one.
        endpoint: where it was sent; None if it was never sent.
        at: when it was rejected, as the file has it.
    """

    position: int
    stream: str
    key: Mapping[str, Any]
    record: str
    code: str
    reason: str
    field: str | None
    endpoint: str | None
    at: str


@dataclass(frozen=True)
class RejectPage:
    """Some records of a file, and where to read on; None at its end.

    Attributes:
        problem: why the file cannot be read; None if it can.
    """

    records: list[RejectedRecord]
    next_position: int | None = None
    problem: str | None = None


def read_rejects(path: Path, code: str | None = None, position: int = 0, most: int = 20) -> RejectPage:
    """Read the next records of a file.

    Args:
        path: the file.
        code: only records with this code of a reason; None for all.
        position: where to begin, in bytes: 0, or `next_position` of the page before.
        most: how many records at most.
    """
    try:
        if not path.is_file():
            return RejectPage([], problem="The file is not there: it was removed, or is on another machine.")
        with path.open("rb") as file:
            return _page(file, code, position, most)
    except OSError as error:
        return RejectPage([], problem=f"The file cannot be read: {error.strerror}.")


def search_rejects(path: Path, identity: str, most: int = 20) -> Iterator[RejectedRecord]:
    """Records of a file in which some value is an address or id, in any case. Of a very large file, the beginning."""
    # Most lines are told by their bytes that they are others; how JSON spells a text is seen when it is read.
    wanted = json.dumps(identity.casefold(), ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")
    is_plain = identity.isascii()
    key_names: list[str] = []
    found = 0
    try:
        with path.open("rb") as file:
            for start, line in _lines(file):
                if start > _MOST_SEARCHED_BYTES or found == most:
                    return
                if not key_names and b'"SCHEMA"' in line:
                    key_names = _texts(_message(line).get("key_properties"))
                elif not is_plain or wanted in line.lower():
                    message = _message(line)
                    if isinstance(message.get("reject"), dict) and _has(message.get("record"), identity.casefold()):
                        found += 1
                        yield _record(start, message, key_names)
    except OSError:
        return


def _page(file: BinaryIO, code: str | None, position: int, most: int) -> RejectPage:
    key_names = _key_names(file) if position else []
    file.seek(position)
    records: list[RejectedRecord] = []
    for start, line in _lines(file):
        if len(records) == most or start - position > _MOST_READ_BYTES:
            return RejectPage(records, start)
        message = _message(line)
        if message.get("type") == "SCHEMA":
            key_names = _texts(message.get("key_properties"))
        elif isinstance(message.get("reject"), dict):
            found = _record(start, message, key_names)
            if code is None or found.code == code:
                records.append(found)
    return RejectPage(records)


def _key_names(file: BinaryIO) -> list[str]:
    """The key columns of the first schema of a file."""
    first = next(_lines(file), (0, b""))[1]
    return _texts(_message(first).get("key_properties"))


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    while True:
        start = file.tell()
        line = file.readline(_LONGEST_LINE)
        if not line:
            return
        yield start, line


def _message(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _record(position: int, message: Mapping[str, Any], key_names: list[str]) -> RejectedRecord:
    reject = message["reject"]
    record = message.get("record")
    values = record if isinstance(record, dict) else {}
    return RejectedRecord(
        position=position,
        stream=str(message.get("stream", "")),
        key={name: values[name] for name in key_names if name in values},
        record=indented(record, _MOST_SHOWN_CHARACTERS),
        code=str(reject.get("code", "")),
        reason=str(reject.get("reason", "")),
        field=_text(reject.get("field")),
        endpoint=_text(reject.get("endpoint")),
        at=str(reject.get("at", "")),
    )


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _has(value: Any, identity: str) -> bool:
    """Whether a value, or one inside it, is the identity."""
    if isinstance(value, dict):
        return any(_has(member, identity) for member in value.values())
    if isinstance(value, list):
        return any(_has(item, identity) for item in value)
    return isinstance(value, str | int) and str(value).casefold() == identity
