"""The path of blocks of records: from lines of the input, through stream maps, to the sinks of their stream."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeGuard

from singer_sdk.exceptions import InvalidInputLine

from target_iterable.columnar.block_reader import InputRecord
from target_iterable.columnar.line_block import BATCH, RECORD, SCHEMA, Kind, MessageBlock, RecordReader
from target_iterable.columnar.record_decoder import NO_RECORDS, TypedRecords
from target_iterable.core.operation import Operation
from target_iterable.core.source import Line, Source
from target_iterable.objects.base.base import OperationGroup, Outcome

StreamMap: TypeAlias = Callable[[dict[str, Any]], dict[str, Any] | None]

_MAX_MISFITS: Final = 1000
"""Records. When so many more were decoded by themselves than together, only a block now and then is tried together:
that costs more than it saves where few succeed."""
_ENDS: Final = frozenset({SCHEMA, BATCH})
"""Messages behind which records are prepared only when these are processed."""
_VERSIONS: Final = 2**62
"""No version is as large; databases end soon after it."""


def version_in(value: Any) -> int | None:
    """Return the version that a message gives, if it is a whole number."""
    return value if value.__class__ is int and -_VERSIONS < value < _VERSIONS else None


class PreparedRecord(NamedTuple):
    """A record that is read, and not handed over yet.

    Attributes:
        outcome: what becomes of it; None if that is to be found out when all before it are handed over, since the
            source has deleted its row.
        names: see `MirroredObject.names`; None if it does not say what it is about.
        mark: the column that says that the source has deleted the row.
        version: the version of its message.
        record: the record, if the outcome is None.
    """

    outcome: Outcome | None
    names: Sequence[str] | None = ()
    mark: str | None = None
    version: int | None = None
    record: Mapping[str, Any] | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the record only says that its row is deleted."""
        return self.outcome is None

    @property
    def operation(self) -> Operation | None:
        """The operation of a record that says what it is about, and of no deleted row; None if it is none of these."""
        is_plain = self.mark is None and self.names is not None
        return self.outcome if is_plain and isinstance(self.outcome, Operation) else None


Prepared: TypeAlias = PreparedRecord | Outcome
"""A record of which nothing is to be said but its outcome is that outcome."""


def are_operations(prepared: Sequence[Prepared]) -> TypeGuard[Sequence[Operation]]:
    """Whether all records are nothing but an operation."""
    return {*map(type, prepared)} == {Operation}


def parts_of(prepared: Prepared) -> Sequence[Prepared]:
    """Return what a record says, if it says several things."""
    match prepared:
        case OperationGroup(outcomes):
            return outcomes
        case PreparedRecord(outcome=OperationGroup(outcomes)):
            return [prepared._replace(outcome=outcome) for outcome in outcomes]
    return ()


class BlockSink(Protocol):
    """A sink that takes blocks; see `IterableSink`."""

    @property
    def records(self) -> RecordReader:
        """See `IterableSink`."""

    @property
    def rows_until_flush(self) -> int:
        """See `IterableSink`."""

    def prepare_typed(self, typed: TypedRecords) -> list[Prepared]:
        """See `IterableSink`."""

    def prepare(self, records: Sequence[InputRecord]) -> list[Prepared]:
        """See `IterableSink`."""

    def deliver_all(self, prepared: Sequence[Prepared], sources: Sequence[Source]) -> None:
        """See `IterableSink`."""


class _PreparedRows(NamedTuple):
    """Records for one sink, in the order of their lines, and the places of these."""

    sink: BlockSink
    rows: Sequence[Prepared]
    places: Sequence[int]


