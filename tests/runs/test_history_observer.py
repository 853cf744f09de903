"""A run history that is locked, removed or away costs one warning at most, and what is missing is written later."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from iterable_runs.queries.history import History
from iterable_runs.recording.history import HistoryObserver
from iterable_runs.recording.recorder import now_in_microseconds
from iterable_runs.store.databases import LOCK_SECONDS
from iterable_runs.store.facts import IdentityFacts, RequestFacts, RunEnd, RunStart, StreamFacts
from iterable_runs.store.statuses import SUCCEEDED
from iterable_runs.store.totals import Totals
from iterable_runs.store.writer import News

DAY = 86_400_000_000


def begun(place: str, run_id: str = "run1", days: int = 90, days_ago: int = 0) -> HistoryObserver:
    observer = HistoryObserver(place, days)
    began = now_in_microseconds() - days_ago * DAY
    observer.on_start(RunStart(run_id, "target-iterable", "0.1.0", "", "etl-1", "/srv", began))
    return observer


def news(number: int, end: RunEnd | None = None) -> News:
    request = RequestFacts(number, "POST", "/api/users/bulkUpdate", 200, 12)
    identity = IdentityFacts([f"user{number}"], "users", "rejected", number)
    streams = [StreamFacts("users", Totals(read=number, written=number))]
    return News(now_in_microseconds(), streams, [(number, request)], [identity], end=end)


def done(number: int) -> News:
    return news(number, RunEnd(SUCCEEDED, 0, "", now_in_microseconds()))


@contextmanager
def locked(place: Path) -> Iterator[None]:
    with closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


@pytest.fixture(autouse=True)
def _short_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LOCK_SECONDS < 5  # the end of a run waits for it twice
    monkeypatch.setattr("iterable_runs.store.databases.LOCK_SECONDS", 0.01)


def whole(place: str) -> tuple[str, int | None, list[int], list[str]]:
    """Status and records of the run, the numbers of its requests, and the users who are found."""
    history = History(place)
    run = history.run("run1")
    numbers = sorted(one.number for one in history.requests("run1", 100))
    found = [user for user in ("user1", "user2", "user3") if history.find(user)]
    history.close()
    return run.kind, run.totals.written, numbers, found


def test_a_history_that_is_locked_for_a_moment_is_written_later_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "runs.db"
    observer = begun(str(place))
    observer.on_snapshot(news(1))
    with locked(place):
        observer.on_snapshot(news(2))
    observer.on_end(done(3))
    assert whole(str(place)) == (SUCCEEDED, 3, [1, 2, 3], ["user1", "user2", "user3"])
    assert warnings(caplog) == []


def test_a_history_that_stays_locked_costs_one_warning_that_names_the_setting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "runs.db"
    observer = begun(str(place))
    observer.on_snapshot(news(1))
    with locked(place):
        for number in (2, 3, 4):
            observer.on_snapshot(news(number))
        observer.on_end(done(5))
    assert whole(str(place))[:3] == ("running", 1, [1])
    (warning,) = warnings(caplog)
    assert "`run_history`" in warning
    assert "SQLITE_BUSY" in warning


def test_a_history_that_was_removed_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = tmp_path / "runs.db"
    observer = begun(str(place))
    observer.on_snapshot(news(1))
    place.unlink()
    observer.on_end(done(2))
    assert whole(str(place)) == (SUCCEEDED, 2, [2], ["user2"])
    assert warnings(caplog) == []


def test_a_server_that_cannot_be_reached_is_not_named_with_its_password(caplog: pytest.LogCaptureFixture) -> None:
    observer = begun("postgresql://ann:hidden@127.0.0.1:1/runs")
    for number in (1, 2, 3):
        observer.on_snapshot(news(number))
    observer.on_end(done(4))
    (warning,) = warnings(caplog)
    assert "`run_history`" in warning
    assert "hidden" not in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_a_file_that_is_no_history_is_left_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("These are my own notes, and no database at all. " * 50)
    before = place.read_bytes()
    observer = begun(str(place))
    observer.on_snapshot(news(1))
    observer.on_end(done(2))
    assert place.read_bytes() == before
    assert len(warnings(caplog)) == 1


def test_runs_that_are_too_old_are_removed_by_a_later_run_and_others_stay(tmp_path: Path) -> None:
    place = str(tmp_path / "runs.db")
    for run_id, days_ago in (("old1", 40), ("old2", 31), ("young", 29)):
        begun(place, run_id, days_ago=days_ago).on_end(done(1))
    observer = begun(place, "run1", days=30)
    observer.on_snapshot(news(1))
    observer.on_end(done(2))
    with closing(sqlite3.connect(place)) as database:
        kept = [run for (run,) in database.execute("SELECT id FROM iterable_runs ORDER BY id")]
        of_requests = {run for (run,) in database.execute("SELECT run_id FROM iterable_run_requests")}
    assert kept == ["run1", "young"]
    assert of_requests == {"run1", "young"}


def test_names_that_a_database_refuses_are_replaced(tmp_path: Path, postgresql: str) -> None:
    for place in (str(tmp_path / "runs.db"), postgresql):
        observer = begun(place)
        odd = News(now_in_microseconds(), [StreamFacts("odd\0 \ud800 name", Totals())], end=done(1).end)
        observer.on_end(odd)
        history = History(place)
        assert [stream.name for stream in history.streams("run1")] == ["odd\N{REPLACEMENT CHARACTER} ? name"]
        history.close()
