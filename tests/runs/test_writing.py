"""What a run writes is what the questions find, in SQLite and in PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from iterable_runs.queries.filters import RunFilter
from iterable_runs.queries.history import History
from iterable_runs.store.databases import HistoryNotWrittenError
from iterable_runs.store.facts import (
    IdentityFacts,
    RejectReasonFacts,
    RequestFacts,
    RunEnd,
    RunStart,
    StreamFacts,
)
from iterable_runs.store.statuses import FAILED, SUCCEEDED
from iterable_runs.store.totals import Totals
from iterable_runs.store.writer import HistoryWriter, News

DAY = 86_400_000_000


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "runs.db")
    return str(request.getfixturevalue("postgresql"))


def micros() -> int:
    return time.time_ns() // 1000


def start(run_id: str, days_ago: int = 0) -> RunStart:
    began = micros() - days_ago * DAY
    return RunStart(run_id, "target-iterable", "0.1.0", f"prod:{run_id}", "etl-1", "/srv", began)


def stream(name: str, read: int, **totals: int) -> StreamFacts:
    return StreamFacts(name, Totals(read=read, **totals), "users", rejects_path="rejects/file.singer")


def test_what_a_run_writes_is_found(place: str) -> None:
    writer, history = HistoryWriter(place, start("whole")), History(place)
    writer.write(News(micros(), [stream("users", 5, written=5)]))
    assert history.run("whole").kind == "running"
    rejects = {"invalidEmails": RejectReasonFacts(2, {"email"})}
    facts = StreamFacts("users", Totals(read=10, written=8, rejected=2), "users", rejects=rejects)
    request = RequestFacts(micros(), "POST", "/api/users/bulkUpdate", 200, 12, records=10, written=8, rejected=2)
    identity = IdentityFacts(["Ann@example.com"], "users", "rejected", micros(), "invalidEmails")
    end = RunEnd(SUCCEEDED, 0, "", micros())
    writer.write(News(micros(), [facts, stream("more", 1, written=1)], [(1, request)], [identity], end=end))
    writer.close()
    run = history.run("whole")
    assert (run.kind, run.exit_code, run.streams, run.totals.read, run.totals.written) == (SUCCEEDED, 0, 2, 11, 9)
    assert [(one.code, one.count, one.fields) for one in history.reject_counts("whole")] == [
        ("invalidEmails", 2, ["email"])
    ]
    assert [one.verdict for one in history.find("ann@example.com") if one.run == "whole"] == ["rejected"]
    history.close()


def test_old_runs_go_and_others_stay(place: str) -> None:
    old, new = HistoryWriter(place, start("old", days_ago=40)), HistoryWriter(place, start("new"))
    for writer in (old, new):
        writer.write(News(micros(), [stream("users", 1)], end=RunEnd(FAILED, 1, "It failed.", micros())))
    new.remove_old_runs(micros(), 30)
    history = History(place)
    assert [run.id for run in history.runs(RunFilter(), 100).runs if run.id in ("old", "new")] == ["new"]
    for one in (old, new):
        one.close()
    history.close()


def test_the_file_holds_no_address(tmp_path: Path) -> None:
    place = tmp_path / "runs.db"
    writer = HistoryWriter(str(place), start("quiet"))
    writer.write(News(micros(), [], identities=[IdentityFacts(["ann@example.com"], "users", "rejected", micros())]))
    writer.close()
    assert b"ann@example" not in place.read_bytes().lower()
    assert place.stat().st_mode & 0o077 == 0


def test_a_database_that_cannot_be_used_is_an_error_without_its_url() -> None:
    with pytest.raises(HistoryNotWrittenError) as raised:
        HistoryWriter("postgresql://ann:hidden@127.0.0.1:1/runs", start("away"))
    assert "hidden" not in str(raised.value)


def test_writing_to_a_file_does_not_load_sqlalchemy() -> None:
    program = "import iterable_runs.store.writer, sys; print('sqlalchemy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
