"""An export endpoint over given rows, whose answers can break in each way that HTTP allows.

Example:
    export = ExportServer(server, [row(second) for second in range(100)])
    export.broken = lambda start, end, content: BREAKS["stalled"](content) if end - start > 50_000 else None
    with stream_of(export.url, tmp_path) as stream:
        assert len(list(stream.get_records(None))) == 100
    assert export.windows[0] == (0, 86_400)  # the requested windows, in seconds after START
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from iterable_api.facts import timestamps
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from tap_iterable.event_streams.exports import ExportStream
from tap_iterable.tap import TapIterable
from tests.scripted_server import Answer, Fault, Request, ScriptedServer, answer_json, silence

Row = dict[str, Any]
START = datetime(2026, 9, 1, tzinfo=UTC)
PATH = "/api/export/data.json"


def row(second: int, number: int = 0) -> Row:
    """A row of the given second after START."""
    moment = datetime.fromtimestamp(START.timestamp() + second, UTC)
    return {"eventName": f"e{number}", "createdAt": timestamps.to_iterable(moment), "email": "ann@example.com"}


def body(rows: Iterable[Row]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def chunked(*chunks: bytes, end: bool = True) -> Fault:
    """The chunks, and the one that says that all is said."""

    def send(handler: Any, answer: Answer) -> None:
        handler.send_head(answer, {"Transfer-Encoding": "chunked"})
        for chunk in filter(None, chunks):
            handler.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n" if end else b"")

    return send


def _cut_between_chunks(content: bytes) -> Answer:
    return Answer(fault=chunked(content[: len(content) // 2], end=False))


def _cut_in_a_chunk(content: bytes) -> Answer:
    def send(handler: Any, answer: Answer) -> None:
        handler.send_head(answer, {"Transfer-Encoding": "chunked"})
        handler.wfile.write(f"{len(content) + 100:x}\r\n".encode() + content)

    return Answer(fault=send)


def _cut_short_of_its_length(content: bytes) -> Answer:
    def send(handler: Any, answer: Answer) -> None:
        handler.send_head(answer, {"Content-Length": str(len(content) + 1)})
        handler.wfile.write(content)

    return Answer(fault=send)


def _ended_in_a_line(content: bytes) -> Answer:
    return Answer(fault=chunked(content[: len(content) - 5]))


def _without_a_frame(content: bytes) -> Answer:
    def send(handler: Any, answer: Answer) -> None:
        handler.send_head(answer, {"Connection": "close"})
        handler.wfile.write(content)

    return Answer(fault=send)


def _stalled(content: bytes) -> Answer:
    def send(handler: Any, answer: Answer) -> None:
        chunked(content[: len(content) // 2], end=False)(handler, answer)
        handler.wfile.flush()
        silence(handler, answer)

    return Answer(fault=send)


BREAKS: Mapping[str, Callable[[bytes], Answer]] = {
    "cut between chunks": _cut_between_chunks,
    "cut in a chunk": _cut_in_a_chunk,
    "cut short of its length": _cut_short_of_its_length,
    "ended in a line, as if all were well": _ended_in_a_line,
    "without a length or chunks": _without_a_frame,
    "stalled": _stalled,
}
REFUSALS = (answer_json(429, {"code": "RateLimitExceeded"}), Answer(500, b"<html>"), Answer(502, b""))


class ExportServer:
    """Answers windows with the rows that are in them, each as `broken` says.

    `windows` are the seconds after START that were asked for, in order.
    """

    def __init__(self, server: ScriptedServer, rows: Iterable[Row]) -> None:
        self.rows = list(rows)
        self.windows: list[tuple[int, int]] = []
        self.broken: Callable[[int, int, bytes], Answer | None] = lambda *_: None
        self.url = server.url
        server.after = self._answer

    def _answer(self, request: Request) -> Answer:
        query = parse_qs(urlsplit(request.target).query)
        start, end = (_second(query[name][0]) for name in ("startDateTime", "endDateTime"))
        self.windows.append((start, end))
        inside = [row for row in self.rows if start <= _second(row["createdAt"]) < end]
        content = body(inside)
        return self.broken(start, end, content) or Answer(fault=chunked(content))


def _second(text: str) -> int:
    moment = timestamps.parse(text)
    assert moment is not None
    return int((moment - START).total_seconds())


@contextmanager
def stream_of(url: str, folder: Path, name: str = "custom_event", **settings: Any) -> Iterator[ExportStream]:
    """A stream of a tap in this process, reading a day from START."""
    config = {
        "api_key": "0123456789abcdef0123456789abcdef",
        "api_url": url,
        "enforce_rate_limits": False,
        "start_date": START.isoformat(),
        "end_date": datetime.fromtimestamp(START.timestamp() + 86_400, UTC).isoformat(),
        "malformed_directory": str(folder / "malformed"),
        **settings,
    }
    tap = TapIterable(config=config)
    # What stalls need not be waited for long, nor what is tried again.
    tap.client = IterableClient(
        config["api_key"], api_url=url, limiter=Unlimited(), timeout=(5, 0.3), sleep=lambda _: None
    )
    stream = tap.streams[name]
    assert isinstance(stream, ExportStream)
    stream.client = tap.client
    yield stream
    tap.client.close()
