"""How a step ends when its plugins are stopped, are too early, or fail: real plugins, and scripts in others' place."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from singer_sdk.exceptions import ConfigValidationError

from iterable_sandbox.server import Sandbox
from singer_iterable.running import endings
from singer_iterable.running.catalogs import DiscoveryFailedError, SettingsRefusedError
from singer_iterable.running.days import NotOverError
from singer_iterable.running.plugins import Command, private_files
from singer_iterable.running.state_stores import StateStore, state_store
from singer_iterable.running.steps import Step, StepFailedError, run_step
from tap_iterable.config.settings import SCHEMA
from tap_iterable.tap import EXPECTED_ERRORS as TAP_ERRORS
from target_iterable.command_line import EXPECTED_ERRORS as TARGET_ERRORS

AWAY = "postgresql://me@127.0.0.1:1/away"
EXPORT = "GET /api/export/data.json"
DISCOVERS = """
import json, os, signal, sys, time
if '--discover' in sys.argv:
    print(json.dumps({'streams': [{'tap_stream_id': 'u'}]}))
    sys.exit()
"""
USER = """
schema = {'properties': {'email': {'type': 'string'}}}
print(json.dumps({'type': 'SCHEMA', 'stream': 'u', 'schema': schema, 'key_properties': ['email']}))
print(json.dumps({'type': 'RECORD', 'stream': 'u', 'record': {'email': 'a@example.com'}}))
print(json.dumps({'type': 'STATE', 'value': {'n': 1}}), flush=True)
"""
SINKS = "import sys\nfor line in sys.stdin: pass\n"
ECHOES = "import json, sys\nfor n, line in enumerate(sys.stdin): print(json.dumps({'n': n}), flush=True)\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    with closing(state_store(str(tmp_path / "states.db"))) as opened:
        yield opened


@pytest.fixture
def seeded(seeded_database: Path, tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(database=str(shutil.copy(seeded_database, tmp_path / "project.db"))) as running:
        yield running


class Scripts:
    """Programs in Python, and steps of them."""

    def __init__(self, folder: Path, store: StateStore) -> None:
        self.folder = folder
        self.store = store

    def command(self, name: str, body: str, **config: Any) -> Command:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(f"#!{sys.executable}\n{body}")
        path.chmod(0o755)
        return Command(str(path), config)

    def run(self, extractor: Command, loader: Command, *streams: str, goes_on: bool = False) -> list[str]:
        lines: list[str] = []
        step = Step(extractor, loader, "state", streams or ("*",), goes_on=goes_on)
        run_step(step, self.store, self.folder / "run", attempt="1", tell=lines.append)
        return lines

    def failure(self, extractor: Command, loader: Command, *streams: str, goes_on: bool = False) -> StepFailedError:
        with pytest.raises(StepFailedError) as raised:
            self.run(extractor, loader, *streams, goes_on=goes_on)
        return raised.value


@pytest.fixture
def scripts(tmp_path: Path, store: StateStore) -> Scripts:
    return Scripts(tmp_path, store)


def tap(url: str, **settings: Any) -> Command:
    days = {"start_date": "2026-10-07", "end_date": "2026-10-08"}
    config = {"api_key": "0" * 32, "api_url": url, "enforce_rate_limits": False, "max_tries": 1, **days, **settings}
    return Command("tap-iterable", config)


def target(url: str, folder: Path, **settings: Any) -> Command:
    given: Mapping[str, Any] = {"streams": {"u": {"object": "users"}}, "ledger": str(folder / "ledger.db")}
    config = {"api_key": "0" * 32, "api_url": url, "enforce_rate_limits": False, "max_tries": 1, **given, **settings}
    return Command("target-iterable", config)


# A loader that ends the tap as a machine does that is shut down: when the first message has come.
STOPS_THE_TAP = """
import os, signal, sys
sys.stdin.readline()
parent = os.getppid()
for pid in filter(str.isdigit, os.listdir('/proc')):
    try:
        line, stat = open(f'/proc/{pid}/cmdline').read(), open(f'/proc/{pid}/stat').read()
    except OSError:
        continue
    if 'tap-iterable' in line and int(stat.rsplit(')', 1)[1].split()[1]) == parent:
        os.kill(int(pid), signal.SIGTERM)
