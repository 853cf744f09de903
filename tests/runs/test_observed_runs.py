"""What OpenTelemetry and a terminal get from real runs of tap and target."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from iterable_sandbox.server import Sandbox
from tests.runs.collector import Collector, attributes
from tests.runs.commands import PATIENCE, TapCommand, TargetCommand, lines
from tests.runs.terminals import Terminal
from tests.target.loading import Message, stream

pytestmark = pytest.mark.more

_PLAIN: Final[Mapping[str, str]] = {"MELTANO_EXTRACTOR_NAME": "", "MELTANO_LOADER_NAME": "", "TERM": "xterm"}
_DRAWN: Final = ("tap-iterable  ", "target-iterable  ", "Stream  ")
"""How lines of the display begin."""
_LOGGED: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \| \w+ +\| (tap|target)-iterable")


@pytest.fixture
def target(sandbox: Sandbox, tmp_path: Path) -> TargetCommand:
    """The target."""
    (tmp_path / "target").mkdir()
    command = TargetCommand(sandbox, tmp_path / "target")
    command.settings["streams"] = {"users": {"object": "users"}}
    return command


@pytest.fixture
def tap(seeded_database: Path, tmp_path: Path) -> Iterator[TapCommand]:
    """The tap, which reads a seeded project."""
    folder = tmp_path / "tap"
    folder.mkdir()
    (folder / "project.db").write_bytes(seeded_database.read_bytes())
    with Sandbox(database=str(folder / "project.db")) as sandbox:
        yield TapCommand(sandbox, folder)


def users(*emails: str) -> list[Message]:
    return stream("users", [{"email": email} for email in emails])


def verdicts(collector: Collector) -> dict[str, int]:
    return {dict(key)["iterable.verdict"]: count for key, count in collector.counts("iterable.records").items()}


def test_a_run_of_the_target_is_a_trace_and_its_records_are_counted(
    target: TargetCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        ran = target.run(users("ann@example.com", "no address"))
        assert ran.returncode == 0, ran.stderr
    spans = collector.spans
    assert spans["stream users"].parent_span_id == spans["target-iterable run"].span_id
    (bulk,) = (span for span in collector.all_spans if attributes(span.attributes).get("iterable.records"))
    assert bulk.parent_span_id == spans["stream users"].span_id
    assert verdicts(collector) == {"read": 2, "written": 1, "rejected": 1}
    assert not any(b"ann@example.com" in body or b"no address" in body for _, body in collector.requests)


def test_a_run_of_the_tap_is_a_trace_and_its_rows_are_counted(tap: TapCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    selected = tap.select("users")
    with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        ran = tap.run(*selected)
        assert ran.returncode == 0, ran.stderr
    rows = sum(json.loads(line)["type"] == "RECORD" for line in ran.stdout.splitlines())
    assert rows
    assert verdicts(collector) == {"read": rows}
    names = {span.name for span in collector.all_spans}
    assert {"tap-iterable run", "stream users"} < names
    assert any(name.startswith("GET /api/export/") for name in names)


def test_a_collector_that_is_away_fails_no_run(target: TargetCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    ran = target.run(users("ann@example.com"))
    assert ran.returncode == 0
    assert "Traces and metrics of the run could not all be exported" in ran.stderr
    assert ran.stderr.count("WARNING") <= 2


def test_the_target_shows_its_progress_on_a_terminal_and_leaves_only_log_and_table(
    target: TargetCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(target.folder)
    emails = [f"user-{number}@example.com" for number in range(1_500)]
    with Terminal(columns=250) as terminal:
        command = target.arguments(max_batch_rows=100)
        process = terminal.start(command, _PLAIN, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(lines(users(*emails, "no address")))
        process.stdin.flush()
        shown = terminal.wait_for(lambda seen: [line for line in seen if re.match(r"users +[1-9]", line)])
        headline, heading = (line for line in shown if line.startswith(("target-iterable  ", "Stream  ")))
        assert re.search(r"· [\d,]+ read · [\d,]+ a second", headline)
        assert heading.split()[:3] == ["Stream", "Read", "Written"]
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
        left = terminal.wait_for(lambda seen: seen and seen[-1].endswith("by `target-iterable --input FILE`."))
    assert not any(line.startswith(_DRAWN) for line in left)
    end = next(place for place, line in enumerate(left) if line.strip() == "rejected 1: invalidEmails")
    assert left[end - 2].split()[:4] == ["stream", "read", "written", "unchanged"]
    assert left[end - 1].split()[:4] == ["users", "1,501", "1,500", "0"]
    logged = [line for line in [*left[: end - 2], left[end + 1]] if line]
    assert logged
    assert all(re.match(r"\d{4}-\d\d-\d\d ", line) for line in logged)


def test_tap_and_target_share_a_terminal_in_a_shell_pipe(
    tap: TapCommand, target: TargetCommand, tmp_path: Path
) -> None:
    gate, output = tmp_path / "gate", tmp_path / "output.singer"
    os.mkfifo(gate)
    selected = tap.select("users")
    read = f"cd {tap.folder}; {shlex.join([*tap.arguments(), *selected])}"
    write = f"cd {target.folder}; {shlex.join(target.arguments())}"
    # The target gets what comes through the gate, and its input stays open as long as the tap runs: `true` keeps the
    # shell there, which would otherwise become the last `cat`, whose output is elsewhere.
    pipe = f"({read}) | tee {output} | {{ cat {gate}; cat > /dev/null; true; }} | ({write})"
    with Terminal(columns=250, lines=40) as terminal:
        process = terminal.start(["sh", "-c", pipe], _PLAIN)
        terminal.wait_for(lambda seen: any(line.startswith(_DRAWN) for line in seen))
        gate.write_text(lines(users("ann@example.com")))
        assert process.wait(PATIENCE) == 0
        # Which of the two ends last is not known.
        left = terminal.wait_for(
            lambda seen: (
                any(line.startswith("users ") for line in seen) and not any(line.startswith(_DRAWN) for line in seen)
            )
        )
    assert {match[1] for line in left if (match := _LOGGED.match(line))} == {"tap", "target"}
    assert all(json.loads(line) for line in output.read_text().splitlines())


@pytest.mark.parametrize("variables", [{}, {"MELTANO_LOADER_NAME": "target-iterable"}])
def test_without_a_terminal_no_code_that_steers_one_is_written(
    target: TargetCommand, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ran = target.run(users("ann@example.com"))
    assert ran.returncode == 0
    assert "\x1b" not in ran.stderr + ran.stdout
    assert all(json.loads(line) for line in ran.stdout.splitlines())
