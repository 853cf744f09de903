"""Packing of any mixture of operations into batches."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.facts.limits import MAX_BODY_BYTES
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import OBJECT, Batch, Endpoint, Envelope, Name, Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.requests.batching import AdaptiveBatchSize, pack
from target_iterable.requests.bulk_response import all_written

LISTS = Endpoint("/api/lists/subscribe", "subscribers", all_written)
EVENTS = Endpoint("/api/events/trackBulk", "events", all_written, unique_names=False)
ITEMS = Endpoint("/api/catalogs/{catalogName}/items", "documents", all_written, brackets=OBJECT, max_rows=3)
ENVELOPES = {
    LISTS: [Envelope.of({"listId": 1}), Envelope.of({"listId": 2})],
    EVENTS: [Envelope()],
    ITEMS: [Envelope.of({"replaceUploadedFieldsOnly": True}, catalogName=name) for name in "ab"],
}


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    endpoint = draw(st.sampled_from(list(ENVELOPES)))
    envelope = draw(st.sampled_from(ENVELOPES[endpoint]))
    who = draw(st.sampled_from("pqrst"))
    # A large row fills a third of a request.
    row = {"email": who, "text": draw(st.sampled_from(["", "é", "x" * 1_300_000]))}
    part = dumps(row) if endpoint is not ITEMS else dumps(who) + b":" + dumps(row)
    return Operation(endpoint, part, (("email", who),), envelope)


@given(st.lists(operations(), max_size=40), st.integers(1, 8))
def test_every_operation_travels_once_within_all_limits(rows: list[Operation], max_rows: int) -> None:
    batches = pack(rows, AdaptiveBatchSize(max_rows))
    assert sorted(map(id, rows)) == sorted(id(row) for batch in batches for row in batch.rows)
    for batch in batches:
        body = batch.body()
        assert len(body) == batch.size < MAX_BODY_BYTES
        assert len(batch.rows) <= min(max_rows, batch.endpoint.max_rows or max_rows)
        assert {(row.endpoint, row.envelope) for row in batch.rows} == {(batch.endpoint, batch.envelope)}
        assert len(json.loads(body)[batch.endpoint.collection]) == len(batch.rows)


@given(st.lists(operations(), max_size=40), st.integers(1, 8))
def test_a_name_keeps_its_order_and_stands_once_where_it_must(rows: list[Operation], max_rows: int) -> None:
    batches = pack(rows, AdaptiveBatchSize(max_rows))
    assert _by_name(rows) == _by_name([row for batch in batches for row in batch.rows])
    for batch in batches:
        names = [name for row in batch.rows for name in row.names]
        assert not batch.endpoint.unique_names or len(names) == len(set(names))


@given(st.integers(0, 50), st.integers(1, 8))
def test_rows_of_different_users_fill_every_request(count: int, max_rows: int) -> None:
    rows = [Operation(LISTS, b"{}", (("email", str(number)),)) for number in range(count)]
    assert [len(batch.rows) for batch in pack(rows, AdaptiveBatchSize(max_rows))] == [
        min(max_rows, count - start) for start in range(0, count, max_rows)
    ]


def test_a_row_of_another_user_fills_an_open_batch() -> None:
    rows = [Operation(LISTS, b"{}", (("email", name),)) for name in "aaab"]
    assert [len(batch.rows) for batch in pack(rows, AdaptiveBatchSize(1000))] == [2, 1, 1]


def test_a_row_that_fills_a_request_to_the_last_byte_is_sent_and_a_larger_one_is_refused() -> None:
    room = MAX_BODY_BYTES - 1 - Batch(LISTS, ENVELOPES[LISTS][0]).size

    def row(size: int) -> Operation:
        return Operation(LISTS, b'"' + b"x" * (size - 2) + b'"', (("email", "a"),), ENVELOPES[LISTS][0])

    row(room).check_size()
    assert pack([row(room)], AdaptiveBatchSize(1000))[0].size == MAX_BODY_BYTES - 1
    with pytest.raises(RecordRejectedError, match="tooLarge"):
        row(room + 1).check_size()


def _by_name(rows: list[Operation]) -> dict[Name, list[int]]:
    places: defaultdict[Name, list[int]] = defaultdict(list)
    for row in rows:
        for name in row.names:
            places[name].append(id(row))
    return places


def full(room: AdaptiveBatchSize, size: int = 10) -> Batch:
    """A batch with as many rows as there is room for."""
    rows = [Operation(EVENTS, b"x" * size, ()) for _ in range(room.rows)]
    return pack(rows, room)[0]


def test_rows_double_while_answers_are_quick_up_to_the_cap() -> None:
    room = AdaptiveBatchSize.initial(5000)
    seen = []
    for _ in range(5):
        seen.append((room.rows, room.is_final))
        room.on_success(full(room), 0.3)
    assert seen == [(1000, False), (2000, False), (4000, False), (5000, True), (5000, True)]


def test_without_a_cap_rows_double_until_bytes_are_the_bound() -> None:
    room = AdaptiveBatchSize.initial(None)
    while not room.is_final:
        room.on_success(full(room, 500), 0.3)
    assert room.rows == 8000
    assert len(full(room, 500).rows) * 501 < MAX_BODY_BYTES < 16_000 * 501


def test_a_small_cap_is_where_it_begins_and_ends() -> None:
    room = AdaptiveBatchSize.initial(10)
    room.on_success(full(room), 0.3)
    assert (room.rows, room.is_final) == (10, True)


def test_what_the_endpoint_allows_ends_the_growth() -> None:
    endpoint = replace(ITEMS, max_rows=1500)
    room = AdaptiveBatchSize.initial(None)
    rows = [Operation(endpoint, b"x", ()) for _ in range(1000)]
    room.on_success(pack(rows, room)[0], 0.3)
    assert (room.rows, room.is_final) == (1500, True)


def test_answers_that_take_their_time_end_the_growth() -> None:
    room = AdaptiveBatchSize.initial(None)
    room.on_success(full(room), 20)
    room.on_success(full(room), 0.3)
    assert (room.rows, room.is_final) == (1000, True)


@pytest.mark.parametrize("cause", ["too large", "very slow"])
def test_rows_halve_and_stay_so(cause: str) -> None:
    room = AdaptiveBatchSize.initial(None)
    room.on_success(full(room), 0.3)
    if cause == "too large":
        room.on_too_large(full(room), by_bytes=False)
    else:
        room.on_success(full(room), 400)
    for _ in range(3):
        room.on_success(full(room), 0.3)
    assert room.rows == 1000


def test_bytes_halve_where_they_were_too_many() -> None:
    room = AdaptiveBatchSize.initial(None)
    large = full(room, 3000)
    room.on_too_large(large, by_bytes=True)
    assert (room.rows, room.bytes, room.is_final) == (1000, large.size // 2 + 1, True)
