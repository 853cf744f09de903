"""Records whose destinations alternate: each destination takes few requests, and memory and order keep their bounds."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_iterable.core.operation import Endpoint, Envelope, Name, Operation
from target_iterable.delivery.buffer import Buffer, BufferLevel, Checkpoint
from target_iterable.delivery.hold_back import split
from target_iterable.requests.batching import AdaptiveBatchSize, pack
from target_iterable.requests.bulk_response import all_written
from tests.target.conftest import Project
from tests.target.loading import STATE, Message, stream

SUBSCRIBE, UNSUBSCRIBE = "POST /api/lists/subscribe", "POST /api/lists/unsubscribe"
ADD, REMOVE = (Endpoint(f"/api/lists/{verb}", "subscribers", all_written) for verb in ("subscribe", "unsubscribe"))
ROUTE = {"list_members": {"drop": ["id"]}}


def alternating(lists: Sequence[int], records: int) -> list[Message]:
    rows = [{"id": n, "email": f"{n}@example.com", "listId": lists[n % len(lists)]} for n in range(records)]
    return stream("list_members", rows, ["id"])


def make_lists(project: Project, count: int) -> list[int]:
    for number in range(count):
        project.holds.make_list(f"list {number}")
    return sorted(project.holds.lists().values())


def test_members_of_alternating_lists_take_one_request_for_each_list(project: Project) -> None:
    lists = make_lists(project, 40)
    loaded = project.load(alternating(lists, 2400), streams=ROUTE)["list_members"]
    assert (loaded["written"], loaded["requests"]) == (2400, 40)
    assert len(project.sandbox.requests(SUBSCRIBE)) == 40
    assert len(project.holds.members("list 7")) == 60


def test_items_of_alternating_catalogs_take_one_request_for_each_catalog(project: Project) -> None:
    rows = [{"itemId": str(n), "catalogName": f"Catalog{n % 20}", "size": n} for n in range(2400)]
    loaded = project.load(stream("catalog_items", rows, ["itemId"], size={"type": "integer"}))["catalog_items"]
    assert (loaded["written"], loaded["requests"]) == (2400, 20)
    assert len(project.holds.items("Catalog3")) == 120


@pytest.fixture
def levels(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of buffered rows, whenever some are added."""
    seen: list[int] = []
    add = BufferLevel.add

    def counting(level: BufferLevel, size: int, rows: int = 1, memory: int = 0) -> None:
        add(level, size, rows, memory)
        seen.append(level.rows)

    monkeypatch.setattr(BufferLevel, "add", counting)
    return seen


def test_no_more_records_wait_than_the_setting_allows(project: Project, levels: list[int]) -> None:
    lists = make_lists(project, 40)
    loaded = project.load(alternating(lists, 1200), streams=ROUTE, max_buffered_rows=100)["list_members"]
    assert loaded["written"] == 1200
    assert max(levels) == 100
    assert loaded["requests"] == len(project.sandbox.requests(SUBSCRIBE)) < 12 * 40


def test_a_busy_list_does_not_make_quiet_ones_cost_a_request_for_each_member(project: Project) -> None:
    *quiet, busy = make_lists(project, 21)
    lists = [list_ for number in range(60) for list_ in (*[busy] * 19, quiet[number % 20])]
    loaded = project.load(alternating(lists, 1200), streams=ROUTE, max_buffered_rows=100)["list_members"]
    sent = project.sandbox.requests(SUBSCRIBE)
    assert loaded["written"] == 1200
    assert len(sent) < 20 + 2 * 1200 // 100 + 20
    assert {len(project.holds.members(f"list {n}")) for n in range(20)} == {3}


def test_state_does_not_pass_records_that_are_held_back(project: Project) -> None:
    quiet, busy = make_lists(project, 2)
    schema, *records = alternating([quiet, *[busy] * 1000], 1000)
    states = [{"type": "STATE", "value": {"n": n}} for n in range(1000)]
    messages = [message for pair in zip(records, states, strict=True) for message in pair]
    project.load([schema, *messages], streams=ROUTE, max_buffered_rows=100)
    assert len(project.sandbox.requests(SUBSCRIBE)) > 5
    assert project.load.states == [STATE]


