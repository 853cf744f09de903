"""Alerts of real runs of tap and target, from their settings to the service."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox
from tests.runs.commands import TapCommand, TargetCommand, runs
from tests.runs.test_alerts_sending import TOKEN, hook
from tests.scripted_server import Answer, ScriptedServer
from tests.target.loading import stream
from tests.target.test_mirror import ANN, BOB, CAT, mirror, people, version

pytestmark = pytest.mark.more

WRONG_KEY = "0" * 32


class Told:
    """What a service was told."""

    def __init__(self, service: ScriptedServer) -> None:
        self._service = service

    @property
    def messages(self) -> list[Mapping[str, str]]:
        return [json.loads(request.body) for request in self._service.requests]

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]


@pytest.fixture
def told(server: ScriptedServer) -> Told:
    """What a service, which takes everything, was told."""
    server.after = lambda _: Answer()
    return Told(server)


@pytest.fixture
def target(sandbox: Sandbox, tmp_path: Path, server: ScriptedServer, told: Told) -> TargetCommand:  # noqa: ARG001
    """The target, whose alerts go to the service."""
    command = TargetCommand(sandbox, tmp_path)
    command.settings |= {"alerts": [hook(server)], "streams": {"users": {"object": "users"}}}
    return command


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path, server: ScriptedServer, told: Told) -> TapCommand:  # noqa: ARG001
    """The tap, whose alerts go to the service."""
    command = TapCommand(sandbox, tmp_path)
    command.settings["alerts"] = [hook(server)]
    return command


def load(target: TargetCommand, *emails: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    return target.run(stream("users", [{"email": email} for email in emails]), **settings)


def test_rejects_of_the_target_are_told_with_their_reason_and_never_with_the_record(
    target: TargetCommand, told: Told
) -> None:
    ran = load(target, "ann@example.com", "no address")
    assert ran.returncode == 0, ran.stderr
    (message,) = told.messages
    assert message["title"] == "target-iterable: 1 record rejected"
    assert "1 of 2 records of users was rejected, for invalidEmails" in message["message"]
    assert f"cd {target.folder} && iterable-runs rejects " in message["message"]
    assert "ann@example.com" not in message["message"]
    assert "no address" not in message["message"]


def test_a_failed_run_of_the_target_is_told_once_and_so_is_the_recovery(target: TargetCommand, told: Told) -> None:
    assert load(target, "ann@example.com", api_key=WRONG_KEY).returncode == 1
    assert load(target, "ann@example.com", api_key=WRONG_KEY).returncode == 1
    assert told.titles == ["target-iterable: failed"]
    assert "answered 401" in told.messages[0]["message"]
    assert load(target, "ann@example.com").returncode == 0
    assert told.titles == ["target-iterable: failed", "target-iterable: recovered"]


def test_a_failed_run_of_the_tap_is_told_and_so_is_the_recovery(tap: TapCommand, told: Told, sandbox: Sandbox) -> None:
    selected = tap.select("lists")
    assert tap.run(*selected, api_key=WRONG_KEY).returncode == 1
    assert told.titles == ["tap-iterable: failed"]
    assert "answered 401" in told.messages[0]["message"]
    sandbox.store.lists.create("Readers", None, 0)
    ran = tap.run(*selected, alert_on=["failure", "nothing_read", "recovered"])
    assert ran.returncode == 0, ran.stderr
    assert told.titles == ["tap-iterable: failed", "tap-iterable: recovered"]


def test_a_run_of_the_tap_that_reads_nothing_is_told_if_that_is_wanted(tap: TapCommand, told: Told) -> None:
    selected = tap.select("lists")
    assert tap.run(*selected).returncode == 0
    assert told.titles == []
    assert tap.run(*selected, alert_on=["nothing_read"]).returncode == 0
    assert told.titles == ["tap-iterable: nothing read"]


def test_stopped_removals_are_told_until_they_go_on(target: TargetCommand, told: Told) -> None:
    ann, bob, cat = people(ANN), people(BOB), people(CAT)
    assert target.run(version("list_members", 1, [*ann, *bob, *cat]), **mirror()).returncode == 0
    ran = target.run(stream("list_members", ann), **mirror())
    assert ran.returncode == 0, ran.stderr
    assert told.titles == ["target-iterable: removals stopped"]
    assert "list_members: what has left the source was not removed" in told.messages[0]["message"]
    assert "2 of 3 did not come" in told.messages[0]["message"]
    assert target.run(version("list_members", 2, ann), **mirror()).returncode == 0
    assert told.titles == ["target-iterable: removals stopped", "target-iterable: recovered"]


def test_a_good_run_a_dry_run_and_one_without_alerts_send_nothing(target: TargetCommand, told: Told) -> None:
    assert load(target, "ann@example.com").returncode == 0
    assert load(target, "no address", dry_run=True).returncode == 0
    assert load(target, "no address", alerts=[]).returncode == 0
    assert told.titles == []


def test_an_alert_that_is_refused_fails_no_run_and_its_url_is_in_no_log(
    target: TargetCommand, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET_ITERABLE_LOGLEVEL", "DEBUG")
    server.after = lambda _: Answer(403)
    ran = load(target, "no address")
    assert ran.returncode == 0
    assert "DEBUG" in ran.stderr
    assert "An alert could not be sent to `alerts[0]`: the service did not take it (status 403)." in ran.stderr
    assert TOKEN not in ran.stderr + ran.stdout


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"alerts": [f"nosuchservice://{TOKEN}"]}, "`alerts[0]` is no URL that can be used"),
        ({"alerts": f"json://{TOKEN}"}, "`alerts` must be a list of texts"),
        ({"alerts": [{TOKEN: 1}]}, "`alerts` must be a list of texts"),
        ({"alert_on": ["rejects:lots"]}, "`alert_on` has 'rejects:lots'"),
    ],
)
def test_wrong_settings_are_refused_at_the_start_without_their_url(
    tap: TapCommand, target: TargetCommand, told: Told, settings: dict[str, Any], problem: str
) -> None:
    for ran in (tap.run(**settings), load(target, "ann@example.com", **settings)):
        assert ran.returncode == 1
        assert problem in ran.stderr
        assert TOKEN not in ran.stderr + ran.stdout
    assert told.titles == []
    assert runs(target.place) == []
