"""The simulation: over `/_sandbox/live`, and with the command."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened
from tests.sandbox.hooked import arrived, until
from tests.scripted_server import ScriptedServer

COMMAND = [sys.executable, "-m", "iterable_sandbox.cli", "live"]


def live(sandbox: Sandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "--url", sandbox.url, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_an_empty_project_is_filled_and_then_lives(http: Http) -> None:
    happened = http.ok("/_sandbox/live", {"events": 300})["events"]
    assert sum(happened.values()) == 300
    assert {"emailSend", "emailOpen", "customEvent"} <= happened.keys()
    assert http.sandbox.counts()["events"] == happened
    assert http.sandbox.counts()["users"] == 500


def test_what_happens_is_in_exports_with_what_came_before_it(http: Http) -> None:
    http.ok("/_sandbox/live", {"events": 1000})
    sent = {line["messageId"]: line for line in http.export("emailSend")}
    opened_messages = http.export("emailOpen")
    assert opened_messages
    for line in opened_messages:
        assert (line["campaignId"], line["email"]) == (
            sent[line["messageId"]]["campaignId"],
            sent[line["messageId"]]["email"],
        )


def test_time_passes_evenly_with_what_happens() -> None:
    with opened(clock=StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))) as http:
        answer = http.ok("/_sandbox/live", {"events": 100, "advance": 1000})
        assert answer["now"] == "2026-11-01T00:16:40+00:00"
        shown = http.sandbox.store.database.rows("SELECT created_at FROM events ORDER BY id")
        assert {later - earlier for (earlier,), (later,) in pairwise(shown)} == {10}


def test_a_project_of_ones_own_is_left_alone(http: Http) -> None:
    http.update({"email": "ana@example.com"})
    refused = http.post("/_sandbox/live", {"events": 1})
    assert (refused.status_code, "serve a seeded file" in refused.json()["error"]) == (400, True)
    assert http.sandbox.counts()["users"] == 1


@pytest.mark.parametrize("body", [{"events": -1}, {"events": 1001}, {"advance": -1}, {"events": "x"}])
def test_what_cannot_be_asked_of_life_is_refused(http: Http, body: dict[str, Any]) -> None:
    assert http.post("/_sandbox/live", body).status_code == 400
    assert http.sandbox.counts()["users"] == 0


def test_who_unsubscribes_in_a_seeded_project_is_unsubscribed(seeded: Http) -> None:
    seeded.sandbox.store.database.write("DELETE FROM events")
    while not (left := seeded.export("emailUnSubscribe")):
        seeded.ok("/_sandbox/live", {"events": 200})
    for line in left:
        assert set(line["channelIds"]) <= set(seeded.user(line["email"])["unsubscribedChannelIds"])


def test_who_was_deleted_does_nothing_more(http: Http) -> None:
    http.ok("/_sandbox/live", {"events": 200})
    [(kept,)] = http.sandbox.store.database.rows("SELECT email FROM users ORDER BY id LIMIT 1")
    http.sandbox.store.database.write("DELETE FROM users WHERE email <> ?", (kept,))
    http.sandbox.store.database.write("DELETE FROM events")
    http.ok("/_sandbox/live", {"events": 100})
    assert {line["email"] for name in http.sandbox.counts()["events"] for line in http.export(name)} == {kept}


def test_the_command_makes_as_many_events_as_asked_and_webhooks_and_exports_agree(server: ScriptedServer) -> None:
    with opened() as http:
        ran = live(http.sandbox, "--rate", "300", "--seconds", "2", "--webhook", f"{server.url}/hook")
        assert (ran.returncode, ran.stderr) == (0, "")
        counts = http.sandbox.counts()["events"]
        assert sum(counts.values()) == 600
        assert "600 events; calls of webhooks: " in ran.stdout
        told = Counter(one["eventName"] for one in arrived(http, server))
        assert told.total() > 200
        assert {name: counts[name] for name in told} == told


def test_the_command_lets_a_day_pass_and_makes_no_webhook_twice(server: ScriptedServer) -> None:
    with opened(clock=StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))) as http:
        for day in ("01", "02"):
            assert live(http.sandbox, "--day", "1", "--rate", "50", "--webhook", f"{server.url}/hook").returncode == 0
            # The clock of this sandbox stands still, so the real second is missing that the day takes.
            assert f"{http.sandbox.clock.moment():%d %H:%M}" == f"{day} 23:59"
        assert sum(webhook["endpoint"] == f"{server.url}/hook" for webhook in _webhooks(http)) == 1


def test_the_command_ends_quietly_when_it_is_interrupted(http: Http) -> None:
    with subprocess.Popen(
        [*COMMAND, "--url", http.sandbox.url, "--rate", "100"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: http.sandbox.counts()["events"])
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, "")


def test_the_command_says_where_it_found_no_sandbox() -> None:
    with Sandbox() as gone:
        pass
    ran = live(gone)
    assert ran.returncode == 1
    assert f"There is no sandbox at {gone.url}" in ran.stderr


def test_the_command_names_why_a_webhook_is_refused(sandbox: Sandbox) -> None:
    ran = live(sandbox, "--webhook", "http://hooks.example.com/")
    assert (ran.returncode, "must go to an https:// URL" in ran.stderr) == (1, True)


def _webhooks(http: Http) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get("/_sandbox/webhooks").json()["webhooks"]
    return found
