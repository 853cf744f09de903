"""A server that keeps the documented limits in real time, answers after 200 ms, and tells what it saw."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from benchmarks.rows import CATALOG
from benchmarks.server import Handler, serve, serving
from iterable_sandbox.rules.rate_limits import RateLimits
from iterable_sandbox.wire.clock import Clock

LATENCY: Final = 0.2
_ROWS: Final = re.compile(r"/rows/\d+")
_SPAN: Final = "/span"


@dataclass(frozen=True)
class Span:
    """What a server saw of one run.

    Attributes:
        requests: those that were served.
        refused: requests that came too early.
        records: those that were written.
        seconds: from the first request to the last answer.
    """

    requests: int
    refused: int
    records: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Limited:
    """A server that keeps the limits; `span` tells what it saw so far."""

    url: str
    span: Callable[[], Span]


def template(path: str) -> str:
    """A path as the table of limits has it."""
    return _ROWS.sub("", path.partition("?")[0]).replace(CATALOG, "{catalogName}")


@contextmanager
def counting() -> Iterator[Limited]:
    """A server that only counts what comes, and sends exports that lie ready."""
    with serving(_serve) as server:
        yield Limited(server.url, lambda: Span(**told(f"{server.url}{_SPAN}")))


class LimitedHandler(Handler):
    """Takes its time, and refuses what is beyond the limits."""

    _buckets: ClassVar[RateLimits] = RateLimits(Clock())
    _counts: ClassVar[dict[str, int]] = {"requests": 0, "refused": 0, "bytes": 0}
    _moments: ClassVar[list[float]] = []

    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        """Send an export or refuse it; tell what was seen, or what has nothing to do with limits."""
        if self.path.startswith(_SPAN):
            seconds = self._moments[-1] - self._moments[0]
            self.answer(self._counts | {"records": self._counted(), "seconds": seconds})
        elif template(self.path).startswith("/api/export/"):
            self._within_limits("GET", super().do_GET)
        else:
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802 (the library's name)
        """Take a request, or refuse it."""
        self._within_limits("POST", super().do_POST)

    def _within_limits(self, method: str, serve: Callable[[], None]) -> None:
        accepted = self._arrive(method)
        time.sleep(LATENCY)
        if accepted:
            serve()
        else:
            self.rfile.read(self._length)
            self.send_error(429)
        with self.lock:
            self._moments.append(time.monotonic())

    def _arrive(self, method: str) -> bool:
        with self.lock:
            self._moments.append(time.monotonic())
            fits = self._buckets.admit(method, template(self.path), "")
            self._counts["requests" if fits else "refused"] += 1
            self._counts["bytes"] += fits * self._length
        return fits

    @property
    def _length(self) -> int:
        return int(self.headers.get("Content-Length", 0))


def _serve(pipe: Connection) -> None:
    serve(pipe, LimitedHandler)


def told(url: str) -> Any:
    """The JSON that a server answers."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc)
    connection.request("GET", f"{parts.path}?{parts.query}")
    content = json.loads(connection.getresponse().read())
    connection.close()
    return content
