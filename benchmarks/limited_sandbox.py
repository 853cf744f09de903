"""The sandbox in a process of its own, with its limits on and its answers late."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from multiprocessing.connection import Connection
from threading import Event
from time import monotonic
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.responses import Response

from benchmarks.limited import LATENCY, Limited, Span, told
from benchmarks.rows import CATALOG
from benchmarks.server import serving
from iterable_sandbox.faults.kinds import Slow
from iterable_sandbox.server import Sandbox

API_KEY: Final = "bench"
_WRITES: Final = "POST /api/*"
_WHOLE: Final = 1_000_000
"""No answer to a write is longer, so that each is late only once."""


@contextmanager
def limited_sandbox() -> Iterator[Limited]:
    """An empty project, but for a catalog."""
    moments = multiprocessing.get_context("spawn").Array("d", 2)
    with serving(partial(_serve, moments)) as server:
        yield Limited(server.url, lambda: _span(server.url, moments[1] - moments[0]))


def _span(url: str, seconds: float) -> Span:
    """The log of the sandbox knows times in whole seconds only, so how long it took is told apart."""
    log = told(f"{url}/_sandbox/requests?route={quote(_WRITES)}")["requests"]
    served = [(entry["records"], entry["request_bytes"]) for entry in log if entry["status"] == HTTPStatus.OK]
    records, size = map(sum, zip(*served, strict=True))
    return Span(len(served), len(log) - len(served), records, size, seconds)


@dataclass(frozen=True, kw_only=True)
class _Late(Slow):
    """Notes when the first request came, and when the last answer leaves."""

    moments: Any

    def response(self) -> None:
        self.moments[0] = self.moments[0] or monotonic()

    def altered(self, answer: Response) -> Response:
        self.moments[1] = monotonic() + self.seconds
        return super().altered(answer)


def _serve(moments: Any, pipe: Connection) -> None:
    with Sandbox(api_key=API_KEY, limits=True) as sandbox:
        sandbox.store.catalogs.create(CATALOG)
        sandbox.project.faults.add(_Late(route=_WRITES, times=None, bytes=_WHOLE, seconds=LATENCY, moments=moments))
        pipe.send(urlsplit(sandbox.url).port)
        Event().wait()
