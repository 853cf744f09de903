"""How much memory the records that wait may take, and that requests are full all the same."""

from __future__ import annotations

import pytest

from iterable_api.facts.limits import MAX_BODY_BYTES
from target_iterable.core.operation import Endpoint, Envelope, Operation
from target_iterable.core.source import InputMessage
from target_iterable.delivery.buffer import Buffer, BufferLevel, bytes_of
from target_iterable.requests.bulk_response import all_written

SUBSCRIBE = Endpoint("/api/lists/subscribe", "subscribers", all_written)
BLOCK = 100
"""Rows that come together."""


def row(size: int, envelope: Envelope) -> Operation:
    source = InputMessage(record=b"r" * (size + 100), schema=b"")
    return Operation(SUBSCRIBE, b"p" * size, (), envelope, source=source)


def filled(size: int, lists: int = 1) -> tuple[BufferLevel, Buffer]:
    """A level and a buffer that take rows of this size until no more may wait."""
    level, buffer = BufferLevel(max_rows=200_000), Buffer()
    envelopes = [Envelope.of({"listId": number}) for number in range(lists)]
    while not level.is_full:
        rows = [row(size, envelopes[number % len(envelopes)]) for number in range(BLOCK)]
        buffer.add(rows)
        level.add(bytes_of(rows), len(rows), buffer.memory_of(rows))
    return level, buffer


@pytest.mark.parametrize("size", [30, 150, 500, 3_000])
def test_what_waits_takes_no_more_memory_than_its_bound_or_one_full_request(size: int) -> None:
    level, buffer = filled(size)
    held = sum(len(row.part) + len(row.source.record) for row in buffer.rows if row.source)
    assert held < level.memory < 16_000_000
    assert held + 500 * len(buffer.rows) <= level.memory


@pytest.mark.parametrize("size", [500, 1_000, 3_000])
def test_where_a_request_fits_into_the_memory_it_is_full(size: int) -> None:
    level, _ = filled(size)
    requests = -(-level.bytes // MAX_BODY_BYTES)
    assert level.bytes > 0.95 * MAX_BODY_BYTES * requests


def test_members_of_many_lists_wait_until_the_setting_bounds_them() -> None:
    level, _ = filled(40, lists=BLOCK)
    assert level.rows == level.max_rows


def test_an_empty_level_is_not_full_and_one_that_was_cleared_neither() -> None:
    level, _ = filled(500)
    level.clear()
    assert not level.is_full
    assert level.memory == 0
