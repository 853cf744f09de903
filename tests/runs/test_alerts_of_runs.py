"""Alerts of real runs of tap and target, from their settings to the service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from iterable_sandbox.server import Sandbox
from tests.runs.test_alerts_sending import TOKEN, hook
from tests.scripted_server import Answer, ScriptedServer
from tests.target.loading import stream

BIN: Final = Path(sys.executable).parent
_TIMEOUT: Final = 120


class Pipeline:
    """Runs of tap and target in a folder, whose alerts go to a service."""

    def __init__(self, sandbox: Sandbox, folder: Path, service: ScriptedServer) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._service = service

    def target(self, *emails: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        messages = stream("users", [{"email": email} for email in emails])
        text = "".join(f"{json.dumps(message)}\n" for message in messages)
        return self._run("target-iterable", {"streams": {"users": {"object": "users"}}} | settings, text)

    def tap(self, **settings: Any) -> subprocess.CompletedProcess[str]:
        catalog = {"streams": [{"tap_stream_id": "lists", "stream": "lists", "schema": {}, "metadata": SELECTED}]}
        (self._folder / "catalog.json").write_text(json.dumps(catalog))
        return self._run("tap-iterable", {"start_date": "2026-10-01"} | settings, "", "--catalog", "catalog.json")

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]

    @property
    def messages(self) -> list[Mapping[str, str]]:
        return [json.loads(request.body) for request in self._service.requests]

    def _run(
        self, plugin: str, settings: Mapping[str, Any], text: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        connection: dict[str, Any] = {
            "api_key": self._sandbox.api_key,
            "api_url": self._sandbox.url,
            "enforce_rate_limits": False,
            "alerts": [hook(self._service)],
        }
        (self._folder / "config.json").write_text(json.dumps({**connection, **settings}))
        return subprocess.run(
            [BIN / plugin, "--config", "config.json", *arguments],
            cwd=self._folder,
            input=text,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env=os.environ | {f"{plugin.upper().replace('-', '_')}_LOGLEVEL": "DEBUG"},
        )


SELECTED: Final = [{"breadcrumb": [], "metadata": {"selected": True}}]


@pytest.fixture
def pipeline(sandbox: Sandbox, tmp_path: Path, server: ScriptedServer) -> Pipeline:
    """A pipeline; its service takes everything."""
    server.after = lambda _: Answer()
    return Pipeline(sandbox, tmp_path, server)


def test_rejects_of_the_target_are_told_with_their_reason_and_never_with_the_record(pipeline: Pipeline) -> None:
    ran = pipeline.target("ann@example.com", "no address")
    assert ran.returncode == 0, ran.stderr
    (message,) = pipeline.messages
    assert message["title"] == "target-iterable: 1 record rejected"
    assert "1 of 2 records of users was rejected, for invalidEmails" in message["message"]
    assert "iterable-runs rejects " in message["message"]
    assert "ann@example.com" not in message["message"]
    assert "no address" not in message["message"]


def test_a_failed_run_of_the_target_is_told_and_so_is_the_recovery(pipeline: Pipeline) -> None:
    assert pipeline.target("ann@example.com", api_key="0" * 32).returncode == 1
    assert pipeline.target("ann@example.com", api_key="0" * 32).returncode == 1
    assert pipeline.titles == ["target-iterable: failed"]
    assert "answered 401" in pipeline.messages[0]["message"]
    assert pipeline.target("ann@example.com").returncode == 0
    assert pipeline.titles == ["target-iterable: failed", "target-iterable: recovered"]


def test_a_failed_run_of_the_tap_is_told_and_so_is_the_recovery(pipeline: Pipeline, sandbox: Sandbox) -> None:
    assert pipeline.tap(api_key="0" * 32).returncode == 1
    assert pipeline.titles == ["tap-iterable: failed"]
    assert "answered 401" in pipeline.messages[0]["message"]
    sandbox.store.lists.create("Readers", None, 0)
    ran = pipeline.tap(alert_on=["failure", "nothing_read", "recovered"])
    assert ran.returncode == 0, ran.stderr
    assert pipeline.titles == ["tap-iterable: failed", "tap-iterable: recovered"]


def test_a_run_of_the_tap_that_reads_nothing_is_told_if_that_is_wanted(pipeline: Pipeline) -> None:
    assert pipeline.tap().returncode == 0
    assert pipeline.titles == []
    assert pipeline.tap(alert_on=["nothing_read"]).returncode == 0
    assert pipeline.titles == ["tap-iterable: nothing read"]


def test_a_good_run_a_dry_run_and_one_without_alerts_send_nothing(pipeline: Pipeline) -> None:
    assert pipeline.target("ann@example.com").returncode == 0
    assert pipeline.target("no address", dry_run=True).returncode == 0
    assert pipeline.target("no address", alerts=[]).returncode == 0
    assert pipeline.titles == []


def test_no_url_is_in_the_log_at_debug(pipeline: Pipeline, server: ScriptedServer) -> None:
    server.after = lambda _: Answer(403)
    ran = pipeline.target("no address")
    assert ran.returncode == 0
    assert "DEBUG" in ran.stderr
    assert "An alert could not be sent to `alerts[0]`: the service did not take it (status 403)." in ran.stderr
    assert TOKEN not in ran.stderr
    assert TOKEN not in ran.stdout


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"alerts": [f"nosuchservice://{TOKEN}"]}, "`alerts[0]` is no URL that can be used"),
        ({"alerts": f"json://{TOKEN}"}, "`alerts` must be a list of texts"),
        ({"alerts": [{TOKEN: 1}]}, "`alerts` must be a list of texts"),
        ({"alert_on": ["rejects:lots"]}, "`alert_on` has 'rejects:lots'"),
    ],
)
@pytest.mark.parametrize("plugin", ["tap", "target"])
def test_wrong_settings_are_refused_at_the_start_without_their_url(
    pipeline: Pipeline, sandbox: Sandbox, settings: dict[str, Any], problem: str, plugin: str
) -> None:
    ran = pipeline.tap(**settings) if plugin == "tap" else pipeline.target("ann@example.com", **settings)
    assert ran.returncode == 1
    assert problem in ran.stderr
    assert TOKEN not in ran.stderr + ran.stdout
    assert sandbox.requests() == []
    assert pipeline.titles == []
