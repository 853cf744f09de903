"""What OpenTelemetry and a terminal get from real runs of tap and target."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from iterable_sandbox.server import Sandbox
from tests.runs.collector import Collector, attributes
from tests.runs.terminals import Terminal
from tests.target.loading import stream

BIN: Final = Path(sys.executable).parent
_TIMEOUT: Final = 120
_PLAIN: Final[Mapping[str, str]] = {"MELTANO_EXTRACTOR_NAME": "", "MELTANO_LOADER_NAME": "", "TERM": "xterm"}


class Folder:
    """A folder in which tap and target run against a sandbox."""

    def __init__(self, sandbox: Sandbox, path: Path) -> None:
        self.path = path
        self._connection = {"api_key": sandbox.api_key, "api_url": sandbox.url, "enforce_rate_limits": False}
        self.write("target", streams={"users": {"object": "users"}})
        self.write("tap", start_date="2026-08-01")
        selected = [{"breadcrumb": [], "metadata": {"selected": True}}]
        schema = {"tap_stream_id": "users", "stream": "users", "schema": {}, "metadata": selected}
        (path / "catalog.json").write_text(json.dumps({"streams": [schema]}))

    def write(self, name: str, **settings: Any) -> None:
        """Write the settings of one of the plugins."""
        (self.path / f"{name}.json").write_text(json.dumps(self._connection | settings))

    @property
    def tap(self) -> list[str]:
        """The command of the tap."""
        return [str(BIN / "tap-iterable"), "--config", "tap.json", "--catalog", "catalog.json"]

    @property
    def target(self) -> list[str]:
        """The command of the target."""
        return [str(BIN / "target-iterable"), "--config", "target.json"]

    def run(self, command: list[str], text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            command,
            cwd=self.path,
            input=text,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env=os.environ | variables,
        )


@pytest.fixture
def folder(seeded_database: Path, tmp_path: Path) -> Iterator[Folder]:
    """A folder for runs against a seeded project."""
    project = tmp_path / "project.db"
    project.write_bytes(seeded_database.read_bytes())
    with Sandbox(database=str(project)) as sandbox:
        yield Folder(sandbox, tmp_path)


@pytest.fixture
def _in_folder(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the folder."""
    monkeypatch.chdir(folder.path)


def lines(*emails: str) -> str:
    return "".join(f"{json.dumps(message)}\n" for message in stream("users", [{"email": email} for email in emails]))


def test_a_run_of_the_target_is_a_trace_and_its_records_are_counted(folder: Folder) -> None:
    with Collector() as collector:
        text = lines("ann@example.com", "no address")
        ran = folder.run(folder.target, text, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        assert ran.returncode == 0, ran.stderr
        spans = collector.spans
        assert spans["stream users"].parent_span_id == spans["target-iterable run"].span_id
        (bulk,) = (span for span in collector.all_spans if attributes(span.attributes).get("iterable.records"))
        assert bulk.parent_span_id == spans["stream users"].span_id
        verdicts = {dict(key)["iterable.verdict"]: count for key, count in collector.counts("iterable.records").items()}
        assert verdicts == {"read": 2, "written": 1, "rejected": 1}
        assert not any(b"ann@example.com" in body or b"no address" in body for _, body in collector.requests)


def test_a_run_of_the_tap_is_a_trace_and_its_rows_are_counted(folder: Folder) -> None:
    with Collector() as collector:
        ran = folder.run(folder.tap, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        assert ran.returncode == 0, ran.stderr
        rows = sum(json.loads(line)["type"] == "RECORD" for line in ran.stdout.splitlines())
        verdicts = {dict(key)["iterable.verdict"]: count for key, count in collector.counts("iterable.records").items()}
        assert verdicts == {"read": rows}
        names = {span.name for span in collector.all_spans}
        assert {"tap-iterable run", "stream users"} < names
        assert any(name.startswith("GET /api/export/") for name in names)


def test_a_collector_that_is_away_fails_no_run(folder: Folder) -> None:
    ran = folder.run(folder.target, lines("ann@example.com"), OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert ran.returncode == 0
    assert "Traces and metrics of the run could not all be exported" in ran.stderr
    assert ran.stderr.count("WARNING") <= 2


@pytest.mark.usefixtures("_in_folder")
def test_the_target_shows_its_progress_on_a_terminal_and_leaves_only_log_and_table(folder: Folder) -> None:
    with Terminal(columns=160) as terminal:
        process = terminal.start(folder.target, _PLAIN, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(lines("ann@example.com", "bob@example.com", "no address"))
        process.stdin.flush()
        shown = terminal.wait_for(lambda lines: any(line.startswith("users") for line in lines))
        headline = next(line for line in shown if line.startswith("target-iterable  "))
        assert "read" in headline
        process.stdin.close()
        assert process.wait(_TIMEOUT) == 0
        left = terminal.wait_for(lambda lines: lines[-1:] and "rejected 1: invalidEmails" in lines[-1])
    assert not any(line.startswith("target-iterable  ") for line in left)
    assert left[-3].split()[:4] == ["stream", "read", "written", "unchanged"]
    logged = [line for line in left[:-3] if line]
    assert logged
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \| ", line) for line in logged if len(line) < 160)


@pytest.mark.usefixtures("_in_folder")
def test_tap_and_target_share_a_terminal_in_a_shell_pipe(folder: Folder) -> None:
    gate, output = folder.path / "gate", folder.path / "output.singer"
    os.mkfifo(gate)
    pipe = f"{' '.join(folder.tap)} | tee {output} | {{ cat {gate}; cat > /dev/null; }} | {' '.join(folder.target)}"
    with Terminal(columns=250, lines=40) as terminal:
        process = terminal.start(["sh", "-c", pipe], _PLAIN)
        terminal.wait_for(lambda lines: any(line.startswith(("tap-iterable  ", "target-iterable  ")) for line in lines))
        gate.write_text(lines("ann@example.com"))
        assert process.wait(_TIMEOUT) == 0
        left = terminal.wait_for(lambda lines: lines[-1:] and lines[-1].startswith("users"))
        drawn = re.findall(r"(tap|target)-iterable(?:\x1b\[0m)?  \d", terminal.written.decode())
    assert drawn
    assert not any(line.startswith(("tap-iterable  ", "target-iterable  ", "Stream  ")) for line in left)
    plugins = {match[1] for line in left if (match := re.match(r"\d{4}-.*?\| \w+ +\| (tap|target)-iterable", line))}
    assert plugins == {"tap", "target"}
    assert all(json.loads(line) for line in output.read_text().splitlines())


@pytest.mark.parametrize("variables", [{}, {"MELTANO_LOADER_NAME": "target-iterable"}, {"TERM": "dumb"}])
def test_without_a_terminal_no_code_that_steers_one_is_written(folder: Folder, variables: dict[str, str]) -> None:
    ran = folder.run(folder.target, lines("ann@example.com"), **variables)
    assert ran.returncode == 0
    assert "\x1b" not in ran.stderr + ran.stdout
    assert all(json.loads(line) for line in ran.stdout.splitlines())
