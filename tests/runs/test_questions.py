"""Questions to a history have the same answers in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from iterable_runs.queries.errors import HistoryError, NoSuchRunError
from iterable_runs.queries.filters import RunFilter
from iterable_runs.queries.history import History
from iterable_runs.queries.rows import micros
from tests.runs.histories import NOW, WrittenHistory

TODAY = NOW.replace(hour=0, minute=0, second=1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WrittenHistory]:
    """A history with three days of runs."""
    folder = tmp_path_factory.mktemp(request.param)
    place = request.getfixturevalue("postgresql") if request.param == "postgresql" else str(folder / "runs.db")
    history = WrittenHistory(place)
    for number in range(5):
        history.run(f"a{number}", TODAY - timedelta(days=1, minutes=-number), rejected=number)
    history.run("b%", TODAY, status="failed", exit_code=1)
    history.run("b_", TODAY + timedelta(seconds=1), status="running", seen_at=micros(NOW - timedelta(hours=48)))
    history.run("old", TODAY - timedelta(days=40))
    history.stream("a4", "audience", read=10, rejected=4, rejects_path="rejects.singer")
    history.stream("a4", "all fine", read=10)
    history.rejects("a4", "audience", "tooLarge", 1)
    history.rejects("a4", "audience", "invalidEmails", 3, "email")
    for number, status in enumerate((200, 429, 200, None), 1):
        history.request("a4", number, status=status)
    for second in range(1_001):
        history.sample("a4", TODAY + timedelta(seconds=second), read=second)
    history.identity("a4", "Ann@example.com", "unchanged")
    yield history
    history.engine.dispose()


@pytest.fixture(scope="module")
def history(written: WrittenHistory) -> Iterator[History]:
    """What is asked."""
    asked = History(written.place)
    yield asked
    asked.close()


def test_runs_are_paged_in_both_directions_and_no_run_is_twice(history: History) -> None:
    pages = [history.runs(RunFilter(), 3)]
    while older := pages[-1].older:
        pages.append(history.runs(RunFilter(), 3, before=older))
    there = [run.id for page in pages for run in page.runs]
    assert there == ["b_", "b%", "a4", "a3", "a2", "a1", "a0", "old"]
    back = [pages[-1]]
    while newer := back[-1].newer:
        back.append(history.runs(RunFilter(), 3, after=newer))
    assert [[run.id for run in page.runs] for page in back] == [["a0", "old"], ["a3", "a2", "a1"], ["b_", "b%", "a4"]]
    assert history.runs(RunFilter(), 3, before="no mark").runs == pages[0].runs


def test_a_silent_run_is_killed_and_success_with_rejects_is_a_status_of_its_own(history: History) -> None:
    def ids(status: str) -> list[str]:
        return [run.id for run in history.runs(RunFilter(status=status), 9).runs]

    assert (ids("killed"), ids("running"), ids("failed")) == (["b_"], [], ["b%"])
    assert (ids("succeeded"), ids("rejects")) == (["a0", "old"], ["a4", "a3", "a2", "a1"])


def test_days_count_runs_by_how_they_ended(history: History) -> None:
    days = history.days(NOW, 30)
    assert len(days) == 30
    assert days[-1].runs == {"failed": 1, "killed": 1}
    assert days[-2].runs == {"succeeded": 1, "rejects": 4}
    assert all(not day.runs for day in days[:-2])


def test_an_id_is_taken_as_it_is_written(history: History) -> None:
    assert history.run("b%").id == "b%"
    assert history.run("b_").id == "b_"
    assert history.run("last").id == "b_"
    for run_id in ("b", "%", "_", "", "x' OR 1=1 --"):
        with pytest.raises(NoSuchRunError):
            history.run(run_id)


def test_the_run_before_is_one_of_the_same_pipeline(history: History) -> None:
    assert history.run_before(history.run("a4")) == "a3"
    assert history.run_before(history.run("old")) is None


def test_streams_and_reasons_that_need_a_look_come_first(history: History) -> None:
    assert [stream.name for stream in history.streams("a4")] == ["audience", "all fine"]
    assert [(one.code, one.count, list(one.fields)) for one in history.reject_counts("a4")] == [
        ("invalidEmails", 3, ["email"]),
        ("tooLarge", 1, []),
    ]


def test_requests_come_the_latest_first_or_only_those_that_failed(history: History) -> None:
    assert [one.number for one in history.requests("a4", 2)] == [4, 3]
    assert [one.number for one in history.requests("a4", 9, before=3)] == [2, 1]
    assert [one.answer for one in history.requests("a4", 9, only_failed=True)] == ["no answer", "429"]
    assert history.request("a4", 2).status == 429
    with pytest.raises(NoSuchRunError):
        history.request("a4", 5)


def test_of_very_many_samples_some_are_shown_and_the_last(history: History) -> None:
    samples = history.samples(history.run("a4"))
    assert 100 < len(samples) <= 201
    assert samples[-1].totals.read == 1_000


def test_an_identity_is_found_in_any_case_and_no_other_one(history: History) -> None:
    assert [(one.run, one.verdict) for one in history.find("ann@EXAMPLE.com")] == [("a4", "unchanged")]
    assert history.find("joann@example.com") == []


def test_the_last_runs_of_each_pipeline_and_their_last_success(history: History) -> None:
    assert [run.id for run in history.last_runs()] == ["b_"]
    assert [*history.last_successes()] == [("target-iterable", "prod:postgres-to-iterable")]
    assert history.overview(NOW).kept == 8


def test_an_identity_is_found_in_files_of_rejects_by_its_whole_value(tmp_path: Path) -> None:
    history = WrittenHistory(str(tmp_path / "runs.db"))
    history.run("one", directory=str(tmp_path))
    history.stream("one", "audience", rejects_path="rejects.singer")
    lines = (
        '{"type": "SCHEMA", "stream": "audience", "schema": {}, "key_properties": ["email"]}',
        '{"type": "RECORD", "record": {"email": "joann@example.com"}, "reject": {"code": "a", "reason": "first"}}',
        '{"type": "RECORD", "record": {"x": [{"id": 42}], "email": "ANN@example.com"}, "reject": {"code": "b"}}',
    )
    (tmp_path / "rejects.singer").write_text("\n".join(lines))
    asked = History(history.place)
    assert [one.reason for one in asked.find("ann@example.com")] == ["b: "]
    assert [one.reason for one in asked.find("42")] == ["b: "]
    assert [one.reason for one in asked.find("joann@example.com")] == ["a: first"]
    assert asked.find("4") == []


def test_a_server_that_is_not_there_is_told_without_its_address() -> None:
    place = "postgresql://me:secret@127.0.0.1:1/runs?connect_timeout=2"
    with pytest.raises(HistoryError, match="cannot be read") as raised:
        History(place).plugins()
    assert "secret" not in str(raised.value)
    assert "secret" not in History(place).shown_place
