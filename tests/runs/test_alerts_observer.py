"""Alerts of runs one after the other, with what they remember in the run history."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from iterable_runs.alerts import sending
from iterable_runs.alerts.conditions import parse_condition
from iterable_runs.alerts.message import Message
from iterable_runs.alerts.observer import AlertObserver
from iterable_runs.store.facts import RunStart, StreamFacts
from iterable_runs.store.statuses import FAILED, SUCCEEDED
from iterable_runs.store.writer import HistoryWriter, News
from tests.runs.endings import HOUR, MINUTE, START, news, stream, tap_run, target_run

URLS = ["json://127.0.0.1:1/a", "json://127.0.0.1:1/b"]


class Alerts:
    """Runs of pipelines whose alerts go to two services."""

    def __init__(self, place: str | None, *conditions: str) -> None:
        self.place = place
        self.conditions = conditions or ("failure", "recovered")
        self.sent: list[Message] = []
        self.results = [sending.SENT] * 2

    def begin(self, run: RunStart) -> AlertObserver:
        wanted = [parse_condition(text, run.plugin) for text in self.conditions]
        observer = AlertObserver(URLS, wanted, self.place, self._send)
        observer.on_start(run)
        return observer

    def run(self, hour: float, *streams: StreamFacts, run: RunStart | None = None, **facts: Any) -> list[str]:
        """A run that begins after so many hours and takes a minute: the titles that it has sent."""
        before = len(self.sent)
        at = START + int(hour * HOUR)
        observer = self.begin(run or target_run(started_at=at))
        observer.on_end(news(*streams, at=at + MINUTE, **facts))
        observer.wait()
        return [message.title for message in self.sent[before:]]

    def _send(self, urls: Sequence[str], message: Message) -> list[str]:
        assert urls == URLS
        self.sent.append(message)
        return self.results


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A run history without runs."""
    if request.param == "sqlite":
        return str(tmp_path / "runs.db")
    server = str(request.getfixturevalue("postgresql"))
    name = f"alerts_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def test_a_failure_and_the_recovery_are_told_once_each(place: str) -> None:
    alerts = Alerts(place)
    assert alerts.run(0) == []
    assert alerts.run(1, status=FAILED) == ["target-iterable (nightly): failed"]
    assert alerts.run(2, status=FAILED) == []
    assert alerts.run(3) == ["target-iterable (nightly): recovered"]
    assert alerts.run(4) == []


def test_each_pipeline_is_told_of_by_itself(place: str) -> None:
    alerts = Alerts(place)
    for run in (target_run(), target_run(pipeline="hourly"), tap_run(), tap_run(pipeline="")):
        assert len(alerts.run(0, run=run, status=FAILED)) == 1
        assert alerts.run(0, run=run, status=FAILED) == []
    assert len(alerts.run(0, run=tap_run(pipeline="", directory="/elsewhere"), status=FAILED)) == 1
    assert alerts.run(0, run=target_run(directory="/elsewhere"), status=FAILED) == []


def test_a_dry_run_tells_nothing_and_changes_nothing(place: str) -> None:
    alerts = Alerts(place)
    alerts.run(0, status=FAILED)
    assert alerts.run(1, run=target_run(dry_run=True), status=SUCCEEDED) == []
    assert alerts.run(2, run=target_run(dry_run=True), status=FAILED) == []
    assert alerts.run(3) == ["target-iterable (nightly): recovered"]


def test_the_next_run_tells_at_once_that_the_one_before_was_killed(place: str) -> None:
    write(place, target_run("killed"), News(START + MINUTE, [stream(read=1)]))
    alerts = Alerts(place)
    observer = alerts.begin(target_run(started_at=START + HOUR))
    observer.on_end(news(status=FAILED, at=START + HOUR + MINUTE))
    observer.wait()
    assert [message.title for message in alerts.sent] == ["target-iterable (nightly): a run was killed"]
    assert "last heard of at 2026-09-21 14:14:20 UTC" in alerts.sent[0].text
    assert "iterable-runs list --status killed" in alerts.sent[0].text
    assert alerts.run(2) == ["target-iterable (nightly): recovered"]