for line in sys.stdin: pass
"""


@pytest.mark.more
@pytest.mark.parametrize("run_history", ["iterable-runs.db", ""])
def test_a_tap_that_a_signal_ends_has_failed_with_and_without_a_run_history(
    scripts: Scripts, seeded: Sandbox, run_history: str
) -> None:
    seeded.inject("slow", route=EXPORT, bytes=2_000, seconds=0.2, times=None)
    reading = tap(seeded.url, api_key=seeded.api_key, run_history=run_history)
    failure = scripts.failure(reading, scripts.command("loader", STOPS_THE_TAP), "email_send", "email_click")
    assert "tap-iterable has failed with exit code 0: A signal" in str(failure)
    assert failure.is_worth_a_retry


def test_a_target_that_a_signal_ends_has_failed(scripts: Scripts, seeded: Sandbox, tmp_path: Path) -> None:
    stops = f"""{USER}
import psutil
heeds = lambda pid: int(open(f'/proc/{{pid}}/status').read().split('SigCgt:')[1].split()[0], 16) >> 14 & 1
loaders = []
while not loaders:
    children = psutil.Process(os.getppid()).children()
    loaders = [one for one in children if 'target-iterable' in ' '.join(one.cmdline()) and heeds(one.pid)]
    time.sleep(0.1)
[loader] = loaders
loader.terminate()
time.sleep(60)
"""
    loader = target(seeded.url, tmp_path, api_key=seeded.api_key, run_history="")
    failure = scripts.failure(scripts.command("source", DISCOVERS + stops), loader)
    assert "target-iterable has failed with exit code 1: A signal" in str(failure)
    assert failure.is_worth_a_retry


def test_a_plugin_of_the_sdk_that_a_signal_has_stopped_has_failed(scripts: Scripts) -> None:
    stopped = f"{DISCOVERS}{USER}\nprint('INFO | Gracefully shutting down...', file=sys.stderr)"
    failure = scripts.failure(scripts.command("source", stopped), scripts.command("loader", SINKS))
    assert "source has failed with exit code 0: A signal" in str(failure)
    assert failure.is_worth_a_retry


def test_a_plugin_of_ours_that_does_not_say_how_it_ended_has_failed(scripts: Scripts) -> None:
    silent = scripts.command("old/tap-iterable", DISCOVERS + USER)
    assert "has not said" in str(scripts.failure(silent, scripts.command("loader", SINKS)))


def test_a_range_is_not_read_before_it_is_over_by_hold_back_minutes(scripts: Scripts) -> None:
    loader = scripts.command("loader", SINKS)
    for ago, hold_back in ((timedelta(seconds=20), {}), (timedelta(minutes=5), {"hold_back_minutes": 60})):
        end = datetime.now(UTC) - ago
        for text in (end.isoformat(), f"{end:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%d %H:%M:%S +00:00}"):
            with pytest.raises(NotOverError, match="hold_back_minutes"):
                scripts.run(tap("http://127.0.0.1:1", end_date=text, **hold_back), loader, "lists")
    assert SCHEMA["properties"]["hold_back_minutes"]["default"] == 1


@pytest.mark.more
def test_what_is_away_is_worth_a_retry(scripts: Scripts, tmp_path: Path) -> None:
    nobody, loader = "http://127.0.0.1:1", scripts.command("loader", SINKS)
    source = scripts.command("source", DISCOVERS + USER)
    with pytest.raises(DiscoveryFailedError) as raised:
        scripts.run(tap(nobody, rate_limit_store=AWAY, enforce_rate_limits=True), loader, "lists")
    assert not isinstance(raised.value, SettingsRefusedError)
    for extractor, sink in (
        (tap(nobody), loader),
        (source, target(nobody, tmp_path)),
        (source, target(nobody, tmp_path, ledger=AWAY)),
        (source, target(nobody, tmp_path, rate_limit_store=AWAY, enforce_rate_limits=True)),
        (source, target(nobody, tmp_path, run_history="")),
    ):
        assert scripts.failure(extractor, sink, "lists" if extractor is not source else "u").is_worth_a_retry


@pytest.mark.more
def test_what_is_refused_is_not_worth_a_retry(scripts: Scripts, seeded: Sandbox, tmp_path: Path) -> None:
    loader, source = scripts.command("loader", SINKS), scripts.command("source", DISCOVERS + USER)
    with pytest.raises(SettingsRefusedError, match="window_days"):
        scripts.run(tap(seeded.url, window_days="many"), loader, "lists")
    for extractor, sink in (
        (tap(seeded.url), loader),  # another key
        (tap(seeded.url, run_history=""), loader),
        (source, target(seeded.url, tmp_path)),
        (source, target(seeded.url, tmp_path, batch_size="many")),
    ):
        failure = scripts.failure(extractor, sink, "lists" if extractor is not source else "u")
        assert not failure.is_worth_a_retry, failure


def test_a_killed_plugin_is_worth_a_retry_whatever_it_was_answered_before(scripts: Scripts) -> None:
    killed = f"{DISCOVERS}{USER}os.kill(os.getpid(), signal.SIGKILL)"
    assert scripts.failure(scripts.command("source", killed), scripts.command("loader", SINKS)).is_worth_a_retry
    refused = endings.Ending("failed", frozenset({"BadRequestError"}))
    assert [refused.is_worth_a_retry(code) for code in (1, 2, -9)] == [False, False, True]
    assert not endings.Ending().is_worth_a_retry(2)
    assert endings.Ending().is_worth_a_retry(1)


def family(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    yield kind
    for heir in kind.__subclasses__():
        yield from family(heir)


def test_errors_that_decide_about_retries_are_names_of_errors() -> None:
    kinds = {one.__name__ for known in (*TAP_ERRORS, *TARGET_ERRORS, ConfigValidationError) for one in family(known)}
    assert (endings.LASTING | endings.PASSING) - kinds == set()


def test_the_last_state_of_a_loader_is_kept_when_the_step_fails(scripts: Scripts, store: StateStore) -> None:
    fails = scripts.command("source", f"{DISCOVERS}{USER}sys.exit(1)")
    scripts.failure(fails, scripts.command("loader", ECHOES))
    assert store.read("state") == {"attempt": "1", "state": {"n": 2}}


def test_extractor_and_loader_of_one_name_get_their_own_settings(scripts: Scripts) -> None:
    shows = "print(open(sys.argv[2]).read(), file=sys.stderr)\n"
    extractor = scripts.command("a/run", DISCOVERS + shows, who="extractor")
    lines = scripts.run(extractor, scripts.command("b/run", f"import sys\n{shows}sys.stdin.read()", who="loader"))
    assert sorted(lines) == ['{"who": "extractor"}', '{"who": "loader"}']


WORKER = """
import sys
from contextlib import closing
from pathlib import Path
from singer_iterable.running.plugins import Command
from singer_iterable.running.state_stores import state_store
from singer_iterable.running.steps import Step, run_step
folder = Path(sys.argv[1])
with closing(state_store(str(folder / "states.db"))) as store:
    step = Step(Command(str(folder / "source"), {"key": "s3cret"}), Command(str(folder / "loader"), {}), "state")
    run_step(step, store, folder / "run", attempt="1")
