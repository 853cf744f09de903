"""Records of a stream are tried together as long as that is worth while."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from target_iterable.columnar.block_reader import InputRecord
from target_iterable.columnar.columns import Column
from target_iterable.columnar.line_block import DecodedMessage, LineBlock
from target_iterable.columnar.record_decoder import NO_RECORDS, RecordType, TypedRecords
from target_iterable.columnar_path import ColumnarPath, Prepared
from target_iterable.core.rejection import RejectReason
from target_iterable.core.source import Line, Source

REASON = RejectReason("code", "reason")


class Records:
    """Counts how many lines were tried together."""

    def __init__(self) -> None:
        self.tried = 0
        self._type = RecordType("s", {"properties": {"a": {"type": "string"}}}, ())

    def read_lines(self, lines: Sequence[Line]) -> TypedRecords:
        self.tried += len(lines)
        return self._type.read(lines)

    def read_columns(self, columns: Mapping[str, Column], versions: Column) -> TypedRecords:
        del columns, versions
        return NO_RECORDS


class Sink:
    rows_until_flush = 10**6

    def __init__(self) -> None:
        self.records = Records()
        self.delivered = 0

    def prepare_typed(self, typed: TypedRecords) -> list[Prepared]:
        return [REASON] * len(typed.places)

    def prepare(self, records: Sequence[InputRecord]) -> list[Prepared]:
        return [REASON] * len(records)

    def deliver_all(self, prepared: Sequence[Prepared], sources: Sequence[Source]) -> None:
        assert len(prepared) == len(sources)
        self.delivered += len(prepared)


def tried(*records: Sequence[Mapping[str, object]]) -> int:
    """How many lines of blocks with these records are tried together; all of them are delivered."""
    sink = Sink()
    path = ColumnarPath("s", [(None, sink)])
    for some in records:
        lines = [json.dumps({"type": "RECORD", "stream": "s", "record": record}).encode() for record in some]
        block = LineBlock(lines, lambda line: DecodedMessage(json.loads(line), is_exact=True))
        path.look(block, 0)
        assert path.take(0, b"{}") == len(lines)
    assert sink.delivered == sum(map(len, records))
    return sink.records.tried


USUAL, UNUSUAL = [{"a": "x"}] * 100, [{"other": "x"}] * 100


def test_records_that_do_not_fit_the_type_are_not_tried_for_ever() -> None:
    assert tried(*[UNUSUAL] * 100) < 2000


def test_records_are_tried_together_as_long_as_half_of_them_fit() -> None:
    assert tried(*[UNUSUAL, USUAL] * 50) == 10_000


def test_usual_records_of_before_do_not_count_for_unusual_ones() -> None:
    assert tried(*[USUAL] * 50, *[UNUSUAL] * 50) < 7000


def test_records_are_tried_again_when_usual_ones_come_behind_many_unusual_ones() -> None:
    assert tried(*[UNUSUAL] * 50, *[USUAL] * 500) > 35_000