@pytest.mark.parametrize("max_buffered_rows", [15, 60, 1000])
def test_who_goes_in_and_out_of_many_lists_ends_as_the_last_record_says(
    project: Project, max_buffered_rows: int
) -> None:
    lists = make_lists(project, 6)
    places = [*lists, *lists[:1] * 7]
    rows = [
        {"id": n, "email": f"{n * n % 11}@example.com", "listId": places[n * 7 % 13], "isIn": n * 31 % 10 < 6}
        for n in range(300)
    ]
    last = {(row["email"], row["listId"]): row["isIn"] for row in rows}
    route = {"list_members": {"drop": ["id"], "member_column": "isIn"}}
    project.load(stream("list_members", rows, ["id"]), streams=route, max_buffered_rows=max_buffered_rows)
    for name, list_ in project.holds.lists().items():
        assert project.holds.members(name) == {who for (who, where), is_in in last.items() if where == list_ and is_in}


people = st.sets(st.sampled_from([("email", who) for who in "abcdefgh"]), min_size=1, max_size=2)
memberships = st.lists(
    st.tuples(people, st.sampled_from([ADD, REMOVE]), st.sampled_from([1, 1, 1, 1, 2, 3, 4])), max_size=60
)


def rows_of(given_rows: Sequence[tuple[set[Name], Endpoint, int]]) -> list[Operation]:
    lists = {number: Envelope.of({"listId": number}) for number in range(5)}
    return [Operation(endpoint, b"{}", tuple(names), lists[number]) for names, endpoint, number in given_rows]


@given(memberships)
def test_of_a_full_buffer_half_is_sent_and_nothing_passes_a_row_of_the_same_person(
    given_rows: list[tuple[set[Name], Endpoint, int]],
) -> None:
    rows = rows_of(given_rows)
    sent, waiting = split(rows)
    assert sorted([*sent, *waiting], key=rows.index) == rows
    assert 2 * len(sent) >= len(rows)
    for part in (sent, waiting):
        assert part == [row for row in rows if row in part]
    for late in waiting:
        assert not [row for row in sent if rows.index(row) > rows.index(late) and {*row.names} & {*late.names}]


def test_what_is_held_back_is_behind_the_state_that_the_buffer_was_behind() -> None:
    buffer = Buffer(behind=Checkpoint(3, "{}"))
    buffer.add(rows_of([({("email", who)}, ADD, number) for who, number in zip("abc", (1, 1, 2), strict=True)]))
    held_back = buffer.hold_back()
    assert held_back
    assert held_back.behind == buffer.behind == Checkpoint(3, "{}")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_nothing_is_held_back_from_a_buffer_with_a_row_that_depends_on_others(place: int) -> None:
    rows = rows_of([({("email", who)}, ADD, number) for who, number in zip("abc", (1, 1, 2), strict=True)])
    rows[place].only_for = frozenset(rows[place].names)
    buffer = Buffer()
    for row in rows:
        buffer.add([row])
    assert not buffer.hold_back()
    assert buffer.rows == rows


@given(memberships, st.integers(2, 20), st.integers(1, 6))
def test_whatever_is_held_back_rows_of_one_person_arrive_in_their_order(
    given_rows: list[tuple[set[Name], Endpoint, int]], capacity: int, max_rows: int
) -> None:
    rows = rows_of(given_rows)
    buffer, arrived = Buffer(), list[Operation]()
    for row in rows:
        buffer.add([row])
        if len(buffer) >= capacity:
            waiting = buffer.hold_back()
            arrived += [row for batch in pack(buffer.rows, AdaptiveBatchSize(max_rows)) for row in batch.rows]
            buffer = waiting
        assert len(buffer) < capacity
    arrived += [row for batch in pack(buffer.rows, AdaptiveBatchSize(max_rows)) for row in batch.rows]
    assert sorted(arrived, key=rows.index) == rows
    for name in {name for row in rows for name in row.names}:
        assert [row for row in arrived if name in row.names] == [row for row in rows if name in row.names]
