"""Several full requests are on their way at a time, and what is about the same people keeps its order."""

from __future__ import annotations

import time
from threading import Barrier, Event

import pytest

from target_iterable.core.operation import Name
from target_iterable.delivery.buffer import FULL_MEMORY, Buffer
from target_iterable.delivery.errors import DeliveryFailedError, PostponedError
from target_iterable.delivery.send_window import LoadFacts, SendWindow
from tests.scripted_server import Answer
from tests.target.watched_run import ACCEPTED, PATIENCE_S, Traffic, WatchedRun, users


def test_full_requests_about_different_people_are_on_their_way_at_the_same_time(watched_run: WatchedRun) -> None:
    meeting = Barrier(3)

    def answer(number: int) -> Answer:
        if number in (1, 2, 3):
            meeting.wait(PATIENCE_S)
        return ACCEPTED

    traffic = Traffic(answer)
    positions = watched_run(traffic, users([str(n) for n in range(24)]))
    assert sorted(n for body in traffic.bodies for n in body) == [*range(24)]
    assert {len(body) for body in traffic.bodies} == {4}
    assert positions == sorted(positions)
    assert positions[-1] == 24


def test_no_more_requests_are_on_their_way_than_the_setting_allows(watched_run: WatchedRun) -> None:
    traffic = Traffic(lambda _: ACCEPTED)
    watched_run(traffic, users([str(n) for n in range(24)]), max_in_flight=1)
    assert traffic.most == 1


def test_requests_about_the_same_people_go_one_behind_the_other_in_the_order_of_the_records(
    watched_run: WatchedRun,
) -> None:
    traffic = Traffic(lambda _: ACCEPTED)
    watched_run(traffic, users([str(n % 4) for n in range(24)]))
    assert [n for body in traffic.bodies for n in body] == [*range(24)]
    assert traffic.most == 1


def test_state_waits_for_all_requests_before_it_whichever_is_answered_first(watched_run: WatchedRun) -> None:
    second = Event()

    def answer(number: int) -> Answer:
        if number == 1:
            assert second.wait(PATIENCE_S)
        elif number > 1:
            second.set()
        return ACCEPTED

    positions = watched_run(Traffic(answer), users([str(n) for n in range(16)]))
    assert positions == sorted(positions)
    assert positions[-1] == 16


def test_a_failed_request_holds_state_although_later_ones_were_accepted(watched_run: WatchedRun) -> None:
    third = Event()

    def answer(number: int) -> Answer:
        if number == 1:
            assert third.wait(PATIENCE_S)
            return Answer(401)
        if number > 1:
            third.set()
        return ACCEPTED

    traffic = Traffic(answer)
    with pytest.raises(DeliveryFailedError, match="401"):
        watched_run(traffic, users([str(n) for n in range(24)]))
    failed = min(traffic.bodies[1])
    assert watched_run.positions
    assert max(watched_run.positions) == failed


def facts(who: str, memory: int = 0, stream: str | None = "users", requests: int = 1) -> LoadFacts:
    names: set[Name] = {("email", name) for name in who}
    return LoadFacts(stream, names, memory, requests, 10)


class Loads:
    """Loads that end when they are told."""

    def __init__(self) -> None:
        self.window = SendWindow()
        self.may_end: list[Event] = []
        self.done: list[int] = []

    def start(self, one: LoadFacts, error: Exception | None = None) -> None:
        number, may_end = len(self.may_end), Event()
        self.may_end.append(may_end)

        def send() -> None:
            assert may_end.wait(PATIENCE_S)
            if error is not None:
                raise error

        self.window.admit(one)
        self.window.start(one, send, lambda: self.done.append(number))

    def await_failure(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self.window.has_failed:
            assert time.monotonic() < end
            time.sleep(0.001)


def test_loads_finish_in_their_order_though_they_end_in_another() -> None:
    loads = Loads()
    for who in "abc":
        loads.start(facts(who))
    for event in reversed(loads.may_end):
        event.set()
    loads.window.wait()
    assert loads.done == [0, 1, 2]
    loads.window.close()


@pytest.mark.parametrize(
    "second",
    [facts("xa"), facts("b", stream="events"), facts("b", stream=None), facts("b", 30_000_000), facts("b", requests=9)],
)
def test_a_load_waits_for_those_before_it_if_it_must_not_be_sent_beside_them(second: LoadFacts) -> None:
    loads = Loads()
    loads.start(facts("a", 20_000_000, requests=2))
    loads.may_end[0].set()
    loads.start(second)
    assert loads.done == [0]
    loads.may_end[1].set()
    loads.window.close()


@pytest.mark.parametrize(
    ("errors", "raised"),
    [
        ([ValueError("first"), KeyError("second")], ValueError),
        ([PostponedError("enough for today"), ValueError("a failure")], ValueError),
    ],
)
def test_of_loads_that_fail_the_first_error_that_fails_the_run_is_raised_when_all_have_ended(
    errors: list[Exception], raised: type[Exception]
) -> None:
    loads = Loads()
    loads.start(facts("a"), errors[1])
    loads.start(facts("b"), errors[0])
    loads.start(facts("c"))
    loads.may_end[1].set()
    loads.await_failure()
    for event in loads.may_end:
        event.set()
    with pytest.raises(raised):
        loads.window.admit(facts("d"))
    assert loads.done == []
    loads.window.close()


@pytest.mark.parametrize(("size", "fills"), [(40, False), (450, True), (3_000, True)])
def test_what_waits_for_more_is_bounded_by_a_full_request_or_by_memory(size: int, fills: bool) -> None:  # noqa: FBT001
    buffer = Buffer(size=1000 * size)
    buffer.rows = [None] * 1000  # type: ignore[list-item]
    most = buffer.rows_of_requests(1)
    assert most * (2 * size + 500) <= FULL_MEMORY
    assert (most * size > 0.96 * 4_000_000) is fills


def test_what_waits_is_less_where_the_ledger_remembers_it() -> None:
    buffer, remembered = Buffer(size=100_000), Buffer(size=100_000, row_memory=1160)
    buffer.rows = remembered.rows = [None] * 1000  # type: ignore[list-item]
    assert remembered.rows_of_requests(1) * 1360 <= FULL_MEMORY < buffer.rows_of_requests(1) * 1360
