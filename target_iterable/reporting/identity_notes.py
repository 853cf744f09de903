"""What became of users and items, noted for the run history, which keeps keyed hashes of their addresses and ids."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from iterable_api.redaction import without_addresses
from iterable_runs.store.facts import IdentityFacts
from target_iterable.core.operation import BatchResult, Name, Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.core.source import Line, Source
from target_iterable.records.user_identity import KINDS

WRITTEN: Final = "written"
UNCHANGED: Final = "unchanged"
REJECTED: Final = "rejected"
REMOVED: Final = "removed"
_OF_NAMES: Final = (str, int)
_PLACED: Final = ("itemId", "key")
"""Kinds of names that begin with the catalog or the table: `Products/4711`."""


class IdentityNotes:
    """Notes of one stream.

    Args:
        stream: name of the stream.
        add: takes the notes.
        fields: column -> field, where the route renames columns.
        of_all: whether all rows are noted, or the rejected ones only.
    """

    def __init__(
        self,
        stream: str,
        add: Callable[[Iterable[IdentityFacts]], None],
        fields: Mapping[str, str | None],
        *,
        of_all: bool,
    ) -> None:
        self._stream = stream
        self._add = add
        self._user_columns = {*KINDS, *(column for column, field in fields.items() if field in KINDS)}
        self._of_all = of_all
        self._schema: Line | None = None
        self._columns: tuple[str, ...] = ()

    def add_rejected(self, reason: RejectReason, source: Source, row: Operation | None) -> None:
        """Note a rejected record; one without an operation is known by its key columns, and those of its user."""
        names = identities(row.names) if row is not None else self._names_in(source)
        self._add([IdentityFacts(names, self._stream, REJECTED, _now(), _sentence(reason))])

    def add_unchanged(self, rows: Collection[Operation]) -> None:
        """Note rows that were not sent."""
        if self._of_all and rows:
            self._add(self._facts(rows, UNCHANGED))

    def add_written(self, rows: Collection[Operation]) -> None:
        """Note rows that Iterable has taken."""
        if self._of_all and rows:
            self._add(self._facts(rows, WRITTEN))

    def add_removals(self, result: BatchResult) -> None:
        """Note members that have left the source of a mirrored stream."""
        if self._of_all:
            self._add(self._facts(result.results.written, REMOVED))

    def _facts(self, rows: Iterable[Operation], verdict: str) -> list[IdentityFacts]:
        now = _now()
        return [IdentityFacts(identities(row.names), self._stream, verdict, now) for row in rows]

    def _names_in(self, source: Source) -> list[str]:
        if source.schema is not self._schema:
            self._schema, self._columns = source.schema, (*self._user_columns.union(_key_columns(source.schema)),)
        record = _record(source.record)
        values = [_value(record[column]) for column in self._columns if column in record]
        return [str(value) for value in values if value and value.__class__ in _OF_NAMES]


def identities(names: Iterable[Name]) -> list[str]:
    """The addresses and ids in the names of a row."""
    return [*_identities(names)]


def _identities(names: Iterable[Name]) -> Iterator[str]:
    for kind, name in names:
        yield name
        if kind in _PLACED:
            yield name.partition("/")[2]


class _Message(msgspec.Struct):
    key_properties: list[str] | None = None
    record: dict[str, msgspec.Raw] = {}


_decode: Final = msgspec.json.Decoder(_Message).decode
_decode_value: Final = msgspec.json.Decoder().decode
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


def _key_columns(schema: Line) -> list[str]:
    try:
        return _decode(schema).key_properties or []
    except _UNREADABLE:
        return []


def _record(line: Line) -> Mapping[str, Any]:
    """The columns of a record, each as JSON; as values where the line has a number that JSON does not know."""
    try:
        return _decode(line).record
    except _UNREADABLE:
        pass
    try:
        found = json.loads(line)["record"]
    except (*_UNREADABLE, LookupError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _value(value: Any) -> Any:
    if value.__class__ is not msgspec.Raw:
        return value
    try:
        return _decode_value(value)
    except _UNREADABLE:  # half a surrogate pair, which is no name
        return None


@lru_cache(1_000)
def _sentence(reason: RejectReason) -> str:
    return without_addresses(f"{reason.code}: {reason.reason}")


def _now() -> int:
    return time.time_ns() // 1000
