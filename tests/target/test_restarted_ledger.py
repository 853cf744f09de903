"""A ledger on PostgreSQL outlives a restart of the server and the death of workers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest

from demo.postgresql import Server, running_server
from target_iterable.ledger.errors import LedgerError
from target_iterable.ledger.idempotency_keys import IdempotencyStore
from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.opening import open_ledger
from tests.target.conftest import NewProject
from tests.target.loading import stream
from tests.target.test_command_line import COMMAND, settings

API_KEY = "0123456789abcdef0123456789abcdef"
CONTENT = b"content of a key"
HOLDING = """
import sys
from target_iterable.ledger.opening import open_ledger
ledger = open_ledger(sys.argv[1], sys.argv[2])
with ledger._exclusive_write():
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server") / "postgres") as running:
        yield running


@pytest.fixture
def ledger(server: Server) -> Iterator[Ledger]:
    with closing(open_ledger(server.url, API_KEY, lock_timeout=30)) as opened:
        yield opened


def soon(server: Server, is_so: Callable[[str], bool], question: str) -> None:
    deadline = time.monotonic() + 30
    while not is_so(server.run(question)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_entry_whose_transaction_is_lost_in_a_restart_is_made_again(server: Server, ledger: Ledger) -> None:
    """It waits for a lock, so it is in the middle of its transaction when the server stops."""
    key = ledger.key("scope", "interrupted")
    with closing(psycopg.connect(server.url)) as other:
        other.execute("LOCK TABLE iterable_ledger_log IN EXCLUSIVE MODE")
        claiming = Thread(target=ledger.claim, args=([key],))
        claiming.start()
        soon(server, lambda found: " 1" in found, "SELECT count(*) FROM pg_locks WHERE NOT granted")
        server.stop()
    server.start()
    claiming.join(60)
    ledger.commit({key: CONTENT})
    assert ledger.read([key]) == {key: CONTENT}


def test_a_reserved_key_is_still_this_runs_after_a_restart(server: Server, ledger: Ledger) -> None:
    keys = IdempotencyStore(ledger)
    key = keys.key("message", "1")
    assert keys.reserve([key]) == {key}
    server.end_sessions()
    assert keys.reserve([key]) == {key}
    server.stop()
    server.start()
    keys.complete([key])
    assert keys.read([key]) == {key: True}


def test_a_server_that_does_not_come_back_is_waited_for_once(server: Server) -> None:
    with closing(open_ledger(server.url, API_KEY, lock_timeout=2)) as ledger:
        key = ledger.key("scope", "away")
        server.stop()
        began = time.monotonic()
        try:
            for _ in range(3):
                with pytest.raises(LedgerError, match="`ledger`"):
                    ledger.claim([key])
        finally:
            waited = time.monotonic() - began
            server.start()
    assert 2 <= waited < 6


def test_the_lock_of_a_worker_that_was_killed_is_free_at_once(server: Server, ledger: Ledger) -> None:
    command = [sys.executable, "-c", HOLDING, server.url, API_KEY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "locked\n"
        worker.send_signal(signal.SIGKILL)
        worker.wait(30)
        began = time.monotonic()
        ledger.claim([ledger.key("scope", "locked")])
    assert time.monotonic() - began < 10


def test_a_claim_of_a_worker_that_died_costs_two_sendings_and_blocks_nothing(server: Server) -> None:
    def has_content(action: Callable[[Ledger, bytes], None]) -> bool:
        """One run, which does something with the key after it has looked it up."""
        with closing(open_ledger(server.url, API_KEY)) as ledger:
            key = ledger.key("scope", "orphaned")
            known = bool(ledger.read([key]))
            action(ledger, key)
            return known

    def send(ledger: Ledger, key: bytes) -> None:
        ledger.claim([key])
        ledger.commit({key: CONTENT})

    def die(ledger: Ledger, key: bytes) -> None:
        ledger.claim([key])

    has_content(send)
    assert has_content(die)
    assert not has_content(send)
    assert not has_content(send)
    assert has_content(send)


@pytest.mark.more
def test_a_run_goes_on_when_the_database_of_all_that_it_shares_is_restarted(
    new_project: NewProject, server: Server, tmp_path: Path
) -> None:
    project = new_project(limits=True)
    shared = {"rate_limit_store": server.url, "ledger": server.url, "run_history": server.url}
    config: dict[str, Any] = {
        "api_key": project.sandbox.api_key,
        "api_url": project.sandbox.url,
        "streams": {"users": {"skip_unchanged": True}},
        "max_batch_rows": 20,
        "rejects_path": str(tmp_path / "rejects"),
        **shared,
    }
    users = [json.dumps(line) for line in stream("users", [{"email": f"{n}@example.com"} for n in range(400)])]
    (tmp_path / "users.singer").write_text("\n".join(users))
    command = [COMMAND, "--config", settings(tmp_path, **config)]
    with (
        (tmp_path / "users.singer").open() as messages,
        subprocess.Popen(command, stdin=messages, stderr=subprocess.PIPE, text=True) as run,
    ):
        deadline = time.monotonic() + 60
        while not project.sandbox.requests("POST /api/users/bulkUpdate"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        server.stop()
        before = len(project.sandbox.requests("POST /api/users/bulkUpdate"))
        server.start()
        log = run.communicate()[1]
    assert before < 20
    assert run.returncode == 0, log
    assert {entry.status for entry in project.sandbox.requests()} == {200}
    assert project.sandbox.counts()["users"] == 400
    assert "succeeded" in server.run("SELECT status FROM iterable_runs")
