"""A run ends after one signal whatever it waits for, and waits for no lock for ever; what has a verdict is kept."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from iterable_api.storage import databases
from tests.scripted_server import Answer, Request, ScriptedServer, answer_json, dripping, silence
from tests.target.loading import Message, stream
from tests.target.test_command_line import COMMAND, settings

pytestmark = pytest.mark.more

PATIENCE = 60


def users(word: str = "") -> list[Message]:
    return stream("users", [{"email": f"{word}{number}@example.com"} for number in range(5)])


MESSAGES = stream("messages", [{"id": 1, "email": "ann@example.com", "campaignId": 5}], key=["id"])
STATE = {"type": "STATE", "value": {"position": 1}}
REMEMBERING = {"users": {"skip_unchanged": True}}
ENDINGS = [signal.SIGINT, signal.SIGTERM]


@dataclass
class Ended:
    """How a run ended. Without a state, `states` is empty."""

    code: int
    log: str
    states: list[Any]
    rejects: list[dict[str, Any]]
    summary: dict[str, Any]


class Running:
    """Runs a target against a server that tells when it was asked."""

    def __init__(self, server: ScriptedServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.asked = Event()
        self.answer: Callable[[Request], Answer] = lambda _: taken()
        server.after = self._answer

    def __call__(self, messages: list[Message], number: signal.Signals | None = None, **given: Any) -> Ended:
        """Run on `messages` and a STATE, and send the signal when the server was asked; the input stays open then."""
        values = {
            "api_key": "k" * 32,
            "api_url": self.server.url,
            "enforce_rate_limits": False,
            "rejects_path": str(self.folder / "rejects"),
            "summary_path": str(self.folder / "summary.json"),
            "ledger": str(self.folder / "ledger.db"),
            **given,
        }
        command = [COMMAND, "--config", settings(self.folder, **values)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            assert process.stdin is not None
            process.stdin.write("".join(json.dumps(message) + "\n" for message in [*messages, STATE]))
            process.stdin.close()
            process.stdin = None
            if number is not None:
                assert self.asked.wait(PATIENCE)
                process.send_signal(number)
            out, log = process.communicate(timeout=PATIENCE)
        return Ended(process.returncode, log, list(map(json.loads, out.splitlines())), *self._files())

    def _files(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        lines = [line for file in self.folder.glob("rejects/*.singer") for line in file.read_text().splitlines()]
        summary = self.folder / "summary.json"
        rejects = [message["reject"] for message in map(json.loads, lines) if "reject" in message]
        return rejects, json.loads(summary.read_text())["streams"] if summary.exists() else {}

    def _answer(self, request: Request) -> Answer:
        if request.method == "GET":
            return answer_json(200, {"fields": {}})
        try:
            return self.answer(request)
        finally:
            self.asked.set()


def taken(count: int = 5) -> Answer:
    return answer_json(200, {"successCount": count, "failCount": 0})


@pytest.fixture
def run(server: ScriptedServer, tmp_path: Path) -> Running:
    return Running(server, tmp_path)


HEAD = dripping([b"HTTP/1.1 200 OK\r\nX-Padding: ", *[b"x"] * 2000])
BODY = dripping([b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", *[b" "] * 2000])
WAITING: Mapping[str, Answer] = {
    "a head that drips": Answer(fault=HEAD),
    "a body that drips": Answer(fault=BODY),
    "silence": Answer(fault=silence),
    "a wait that the answer asks for": Answer(503, headers={"Retry-After": "300"}),
    "a limit that the answer tells of": Answer(429, headers={"Retry-After": "300"}),
}


@pytest.mark.parametrize("number", ENDINGS)
@pytest.mark.parametrize("kind", WAITING)
def test_one_signal_ends_a_run_that_waits_for_an_answer_or_the_next_try(
    run: Running, kind: str, number: signal.Signals
) -> None:
    run.answer = lambda _: WAITING[kind]
    ended = run(users(), number)
    assert (ended.code, ended.states, ended.rejects) == (1, [], [])
    assert "was asked to end" in ended.log
    assert "Traceback" not in ended.log
    assert (ended.summary["users"]["written"], ended.summary["users"]["unsent"]) == (0, 5)


@pytest.mark.parametrize("kind", ["a head that drips", "a body that drips", "silence"])
def test_what_must_not_be_sent_twice_and_is_on_its_way_when_the_signal_comes_is_unconfirmed(
    run: Running, kind: str
) -> None:
    run.answer = lambda _: WAITING[kind]
    ended = run(MESSAGES, signal.SIGTERM, allow_messaging=True)
    assert [reject["code"] for reject in ended.rejects] == ["unconfirmed"], ended
    assert ended.states == [STATE["value"]]
    run.answer = lambda _: answer_json(200, {"code": "Success"})
    run.server.requests.clear()
    again = run(MESSAGES, allow_messaging=True)
    assert again.summary["messages"]["reasons"] == {"unconfirmed": 1}
    assert run.server.requests == []


def test_what_has_its_verdict_is_kept_when_a_signal_ends_the_wait_for_a_limit(run: Running) -> None:
    """Iterable takes three in a second; the signal comes with the first, and all that is written is known as such."""
    run.answer = lambda _: answer_json(200, {"code": "Success"})
    unforgets = stream("user_unforgets", [{"email": f"{number}@example.com"} for number in range(40)])
    ended = run(unforgets, signal.SIGTERM, enforce_rate_limits=True)
    written = ended.summary["user_unforgets"]["written"]
    assert 0 < written == len(run.server.requests) < 40
    assert (ended.code, ended.states) == (1, [])
    rest = run(unforgets)
    assert rest.summary["user_unforgets"]["unchanged"] == written
    assert len(run.server.requests) == 40
    assert (rest.code, rest.states) == (0, [STATE["value"]])


def test_an_answer_that_drips_is_asked_for_again_and_the_run_goes_on(run: Running) -> None:
    run.server.script = [answer_json(200, {"fields": {}}), *[Answer(fault=BODY), Answer(fault=HEAD)]]
    ended = run(users(), stall_timeout_seconds=1)
    assert (ended.code, ended.states) == (0, [STATE["value"]])
    assert "stalled for longer than `stall_timeout_seconds`" in ended.log


def test_answers_that_always_drip_end_the_run_in_words(run: Running) -> None:
    run.answer = lambda _: Answer(fault=BODY)
    ended = run(users(), stall_timeout_seconds=1, max_tries=2, longest_wait_seconds=1)
    assert (ended.code, ended.states) == (1, [])
    assert "no whole answer" in ended.log
    assert "State has not moved past it" in ended.log


@contextmanager
def locked(database: str, table: str) -> Iterator[None]:
    """Another session has the table, and does not give it back."""
    with ExitStack() as stack:
        if database.startswith("postgresql"):
            connection: Any = stack.enter_context(closing(psycopg.connect(database)))
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        else:
            connection = stack.enter_context(
                closing(sqlite3.connect(database, isolation_level=None, check_same_thread=False))
            )
            connection.execute("BEGIN EXCLUSIVE")
        yield


SHARED = {"ledger": "iterable_ledger_log", "rate_limit_store": "iterable_rate_limits"}
"""Setting to the table that a run locks for itself."""


@pytest.mark.parametrize("setting", SHARED)
def test_a_lock_that_another_process_holds_from_the_start_ends_the_run_in_words(
    run: Running, database: str, setting: str
) -> None:
    options: dict[str, Any] = {"streams": REMEMBERING, "enforce_rate_limits": True, setting: database}
    assert run(users(), **options).code == 0
    with locked(database, SHARED[setting]):
        ended = run(users(), **options, lock_timeout_seconds=1)
    assert ended.code != 0
    assert ended.states == []
    assert f"named by `{setting}` is locked by another process" in ended.log
    assert "`lock_timeout_seconds`" in ended.log
    assert "Traceback" not in ended.log


def test_a_signal_before_the_first_message_is_read_ends_the_run_as_a_failure(
    server: ScriptedServer, tmp_path: Path
) -> None:
    ledger = str(tmp_path / "ledger.db")
    given = {"api_key": "k" * 32, "api_url": server.url, "ledger": ledger, "streams": REMEMBERING}
    command = [COMMAND, "--config", settings(tmp_path, **given)]
    pipe = subprocess.PIPE
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            while ledger not in (file.path for file in psutil.Process(process.pid).open_files()):
                assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            out, log = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (1, "")
    assert "asked to end" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("number", [None, signal.SIGTERM])
@pytest.mark.parametrize("setting", SHARED)
def test_a_lock_that_another_process_takes_in_the_middle_ends_the_run_without_state(
    run: Running, database: str, setting: str, number: signal.Signals | None
) -> None:
    """It comes with the first request; a second one is still to follow, and neither can be noted."""
    requests = count()
    with ExitStack() as stack:

        def lock_and_take(_: Request) -> Answer:
            if next(requests) == 0:
                stack.enter_context(locked(database, SHARED[setting]))
            return taken(1)

        run.answer = lock_and_take
        seconds = 1 if number is None else 600
        options: dict[str, Any] = {"streams": REMEMBERING, "enforce_rate_limits": True, setting: database}
        one_by_one = {"max_batch_rows": 1, "max_in_flight": 1, "lock_timeout_seconds": seconds}
        ended = run(users(f"{setting}.{number}."), number, **options, **one_by_one)
    assert (ended.code, ended.states) == (1, [])
    assert f"named by `{setting}` is locked by another process" in ended.log
    assert "Traceback" not in ended.log


def test_a_process_that_stands_still_in_a_transaction_loses_its_locks(database: str) -> None:
    """So a run that is frozen does not stop the others; in SQLite nothing could take a lock from its holder."""
    if not database.startswith("postgresql"):
        pytest.skip("of PostgreSQL only")
    engine = databases.postgresql(database, lock_timeout=1)
    with closing(psycopg.connect(database, autocommit=True)) as other, engine.connect() as frozen:
        other.execute("CREATE TABLE IF NOT EXISTS things (name TEXT)")
        frozen.execute(text("LOCK TABLE things IN ACCESS EXCLUSIVE MODE"))
        other.execute("SET lock_timeout = 30000")
        assert other.execute("SELECT count(*) FROM things").fetchone() == (0,)
        with pytest.raises(DBAPIError):
            frozen.execute(text("SELECT 1"))
    engine.dispose()
