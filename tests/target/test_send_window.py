"""Several full requests are on their way at a time, and what is about the same people keeps its order."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from threading import Barrier, Event, Lock
from typing import Any

import pytest

from target_iterable.core.operation import Name
from target_iterable.delivery.buffer import FULL_MEMORY, Buffer
from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.delivery.send_window import LoadFacts, SendWindow
from target_iterable.target import TargetIterable
from tests.scripted_server import Answer, Request, ScriptedServer, answer_json
from tests.target.loading import Message, stream
from tests.target.piping import piped

PATIENCE_S = 30
"""How long the server waits for what must happen; a test that goes well never does."""
RECORD_BYTES = 950_000
"""Four such records fill a request."""
PIECE = 8192
ACCEPTED = answer_json(200, {"successCount": 4, "failCount": 0})


class Traffic:
    """What the server sees of requests that write.

    Attributes:
        bodies: the values of `n` in each request, as they came.
        most: how many requests were on their way at a time.
    """

    def __init__(self, answer: Callable[[int], Answer]) -> None:
        self.bodies: list[list[int]] = []
        self.most = 0
        self._answer = answer
        self._under_way = 0
        self._lock = Lock()

    def __call__(self, request: Request) -> Answer:
        if request.method == "GET":
            return answer_json(200, {"fields": {}})
        with self._lock:
            number = len(self.bodies)
            self.bodies.append([user["dataFields"]["n"] for user in json.loads(request.body)["users"]])
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        try:
            return self._answer(number)
        finally:
            with self._lock:
                self._under_way -= 1


def users(who: Sequence[str]) -> list[Message]:
    """Large profiles, each with its number, and a STATE behind each."""
    schema, *records = stream(
        "users", [{"email": f"{name}@example.com", "n": n, "text": "x" * RECORD_BYTES} for n, name in enumerate(who)]
    )
    states = [{"type": "STATE", "value": {"position": n}} for n in range(1, len(who) + 1)]
    return [schema, *(message for pair in zip(records, states, strict=True) for message in pair)]


@pytest.fixture
def run(server: ScriptedServer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    monkeypatch.chdir(tmp_path)

    def run(traffic: Traffic, messages: list[Message], **settings: Any) -> list[int]:
        """The positions of the states that a run has emitted."""
        server.after = traffic
        config = {"api_key": "k", "api_url": server.url, "enforce_rate_limits": False, **settings}
        text = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
        pieces = (text[start : start + PIECE] for start in range(0, len(text), PIECE))
        output = io.StringIO()
        try:
            with redirect_stdout(output):
                TargetIterable(config=config).listen(io.TextIOWrapper(piped(pieces)))
        finally:
            positions = [json.loads(line)["position"] for line in output.getvalue().splitlines()]
            run_positions[:] = positions
        return positions

    return run


run_positions: list[int] = []
"""The positions of the last run, also if it failed."""


def test_full_requests_about_different_people_are_on_their_way_at_the_same_time(run: Callable[..., list[int]]) -> None:
    meeting = Barrier(3)

    def answer(number: int) -> Answer:
        if number in (1, 2, 3):
            meeting.wait(PATIENCE_S)
        return ACCEPTED

    traffic = Traffic(answer)
    positions = run(traffic, users([str(n) for n in range(24)]))
    assert sorted(n for body in traffic.bodies for n in body) == [*range(24)]
    assert {len(body) for body in traffic.bodies} == {4}
    assert positions == sorted(positions)
    assert positions[-1] == 24


def test_no_more_requests_are_on_their_way_than_the_setting_allows(run: Callable[..., list[int]]) -> None:
    traffic = Traffic(lambda _: ACCEPTED)
    run(traffic, users([str(n) for n in range(24)]), max_in_flight=1)
    assert traffic.most == 1


def test_requests_about_the_same_people_go_one_behind_the_other_in_the_order_of_the_records(
    run: Callable[..., list[int]],
) -> None:
    traffic = Traffic(lambda _: ACCEPTED)
    run(traffic, users([str(n % 4) for n in range(24)]))
    assert [n for body in traffic.bodies for n in body] == [*range(24)]
    assert traffic.most == 1


def test_state_waits_for_all_requests_before_it_whichever_is_answered_first(run: Callable[..., list[int]]) -> None:
    second = Event()

    def answer(number: int) -> Answer:
        if number == 1:
            assert second.wait(PATIENCE_S)
        elif number > 1:
            second.set()
        return ACCEPTED

    positions = run(Traffic(answer), users([str(n) for n in range(16)]))
    assert positions == sorted(positions)
    assert positions[-1] == 16


def test_a_failed_request_holds_state_although_later_ones_were_accepted(run: Callable[..., list[int]]) -> None:
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
        run(traffic, users([str(n) for n in range(24)]))
    failed = min(traffic.bodies[1])
    assert run_positions
    assert max(run_positions) == failed


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


def test_of_loads_that_fail_the_first_error_is_raised_when_all_have_ended_and_no_other_begins() -> None:
    loads = Loads()
    loads.start(facts("a"), ValueError("first"))
    loads.start(facts("b"), KeyError("second"))
    for event in reversed(loads.may_end):
        event.set()
    with pytest.raises(ValueError, match="first"):
        loads.window.wait()
    assert loads.window.has_failed
    loads.start(facts("c"))
    loads.window.wait()
    assert loads.done == []
    loads.window.close()


@pytest.mark.parametrize(("size", "fills"), [(40, False), (450, True), (3_000, True)])
def test_what_waits_for_more_is_bounded_by_a_full_request_or_by_memory(size: int, fills: bool) -> None:  # noqa: FBT001
    buffer = Buffer(size=1000 * size)
    buffer.rows = [None] * 1000  # type: ignore[list-item]
    most = buffer.rows_of_requests(1)
    assert most * (2 * size + 500) <= FULL_MEMORY
    assert (most * size > 0.96 * 4_000_000) is fills