def test_a_run_that_goes_on_beside_this_one_is_not_taken_for_killed(place: str) -> None:
    write(place, target_run("beside"), News(START + HOUR - 10_000_000, [stream(read=1)]))
    alerts = Alerts(place)
    assert alerts.run(1) == []


def test_pipelines_that_end_each_time_by_being_killed_are_told_of_once_a_day(place: str) -> None:
    alerts = Alerts(place)
    for hour in range(30):
        run = target_run(f"run {hour:02}", START + hour * HOUR)
        alerts.begin(run).wait()
        write(place, run, News(run.started_at + MINUTE, []))
    assert [message.title for message in alerts.sent] == ["target-iterable (nightly): a run was killed"] * 2


def test_rows_that_were_read_in_earlier_runs_are_not_forgotten(place: str) -> None:
    alerts = Alerts(place, "late:2h")
    assert alerts.run(0, stream(lag_seconds=3_600.0), run=tap_run()) == []
    assert alerts.run(0.5, stream(read=0), run=tap_run()) == []
    assert alerts.run(2, stream(read=0), run=tap_run()) == [
        "tap-iterable (nightly): the newest row is 3 h old",
    ]


def test_the_newest_row_of_all_streams_counts(place: str) -> None:
    alerts = Alerts(place, "late:2h")
    assert alerts.run(0, stream("old", lag_seconds=9e6), stream("new", lag_seconds=60.0), run=tap_run()) == []


def test_a_row_does_not_get_newer_while_the_run_goes_on(place: str) -> None:
    observer = (alerts := Alerts(place, "late:2h")).begin(tap_run())
    for minute in range(0, 180, 10):
        observer.on_snapshot(News(START + minute * MINUTE, [stream(lag_seconds=60.0)]))
    observer.on_end(news(stream(lag_seconds=60.0), at=START + 180 * MINUTE))
    observer.wait()
    assert len(alerts.sent) == 1


def test_without_a_history_each_failure_is_told() -> None:
    alerts = Alerts(None)
    assert [len(alerts.run(hour, status=FAILED)) for hour in range(3)] == [1, 1, 1]
    assert "run_history" in alerts.sent[0].text


def test_a_history_that_cannot_be_used_keeps_nobody_from_an_alert(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "runs.db").write_text("this is no database, and it is long enough to be seen as none" * 99)
    alerts = Alerts(str(tmp_path / "runs.db"))
    assert [len(alerts.run(hour, status=FAILED)) for hour in range(2)] == [1, 1]
    assert "What alerts have told is not remembered" in caplog.text


def test_what_could_not_be_sent_is_a_warning_without_the_url_and_is_sent_next_time(
    place: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    alerts = Alerts(place)
    alerts.results = ["the service did not take it (status 403)", sending.NO_ANSWER]
    assert len(alerts.run(0, status=FAILED)) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "An alert could not be sent to `alerts[0]`: the service did not take it (status 403).",
        "An alert could not be sent to `alerts[1]`: it took too long.",
    ]
    assert "127.0.0.1" not in caplog.text
    alerts.results = [sending.SENT, sending.NO_ANSWER]
    assert len(alerts.run(1, status=FAILED)) == 1
    assert alerts.run(2, status=FAILED) == []


def test_nothing_personal_is_remembered(tmp_path: Path) -> None:
    place = str(tmp_path / "runs.db")
    alerts = Alerts(place)
    alerts.run(0, stream("of ann@example.com", read=1, rejected=1), status=FAILED, error="ann@example.com")
    with sqlite3.connect(place) as database:
        rows = database.execute("SELECT * FROM iterable_run_alerts").fetchall()
    database.close()
    assert rows == [("target-iterable", "nightly", "", "failure", START + MINUTE, START + MINUTE)]


def write(place: str, run: RunStart, what: News) -> None:
    writer = HistoryWriter(place, run)
    writer.write(what)
    writer.close()