"""


def worker(scripts: Scripts) -> subprocess.Popen[str]:
    """A process that runs a step whose extractor says its number, and waits."""
    scripts.command("source", f"{DISCOVERS}{USER}print(os.getpid(), file=sys.stderr, flush=True)\ntime.sleep(3600)")
    scripts.command("loader", SINKS)
    (scripts.folder / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(scripts.folder)],
        env={**os.environ, "TMPDIR": str(scripts.folder / "tmp")},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_sigterm_ends_the_plugins_and_removes_their_settings_before_it_ends_the_worker(scripts: Scripts) -> None:
    with worker(scripts) as process:
        assert process.stderr is not None
        extractor = int(process.stderr.readline())
        assert [*(scripts.folder / "tmp").iterdir()] != []
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM
    assert not psutil.pid_exists(extractor)
    assert [*(scripts.folder / "tmp").iterdir()] == []


def test_settings_of_a_worker_that_was_killed_are_removed_by_the_next_and_those_of_a_living_one_are_not(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = scripts.folder / "tmp"
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with worker(scripts) as process:
        assert process.stderr is not None
        extractor = int(process.stderr.readline())
        [folder] = temporary.iterdir()
        os.utime(folder, (0, 0))
        with private_files():
            assert folder.exists()
        process.kill()
        process.wait(60)
        os.kill(extractor, signal.SIGKILL)  # it does not write, so it would not notice
    os.utime(folder, (0, 0))
    with private_files():
        assert not folder.exists()
