"""Runs of the target whose requests are watched, and answered when a test says so.

    traffic = Traffic(lambda number: ACCEPTED)      # the answer to each request that writes, by its number from 0
    positions = watched_run(traffic, users(["ann", "bob"]))     # the fixture `watched_run`; STATE is behind each user
    assert traffic.bodies == [[0, 1]]

The messages may come from a generator, which goes on when the target has processed what came before; `target` is the
target meanwhile.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from threading import Lock
from typing import Any

from target_iterable.target import TargetIterable
from tests.scripted_server import Answer, Request, ScriptedServer, answer_json
from tests.target.loading import Message, stream
from tests.target.piping import piped

PATIENCE_S = 30
"""How long a test waits for what must happen; a test that goes well never does."""
RECORD_BYTES = 950_000
"""Four such records fill a request."""
_PIECE = 8192
ACCEPTED = answer_json(200, {"successCount": 4, "failCount": 0})


class Traffic:
    """What the server sees of requests that write.

    Attributes:
        bodies: the values of `n` in each request, as they came.
        most: how many requests were on their way at a time.
    """

    def __init__(self, answer: Callable[[int], Answer]) -> None:
        self.bodies: list[list[int]] = []
        self.most = 0
        self._answer = answer
        self._under_way = 0
        self._lock = Lock()

    def __call__(self, request: Request) -> Answer:
        if request.method == "GET":
            return answer_json(200, {"fields": {}})
        with self._lock:
            number = len(self.bodies)
            self.bodies.append([user["dataFields"]["n"] for user in json.loads(request.body).get("users", ())])
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        try:
            return self._answer(number)
        finally:
            with self._lock:
                self._under_way -= 1


class WatchedRun:
    """Runs the target against a server.

    Attributes:
        target: the target of the last run.
        positions: the positions of the states that it has emitted, also if it failed.
    """

    target: TargetIterable

    def __init__(self, server: ScriptedServer) -> None:
        self._server = server
        self._output = io.StringIO()

    @property
    def positions(self) -> list[int]:
        return [json.loads(line)["position"] for line in self._output.getvalue().splitlines()]

    def __call__(self, traffic: Traffic, messages: Iterable[Message], **settings: Any) -> list[int]:
        self._server.after = traffic
        self._output = io.StringIO()
        config = {"api_key": "k", "api_url": self._server.url, "enforce_rate_limits": False, "max_tries": 1, **settings}
        self.target = TargetIterable(config=config)
        with redirect_stdout(self._output):
            self.target.listen(io.TextIOWrapper(piped(_pieces(messages))))
        return self.positions

    def await_(self, happens: Callable[[], bool], *, or_failure: bool = True) -> None:
        """Wait until something happens, or a load has failed. Nothing else may be due to be sent."""
        end = time.monotonic() + PATIENCE_S
        while not happens() and not (or_failure and self.target.deliveries.is_due()):
            assert time.monotonic() < end
            time.sleep(0.001)


def users(who: Sequence[str], size: int = RECORD_BYTES, first: int = 0) -> list[Message]:
    """Large profiles, each with its number from `first` on, and a STATE behind each."""
    schema, *records = stream(
        "users", [{"email": f"{name}@example.com", "n": first + n, "text": "x" * size} for n, name in enumerate(who)]
    )
    states = [{"type": "STATE", "value": {"position": first + n}} for n in range(1, len(who) + 1)]
    return [schema, *(message for pair in zip(records, states, strict=True) for message in pair)]


def _pieces(messages: Iterable[Message]) -> Iterator[bytes]:
    for message in messages:
        line = json.dumps(message).encode() + b"\n"
        yield from (line[start : start + _PIECE] for start in range(0, len(line), _PIECE))
