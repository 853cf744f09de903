"""The recorder tells observers how a run stands, and nothing that happens to them ends the run."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from click.exceptions import Exit

from iterable_api.errors import RunEndedError
from iterable_runs.recording.command import RunRecording
from iterable_runs.recording.notes import RunNotes
from iterable_runs.recording.recorder import RunRecorder, now_in_microseconds
from iterable_runs.recording.surroundings import pipeline_name
from iterable_runs.store.facts import IdentityFacts, RequestFacts, RunEnd, RunStart, StreamFacts
from iterable_runs.store.statuses import FAILED, INTERRUPTED, SUCCEEDED
from iterable_runs.store.totals import Totals
from iterable_runs.store.writer import News

PATIENCE = 60
DAY = 86_400_000_000
DONE = RunEnd(SUCCEEDED, 0, "", 1)


@dataclass
class Watcher:
    """Keeps what it is told."""

    calls: list[str] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    is_told_twice: threading.Event = field(default_factory=threading.Event)

    def on_start(self, run: RunStart) -> None:
        self._note(f"start {run.id}")
        self.blocked = {*signal.pthread_sigmask(signal.SIG_BLOCK, [])}

    def on_snapshot(self, news: News) -> None:
        self._note("snapshot")
        self.news.append(news)
        if len(self.news) == 2:
            self.is_told_twice.set()

    def on_end(self, news: News) -> None:
        self._note("end")
        self.news.append(news)

    def _note(self, call: str) -> None:
        self.calls.append(call)
        self.threads.add(threading.current_thread().name)


class Broken(Watcher):
    def on_snapshot(self, news: News) -> None:
        raise RuntimeError(str(news))


def started(days_ago: int = 0) -> RunStart:
    return RunStart("run1", "target-iterable", "0.1.0", "", "etl-1", "/srv", now_in_microseconds() - days_ago * DAY)


def streams() -> list[StreamFacts]:
    return [StreamFacts("users", Totals(read=3))]


def recorded(*watchers: Watcher, run: RunStart | None = None) -> RunRecorder:
    """A recorder after two snapshots and its end."""
    recorder = RunRecorder(run or started(), streams, watchers, interval=0.001)
    recorder.start()
    assert watchers[-1].is_told_twice.wait(PATIENCE)
    recorder.end(DONE, PATIENCE)
    return recorder


def test_an_observer_is_told_of_start_snapshots_and_end_by_one_thread_that_gets_no_signals() -> None:
    watcher = Watcher()
    recorded(watcher)
    assert (watcher.calls[0], *{*watcher.calls[1:-1]}, watcher.calls[-1]) == ("start run1", "snapshot", "end")
    assert [news.end for news in watcher.news] == [None] * (len(watcher.news) - 1) + [DONE]
    assert watcher.news[-1].streams == streams()
    assert watcher.threads == {"run-recorder"}
    assert {signal.SIGINT, signal.SIGTERM} <= watcher.blocked


def test_an_observer_that_fails_is_named_once_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    broken, watcher = Broken(), Watcher()
    recorded(broken, watcher)
    assert (broken.calls, watcher.calls[-1]) == (["start run1"], "end")
    (warning,) = (one.getMessage() for one in caplog.records if one.levelno == logging.WARNING)
    assert warning.startswith("Broken of the run has failed (RuntimeError)")


def test_a_snapshot_that_fails_leaves_the_last_one(caplog: pytest.LogCaptureFixture) -> None:
    answers: Iterator[list[StreamFacts]] = iter([streams()])
    watcher = Watcher()
    recorder = RunRecorder(started(), lambda: next(answers), [watcher], interval=0.001)
    recorder.start()
    assert watcher.is_told_twice.wait(PATIENCE)
    recorder.end(DONE, PATIENCE)
    assert watcher.news[-1].streams == streams()
    assert len([one for one in caplog.records if one.levelno == logging.WARNING]) == 1


def test_the_end_of_a_run_does_not_wait_for_an_observer_that_stands_still(caplog: pytest.LogCaptureFixture) -> None:
    goes_on, has_begun = threading.Event(), threading.Event()

    class Still(Watcher):
        def on_start(self, run: RunStart) -> None:
            super().on_start(run)
            has_begun.set()
            goes_on.wait(PATIENCE)

    watcher = Still()
    recorder = RunRecorder(started(), streams, [watcher])
    recorder.start()
    assert has_begun.wait(PATIENCE)
    recorder.end(DONE, 0.01)
    assert "not waited for any longer" in caplog.text
    goes_on.set()
    recorder.end(DONE, PATIENCE)
    assert watcher.calls == ["start run1", "end"]


def test_a_long_run_keeps_fewer_samples_and_always_the_last() -> None:
    watcher = Watcher()
    recorded(watcher, run=started(days_ago=1))
    samples = [news.is_sample for news in watcher.news]
    assert (samples[0], samples[1], samples[-1]) == (True, False, True)


def request(status: int | None = 200) -> RequestFacts:
    return RequestFacts(1, "POST", "/api/users/bulkUpdate", status, 12)


def test_of_very_many_requests_later_ones_are_noted_only_if_they_failed() -> None:
    notes = RunNotes(max_requests=3)
    for status in (200, 200, 200, 200, 429, 200, None):
        notes.add_request(request(status))
    assert [(number, one.status) for number, one in notes.take().requests] == [(1, 200), (2, 200), (3, 200), (5, 429)]
    assert (notes.left_out, notes.take().requests) == (3, [])


def test_notes_that_nobody_takes_are_bounded_and_what_is_left_out_is_counted() -> None:
    notes, one = RunNotes(max_waiting=2), IdentityFacts(["ann"], "users", "rejected", 1)
    notes.add_identities([one, one, one])
    for _ in range(3):
        notes.add_request(request())
    taken = notes.take()
    assert (len(taken.requests), len(taken.identities), notes.left_out) == (2, 2, 2)


class _KnownError(Exception):
    pass


def _end_with(error: BaseException | None) -> None:
    if error is not None:
        raise error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, (SUCCEEDED, 0, "")),
        (SystemExit(0), (SUCCEEDED, 0, "")),
        (SystemExit(None), (SUCCEEDED, 0, "")),
        (SystemExit(3), (FAILED, 3, "")),
        (Exit(2), (FAILED, 2, "")),
        (_KnownError("No host for ann@example.com."), (FAILED, 1, "No host for <address>")),
        (KeyError("ann@example.com"), (FAILED, 1, "An error that is not expected (KeyError): its traceback is in the")),
        (KeyboardInterrupt(), (INTERRUPTED, 1, "")),
        (RunEndedError("asked to end"), (INTERRUPTED, 1, "An error that is not expected (RunEndedError)")),
    ],
)
def test_how_a_command_ended_is_told_without_anything_personal(
    error: BaseException | None, expected: tuple[str, int, str]
) -> None:
    watcher = Watcher()
    recording = RunRecording("tap-iterable", "0.1.0", (_KnownError,))
    with suppress(BaseException), recording:
        recording.begin("run1", streams, [watcher])
        _end_with(error)
    end = watcher.news[-1].end
    assert end is not None
    assert (end.status, end.exit_code) == expected[:2]
    assert end.error.startswith(expected[2])
    assert "@" not in end.error


def test_a_run_that_a_signal_has_asked_to_end_is_interrupted_also_if_it_ends_well() -> None:
    watcher = Watcher()
    with RunRecording("tap-iterable", "0.1.0", ()) as recording:
        recording.begin("run1", streams, [watcher])
        recording.interrupt()
    assert watcher.news[-1].end is not None
    assert (watcher.news[-1].end.status, watcher.news[-1].end.exit_code) == (INTERRUPTED, 0)


def test_nothing_is_recorded_outside_of_the_command_or_for_nobody() -> None:
    watcher, recording = Watcher(), RunRecording("tap-iterable", "0.1.0", ())
    assert recording.begin("run1", streams, [watcher]) is None
    with recording:
        assert recording.begin("run1", streams, []) is None
    assert recording.begin("run1", streams, [watcher]) is None
    assert watcher.calls == []


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({}, ""),
        ({"EXTRACTOR_NAME": "tap-iterable"}, "tap-iterable"),
        ({"ENVIRONMENT": "prod", "EXTRACTOR_NAME": "tap-iterable"}, "prod:tap-iterable"),
        ({"ENVIRONMENT": "prod", "EXTRACTOR_NAME": "tap-a", "LOADER_NAME": "target-b"}, "prod:tap-a-to-target-b"),
    ],
)
def test_a_pipeline_is_named_as_meltano_names_it(variables: dict[str, str], name: str) -> None:
    told = {f"MELTANO_{variable}": value for variable, value in variables.items()}
    assert pipeline_name(told) == name
    assert pipeline_name({**told, "SINGER_ITERABLE_PIPELINE": "north/purchases"}) == "north/purchases"
