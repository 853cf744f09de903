"""Reading goes on while records are sent, by as much as is sent at a time, and state waits for its records."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.requests.flush_policy import MIN_REQUESTS
from target_iterable.target import TargetIterable
from tests.scripted_server import Answer, Request, ScriptedServer, answer_json
from tests.target.loading import Message, stream
from tests.target.piping import piped

LOAD = 2 * MIN_REQUESTS
"""So many messages, half of them states, are sent together where a request holds one record."""
PATIENCE_S = 20
"""How long the server waits for what must happen; a test that goes well never does."""


class Run:
    """A target with one record in a request, so that it sends whenever it has read `LOAD` messages.

    Attributes:
        read: how many messages it has asked for.
        seen: how many of them it had asked for, and what it had emitted, when a request came.
    """

    def __init__(self, server: ScriptedServer, folder: Path) -> None:
        self.read = 0
        self.seen: list[tuple[int, str]] = []
        self.answered = 0
        self.output = io.StringIO()
        self._server = server
        self._summary = folder / "summary.json"
        server.after = self._answer
        self.goes_on = Event()

    def __call__(self, messages: list[Message], status: int = 200) -> None:
        self._status = status
        config = {
            "api_key": "k",
            "api_url": self._server.url,
            "enforce_rate_limits": False,
            "max_batch_rows": 1,
            "summary_path": str(self._summary),
        }
        with redirect_stdout(self.output):
            TargetIterable(config=config).listen(io.TextIOWrapper(piped(self._lines(messages))))

    @property
    def users(self) -> dict[str, Any]:
        return dict(json.loads(self._summary.read_text())["streams"]["users"])

    @property
    def positions(self) -> list[int]:
        return [json.loads(line)["position"] for line in self.output.getvalue().splitlines()]

    def _lines(self, messages: list[Message]) -> Iterator[bytes]:
        for self.read, message in enumerate(messages, 1):
            if self.read > LOAD + LOAD // 2:
                self.goes_on.set()
            if self.read > 2 * LOAD + 1:
                assert self.answered, "more is read than may wait"
            yield json.dumps(message).encode() + b"\n"

    def _answer(self, request: Request) -> Answer:
        if request.method == "GET":
            return answer_json(200, {"fields": {}})
        self.seen.append((self.read, self.output.getvalue()))
        assert self.goes_on.wait(PATIENCE_S)
        self.answered += 1
        return answer_json(self._status, {"successCount": 1, "failCount": 0})


@pytest.fixture
def run(server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return Run(server, tmp_path)


def messages(count: int) -> list[Message]:
    schema, *records = stream("users", [{"email": f"{n}@example.com"} for n in range(count)])
    states = [{"type": "STATE", "value": {"position": n}} for n in range(1, count + 1)]
    return [schema, *(message for pair in zip(records, states, strict=True) for message in pair)]


def test_the_next_records_are_read_while_the_first_are_sent_and_no_more(run: Run) -> None:
    run(messages(80))
    assert run.goes_on.is_set()
    assert (run.users["read"], run.users["written"]) == (80, 80)


def test_state_is_emitted_when_its_records_are_delivered_and_in_order(run: Run) -> None:
    run(messages(80))
    first, last = run.seen[0], run.seen[-1]
    assert first[1] == ""
    assert len(last[1].splitlines()) >= 80 // MIN_REQUESTS - 2
    assert run.positions == sorted(run.positions)
    assert run.positions[-1] == 80


def test_a_failure_ends_the_run_though_there_is_more_to_read_and_what_was_read_is_counted(run: Run) -> None:
    with pytest.raises(DeliveryFailedError, match="401"):
        run(messages(400), status=401)
    assert run.read <= 2 * LOAD + 1
    assert run.positions == []
    users = run.users
    assert (users["written"], users["unsent"]) == (0, users["read"])
    assert users["read"] == run.read // 2
