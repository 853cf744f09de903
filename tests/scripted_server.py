"""HTTP server on 127.0.0.1 that plays a script of answers, right or broken, and records its requests.

For tests of clients that need answers which the sandbox does not give. The fixture `server` (`tests/conftest.py`) has a
running one with an empty script:

    server.script = [Answer(503), answer_json(200, {"lists": []})]   # one answer per request, in this order
    server.after = lambda request: answer_json(200, {})              # for all requests after the script
    connect().get_json("/api/lists")                                 # a client of the server (`tests/api/conftest.py`)
    assert [request.target for request in server.requests] == ["/api/lists", "/api/lists"]

An `Answer` with a `fault` is sent badly or not at all: `cut_short`, `cut_between_chunks`, `reset`, `hang_up`,
`silence`, `dripping(...)`, or any function of the handler and the answer.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = Callable[["_Handler", "Answer"], None]


@dataclass(frozen=True)
class Request:
    """What arrived: `target` is the path and query as they were on the wire."""

    method: str
    target: str
    headers: Message
    body: bytes
    connection: tuple[str, int]


@dataclass(frozen=True)
class Answer:
    """What to send back. A `fault` sends it badly, or not at all."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None


def answer_json(status: int, content: object, **headers: str) -> Answer:
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})


def cut_short(handler: _Handler, answer: Answer) -> None:
    """Promise more bytes than are sent."""
    handler.send_head(answer, {"Content-Length": str(len(answer.body) + 1000)})
    handler.wfile.write(answer.body)


def cut_between_chunks(handler: _Handler, answer: Answer) -> None:
    """Send one whole chunk, and never the one that ends the body."""
    handler.send_head(answer, {"Transfer-Encoding": "chunked"})
    handler.wfile.write(f"{len(answer.body):x}\r\n".encode() + answer.body + b"\r\n")


def reset(handler: _Handler, _: Answer) -> None:
    """Hang up with a TCP reset instead of an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def hang_up(_: _Handler, __: Answer) -> None:
    """Close the connection without an answer."""


def silence(handler: _Handler, _: Answer) -> None:
    """Say nothing until the caller has lost its patience."""
    handler.connection.recv(1)


def dripping(pieces: Sequence[bytes], seconds: float = 0.05) -> Fault:
    """Send piece after piece, with a pause behind each, until there are no more or the caller hangs up."""

    def drip(handler: _Handler, _: Answer) -> None:
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(seconds)

    return drip


class ScriptedServer:
    """Answers with `script`, one entry per request; after its end with `after`, which may look at the request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.forget()
        self._lock = threading.Lock()
        self._scheme = "http" if tls is None else "https"
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.scripted = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def forget(self) -> None:
        """Begin anew: nothing to play, nothing seen."""
        self.script: list[Answer] = []
        self.after: Callable[[Request], Answer] = lambda _: Answer()
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    @property
    def last(self) -> Request:
        return self.requests[-1]

    @contextmanager
    def running(self) -> Iterator[ScriptedServer]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def answer_to(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            if self.script:
                return self.script.pop(0)
        return self.after(request)


class _Server(ThreadingHTTPServer):
    scripted: ScriptedServer

    def handle_error(self, *_: Any) -> None:
        """Callers that hang up are part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    wbufsize = -1  # head and body leave together, or the second waits for the receipt of the first
    server: _Server

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        request = Request(
            self.command,
            self.requestline.split(" ")[1],
            self.headers,
            self.rfile.read(int(self.headers.get("Content-Length", 0))),
            self.client_address,
        )
        self._give(self.server.scripted.answer_to(request))

    def _give(self, answer: Answer) -> None:
        if answer.fault is not None:
            self.close_connection = True
            answer.fault(self, answer)
        else:
            self.send_head(answer, {"Content-Length": str(len(answer.body))})
            self.wfile.write(answer.body)
        self.wfile.flush()

    def send_head(self, answer: Answer, framing: Mapping[str, str]) -> None:
        self.send_response_only(answer.status)
        for name, value in {**framing, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Stay silent."""
