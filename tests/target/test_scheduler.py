"""Several batches at a time, while each identity keeps its order."""

from __future__ import annotations

from threading import Barrier, Lock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.errors import IterableError
from target_iterable.core.operation import Batch, BatchResult, Endpoint, Name, Operation
from target_iterable.requests.batching import AdaptiveBatchSize, pack, shared_names
from target_iterable.requests.bulk_response import all_written
from target_iterable.requests.grouping import grouped
from target_iterable.requests.scheduler import DependencyScheduler

USERS = Endpoint("/api/users/bulkUpdate", "users", all_written)
EVENTS = Endpoint("/api/events/trackBulk", "events", all_written, unique_names=False)


def operation(endpoint: Endpoint, *names: Name) -> Operation:
    return Operation(endpoint, b"{}", tuple(names))


class Watch:
    """Settles batches, and sees what is on its way at the same time, and in which order rows arrive."""

    def __init__(self) -> None:
        self.arrived: list[Operation] = []
        self.together = 0
        self.most = 0
        self._busy: set[Name] = set()
        self._lock = Lock()

    def deliver(self, batch: Batch) -> BatchResult:
        names = {name for row in batch.rows for name in row.names}
        with self._lock:
            assert not names & self._busy
            self._busy |= names
            self.together += 1
            self.most = max(self.most, self.together)
        with self._lock:
            self.arrived += batch.rows
            self._busy -= names
            self.together -= 1
        return BatchResult(batch)


identities = st.sets(
    st.sampled_from([(kind, who) for kind in ("email", "userId") for who in "abcdefgh"]), min_size=1, max_size=2
)


@given(st.lists(identities, max_size=40), st.sampled_from([USERS, EVENTS]), st.integers(1, 6), st.integers(1, 5))
def test_rows_of_one_identity_never_travel_together_nor_swap(
    people: list[set[Name]],
    endpoint: Endpoint,
    max_rows: int,
    width: int,
) -> None:
    rows = [operation(endpoint, *names, ("eventName", "seen")) for names in people]
    watch = Watch()
    results = list(
        DependencyScheduler(pack(grouped(rows, shared_names(rows)), AdaptiveBatchSize(max_rows)), watch.deliver, width)
    )
    assert sorted(map(id, watch.arrived)) == sorted(map(id, rows))
    assert sum(len(result.batch.rows) for result in results) == len(rows)
    assert watch.most <= width
    for name in {name for names in people for name in names}:
        assert [row for row in watch.arrived if name in row.names] == [row for row in rows if name in row.names]


def test_requests_about_different_people_are_on_their_way_at_once() -> None:
    batches = pack([operation(USERS, ("email", who)) for who in "abc"], AdaptiveBatchSize(1))
    meeting = Barrier(3, timeout=30)

    def deliver(batch: Batch) -> BatchResult:
        meeting.wait()
        return BatchResult(batch)

    assert len(list(DependencyScheduler(batches, deliver, 3))) == 3


@given(st.lists(identities, max_size=40))
def test_one_at_a_time_go_in_the_order_of_the_batches(people: list[set[Name]]) -> None:
    batches = pack([operation(USERS, *names) for names in people], AdaptiveBatchSize(1))
    assert [result.batch for result in DependencyScheduler(batches, BatchResult, 1)] == batches


def test_thousands_of_requests_with_one_row_go_in_order_whether_they_wait_for_each_other_or_not() -> None:
    batches = pack([operation(USERS, ("email", str(min(n, 2500)))) for n in range(5000)], AdaptiveBatchSize(1))
    assert [result.batch for result in DependencyScheduler(batches, BatchResult, 1)] == batches


def test_events_are_packed_so_that_requests_need_not_wait_for_each_other() -> None:
    rows = [operation(EVENTS, ("email", f"{n % 10}")) for n in range(100)]
    batches = pack(grouped(rows, shared_names(rows)), AdaptiveBatchSize(10))
    people = [{name for row in batch.rows for name in row.names} for batch in batches]
    assert [len(names) for names in people] == [1] * 10


def test_after_stop_no_batch_is_started_and_started_ones_are_finished() -> None:
    batches = pack([operation(USERS, ("email", str(n))) for n in range(50)], AdaptiveBatchSize(1))
    begun: list[Batch] = []

    def deliver(batch: Batch) -> BatchResult:
        begun.append(batch)
        return BatchResult(batch, error=IterableError("down"))

    scheduler = DependencyScheduler(batches, deliver, 2)
    results = []
    for result in scheduler:
        results.append(result)
        scheduler.stop()
    assert 1 <= len(results) == len(begun) <= 2


def test_an_error_in_a_thread_is_raised() -> None:
    def deliver(_: Batch) -> BatchResult:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(DependencyScheduler(pack([operation(USERS, ("email", "a"))], AdaptiveBatchSize(1)), deliver, 2))