class ColumnarPath:
    """Takes the records of one stream, many at a time.

    Args:
        stream: the stream.
        destinations: the sinks that its records reach, and for each the stream map on the way, if one changes anything.
    """

    def __init__(self, stream: str, destinations: Sequence[tuple[StreamMap | None, BlockSink]]) -> None:
        self._stream = stream
        self._destinations = destinations
        self._block: MessageBlock | None = None
        self._start = 0
        self._misfits = 0
        self._is_made: list[bool] = []
        self._prepared: list[_PreparedRows] = []

    def look(self, block: MessageBlock, start: int) -> None:
        """Prepare the records of a block from `start` on, up to a SCHEMA or BATCH message.

        Raises:
            DeliveryFailedError: if Iterable does not tell what must be known for that.
        """
        self._block, self._start, self._prepared = block, start, []
        typed = self._read(block, start, len(block))
        others, end = self._others(block, start, typed.places)
        if end < len(block) - start and typed.places:
            typed = self._read(block, start, start + end)
        misfits = len(others) - len(typed.places) if self._misfits <= _MAX_MISFITS else -1
        self._misfits = max(0, self._misfits + misfits)
        count = len(block) - start
        self._is_made = [len(typed.places) == count] * count + [False]
        if not self._is_made[0]:
            for place in (*typed.places, *others):
                self._is_made[place] = True
        by_sink = {id(sink): sink for _, sink in self._destinations}
        for key, sink in by_sink.items():
            maps = [stream_map for stream_map, other in self._destinations if id(other) == key]
            self._prepared.append(_prepared(sink, typed, others, maps))

    def take(self, place: int, schema: Line) -> int:
        """Hand over the record at this place, counted from where it has looked, and those behind it; return how many.

        That ends with a message that was not prepared, and when it may be time to send what waits.
        """
        if self._block is None:
            return 0
        most = min(sink.rows_until_flush for _, sink in self._destinations)
        end = min(self._is_made.index(False, place), place + most)
        for sink, rows, places in self._prepared:
            some = slice(bisect_left(places, place), bisect_left(places, end))
            if chosen := rows[some]:
                at = [self._start + place for place in places[some]] if self._start else places[some]
                sink.deliver_all(chosen, self._block.sources(at, schema))
        return end - place

    def _read(self, block: MessageBlock, start: int, end: int) -> TypedRecords:
        """The records that can be read without looking at each: never those that go through stream maps."""
        match self._destinations:
            case [(None, sink)] if self._misfits <= _MAX_MISFITS:
                return block.typed(sink.records, start, end)
        return NO_RECORDS

    def _others(self, block: MessageBlock, start: int, typed: Sequence[int]) -> tuple[dict[int, InputRecord], int]:
        """The other records of the stream by their places, and the place of the message at which all end."""
        others: dict[int, InputRecord] = {}
        count = len(block) - start
        if len(typed) == count:
            return others, count
        known = {*typed}
        for place in range(count):
            if place not in known and (kind := block.kind(start + place)) is not None:
                if kind.type in _ENDS:
                    return others, place
                if kind == Kind(RECORD, self._stream):
                    try:
                        message, is_exact = block.message(start + place)
                    except InvalidInputLine:
                        continue
                    if (record := message.get("record")).__class__ is not dict:
                        return others, place
                    others[place] = InputRecord(record, record, version_in(message.get("version")), is_exact)
        return others, count


def _prepared(
    sink: BlockSink, typed: TypedRecords, others: Mapping[int, InputRecord], maps: Sequence[StreamMap | None]
) -> _PreparedRows:
    """Prepare the records of a block for one sink."""
    rows, places = sink.prepare_typed(typed) if typed.places else [], typed.places
    given = [(place, mapped) for place, record in others.items() for mapped in _mapped(record, maps)]
    if not given:
        return _PreparedRows(sink, rows, places)
    made = zip((place for place, _ in given), sink.prepare([record for _, record in given]), strict=True)
    pairs = sorted([*zip(places, rows, strict=True), *made], key=itemgetter(0))
    return _PreparedRows(sink, [row for _, row in pairs], [place for place, _ in pairs])


def _mapped(given: InputRecord, maps: Sequence[StreamMap | None]) -> Iterator[InputRecord]:
    """Yield the record as each stream map returns it; a map may leave it out."""
    for stream_map in maps:
        record = given.record if stream_map is None else stream_map(dict(given.record))
        if record is not None:
            yield given._replace(record=record)
