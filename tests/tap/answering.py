"""A scripted API that answers by path, and streams of a tap in this process that read from it.

Example:
    answer(server, {"/api/lists": {"lists": []}, "/api/channels": Answer(500)})  # other paths are a 404
    with stream_of(ListUsersStream, server.url) as stream:
        assert list(stream.get_records(None)) == []
    assert paths(server) == ["/api/lists"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.tap import TapIterable
from tests.scripted_server import Answer, Request, ScriptedServer, answer_json

Query = dict[str, list[str]]
Handler = Callable[[Query], Answer]
StreamT = TypeVar("StreamT", bound=IterableStream)

KEY = "0123456789abcdef0123456789abcdef"


def answer(server: ScriptedServer, answers: Mapping[str, object]) -> None:
    """Let `server` answer by path: with JSON, an `Answer`, or what a handler makes of the query; else 404."""

    def after(request: Request) -> Answer:
        parts = urlsplit(request.target)
        found = answers.get(parts.path, Answer(404))
        if callable(found):
            found = found(parse_qs(parts.query))
        return found if isinstance(found, Answer) else answer_json(200, found)

    server.after = after


def paths(server: ScriptedServer) -> list[str]:
    """What was asked for, without the queries."""
    return [urlsplit(request.target).path for request in server.requests]


@contextmanager
def stream_of(kind: type[StreamT], url: str, **settings: Any) -> Iterator[StreamT]:
    """A selected stream whose client does not wait long between tries."""
    config = {"api_key": KEY, "api_url": url, "start_date": "2026-08-01", **settings}
    client = IterableClient(KEY, api_url=url, limiter=Unlimited(), max_tries=2, first_wait=0.01, longest_wait=0.02)
    tap = TapIterable(config=config)
    stream = kind(tap, client)
    stream.selected = True
    yield stream
    tap.client.close()
    client.close()
