"""Whatever ends one of several loads that are on their way, state passes no record without a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest

from iterable_api.errors import ApiError
from target_iterable.core.operation import Batch, BatchResult, Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.delivery.errors import DeliveryFailedError, TooManyRejectsError
from target_iterable.reporting.stream_counts import StreamCounts
from target_iterable.requests.failure_isolation import FailureIsolator
from tests.scripted_server import Answer, answer_json
from tests.target.loading import Message, stream
from tests.target.watched_run import ACCEPTED, PATIENCE_S, Traffic, WatchedRun, users

ROWS = 30
"""Records of 40,000 bytes in a request of the test with three requests in a load."""


def refusal(numbers: list[int]) -> Answer:
    addresses = [f"{n}@example.com" for n in numbers]
    failed = {"invalidEmails": addresses}
    return answer_json(200, {"successCount": 0, "failCount": len(numbers), "failedUpdates": failed})


def numbered(count: int, *, size: int = 950_000, first: int = 0) -> list[Message]:
    return users([str(first + n) for n in range(count)], size, first)


@pytest.mark.parametrize("threshold", ["25%", "20"])
def test_a_load_that_too_many_rejects_have_stopped_stays_unfinished_when_the_next_one_makes_them_few(
    watched_run: WatchedRun, threshold: str
) -> None:
    def answer(number: int) -> Answer:
        if number == 0:
            return refusal(traffic.bodies[0])
        assert has_begun.wait(PATIENCE_S)
        return answer_json(200, {"successCount": ROWS, "failCount": 0})

    def counts() -> StreamCounts:
        (delivery,) = watched_run.target.deliveries
        return delivery.counts

    def watch() -> None:
        watched_run.await_(lambda: counts().read == 6 * ROWS, or_failure=False)
        has_begun.set()

    def messages() -> Iterator[Message]:
        yield from numbered(3 * ROWS, size=40_000)
        watched_run.await_(lambda: bool(counts().rejected))
        Thread(target=watch).start()
        yield from numbered(3 * ROWS, size=40_000, first=3 * ROWS)[1:]

    has_begun = Event()
    traffic = Traffic(answer)
    with pytest.raises(TooManyRejectsError):
        watched_run(traffic, messages(), max_batch_rows=ROWS, max_in_flight=2, max_rejects=threshold)
    assert watched_run.positions == []


class TwoLoads:
    """Two loads of four records, both on their way. One is answered when the other has failed, or moved state."""

    def __init__(self, run: WatchedRun, answered_first: int, answer: Answer = ACCEPTED) -> None:
        self.run = run
        self.traffic = Traffic(self._answer)
        self._answered_first = answered_first
        self._first_answer = answer
        self._meeting = Barrier(2)

    def _answer(self, number: int) -> Answer:
        self._meeting.wait(PATIENCE_S)
        if min(self.traffic.bodies[number]) == self._answered_first:
            return self._first_answer
        self.run.await_(lambda: bool(self.run.positions))
        return ACCEPTED


def after_delivery(monkeypatch: pytest.MonkeyPatch, act: Callable[[BatchResult], None]) -> None:
    """Let something happen to each result."""
    deliver = FailureIsolator.deliver

    def changed(self: FailureIsolator, batch: Batch, refused: Mapping[Operation, RejectReason]) -> BatchResult:
        result = deliver(self, batch, refused)
        act(result)
        return result

    monkeypatch.setattr(FailureIsolator, "deliver", changed)


def test_a_load_in_which_a_record_has_no_verdict_fails_also_while_another_one_is_on_its_way(
    watched_run: WatchedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(result: BatchResult) -> None:
        if b'"n":0' in result.batch.body():
            result.results.written.pop()

    after_delivery(monkeypatch, lose)
    loads = TwoLoads(watched_run, answered_first=0)
    with pytest.raises(DeliveryFailedError, match=r"do not add up: 4 were to be delivered, and there are 3 verdicts"):
        watched_run(loads.traffic, numbered(8), max_batch_rows=4)
    assert watched_run.positions == []


def test_what_has_failed_is_told_and_not_that_the_records_of_another_load_do_not_add_up(
    watched_run: WatchedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(result: BatchResult) -> None:
        if b'"n":4' in result.batch.body():
            raise OSError("the disk is full")

    after_delivery(monkeypatch, failing)
    loads = TwoLoads(watched_run, answered_first=4)
    with pytest.raises(OSError, match="the disk is full"):
        watched_run(loads.traffic, numbered(8), max_batch_rows=4)
    assert watched_run.positions == [4]


def test_the_error_of_a_load_has_its_cause(watched_run: WatchedRun) -> None:
    loads = TwoLoads(watched_run, answered_first=4, answer=Answer(401))
    with pytest.raises(DeliveryFailedError, match="401") as caught:
        watched_run(loads.traffic, numbered(8), max_batch_rows=4)
    assert isinstance(caught.value.__cause__, ApiError)
    assert watched_run.positions == [4]


def test_records_of_loads_that_were_not_begun_are_read_and_unsent(watched_run: WatchedRun, tmp_path: Path) -> None:
    loads = TwoLoads(watched_run, answered_first=0, answer=Answer(401))
    summary = tmp_path / "summary.json"
    with pytest.raises(DeliveryFailedError, match="401"):
        watched_run(loads.traffic, numbered(8), max_batch_rows=4, summary_path=str(summary))
    counts = json.loads(summary.read_text())["streams"]["users"]
    assert (counts["read"], counts["written"], counts["unsent"]) == (8, 4, 4)


def test_a_record_that_needs_a_request_of_its_own_counts_as_one(watched_run: WatchedRun) -> None:
    requests = []

    def messages() -> Iterator[Message]:
        records = [{"email": f"{n}@example.com", "items": [], "n": n} for n in range(7)]
        yield from stream("carts", records)
        (delivery,) = watched_run.target.deliveries
        requests.append(delivery.facts_of_load().requests)

    watched_run(Traffic(lambda _: answer_json(200, {"code": "Success", "msg": ""})), messages())
    assert requests == [7]


def test_a_request_is_counted_once_in_the_metrics(watched_run: WatchedRun, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        watched_run(Traffic(lambda _: ACCEPTED), numbered(8), max_batch_rows=4)
    points = [json.loads(text.partition("METRIC: ")[2]) for text in caplog.messages if "http_request_count" in text]
    assert [point["value"] for point in points] == [2]
