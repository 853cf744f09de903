"""The command shows the same on the terminal, and as JSON."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from iterable_runs.queries.errors import HistoryError
from iterable_runs.queries.history import History
from iterable_runs.queries.replaying import replay_commands
from tests.runs.conftest import command
from tests.runs.histories import NOW, WrittenHistory


@pytest.fixture(scope="module", autouse=True)
def runs(history: WrittenHistory) -> None:
    """Two runs of one pipeline, of which the later one has rejects."""
    history.run("aaaa0000", NOW - timedelta(hours=2))
    history.stream("aaaa0000", "audience", read=100, written=100, requests=2)
    history.run("bbbb0000", written=90, rejected=10, requests=5, limit_share=0.4)
    history.stream("bbbb0000", "audience", read=100, written=90, rejected=10, rejects_path="rejects/a.singer")
    history.stream("bbbb0000", "\x1b[31morders", read=7)
    history.rejects("bbbb0000", "audience", "invalidEmails", 10, "email")
    history.identity("bbbb0000", "ann@example.com", "rejected", reason="invalidEmails")


def said(history: WrittenHistory, *arguments: str) -> str:
    ran = command(history.place, *arguments)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "\x1b" not in ran.stdout
    return ran.stdout


def as_json(history: WrittenHistory, *arguments: str) -> Any:
    return json.loads(said(history, *arguments, "--json"))


def test_list_has_a_line_for_each_run_the_latest_first(history: WrittenHistory) -> None:
    head, first, second = said(history, "list").splitlines()
    assert head.split()[:2] == ["run", "status"]
    assert first.startswith("bbbb0000  ! succeeded, with rejects")
    assert second.startswith("aaaa0000  ✓ succeeded")
    assert said(history, "list", "--status", "succeeded").count("\n") == 2
    assert [run["id"] for run in as_json(history, "list", "--number", "1")] == ["bbbb0000"]


def test_show_tells_all_of_a_run_and_takes_the_beginning_of_its_id_or_last(history: WrittenHistory) -> None:
    shown = said(history, "show", "bb")
    assert shown == said(history, "show", "last")
    assert "share of the limit  40 %" in shown
    assert "\\x1b[31morders" in shown
    assert "iterable-runs rejects bbbb0000" in shown
    found = as_json(history, "show", "bb")
    assert found["run"]["totals"]["rejected"] == 10
    assert [stream["name"] for stream in found["streams"]] == ["audience", "\x1b[31morders"]


def test_compare_shows_the_numbers_that_differ(history: WrittenHistory) -> None:
    lines = said(history, "compare", "aaaa", "bbbb").splitlines()
    assert [line.split() for line in lines if line.startswith("Written")] == [["Written", "100", "90", "-10"]]
    assert [line.split() for line in lines if line.split()[:2] == ["audience", "Rejected"]]


def test_rejects_tells_reasons_fields_and_the_command_to_replay(history: WrittenHistory) -> None:
    shown = said(history, "rejects", "bbbb")
    assert "invalidEmails  audience       10  email" in shown
    assert "in the directory /srv/meltano" in shown
    assert "meltano invoke target-iterable --input rejects/a.singer" in shown
    assert said(history, "rejects", "aaaa") == "No record was rejected.\n"


def test_only_a_run_of_meltano_is_replayed_by_it(history: WrittenHistory) -> None:
    with closing(History(history.place)) as opened:
        run = opened.run("bbbb")
        streams = opened.streams(run.id)
    for pipeline, form in (("prod:a-to-b", "meltano invoke"), ("north/customers", "--config"), ("", "--config")):
        [(_, replay)] = replay_commands(replace(run, pipeline=pipeline), streams)
        assert form in replay


def test_find_tells_what_became_of_a_user(history: WrittenHistory) -> None:
    assert "rejected" in said(history, "find", "Ann@Example.com")
    assert said(history, "find", "nobody@example.com") == "No kept run has sent or rejected it.\n"
    piped = command(history.place, "find", "-", stdin="ann@example.com\n")
    assert "bbbb0000" in piped.stdout


@pytest.mark.parametrize("arguments", [("show", "zz"), ("compare", "aa", "zz"), ("rejects", ""), ("show", "%")])
def test_a_run_that_is_not_there_is_told_in_a_sentence(history: WrittenHistory, arguments: tuple[str, ...]) -> None:
    ran = command(history.place, *arguments)
    assert (ran.exit_code, "No run has an id" in ran.stderr) == (1, True)


def test_no_history_is_told_with_what_to_do(tmp_path: Path) -> None:
    assert "run_history" in command(str(tmp_path / "none.db"), "list").stdout
    assert "no run has made it" in command(str(tmp_path / "none.db"), "show", "last").stderr
    assert "`store` is neither" in command("mysql://host/db", "list").stderr


def test_a_history_that_another_process_holds_is_told_to_be_locked(tmp_path: Path) -> None:
    history = WrittenHistory(str(tmp_path / "runs.db"))
    with history.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA locking_mode = EXCLUSIVE")
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        with pytest.raises(HistoryError, match="is locked by another process"):
            History(history.place, lock_timeout=0.05).plugins()
