"""The bounds on connections, which stand on private parts of uvicorn."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Event, Thread

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from iterable_api.serving.listening import listen
from iterable_api.serving.server import Server
from iterable_webhooks.http import connection

_REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A server that waits a moment for the first head, and long for the next one."""
    monkeypatch.setattr(connection, "_FIRST_HEAD_TIMEOUT", 0.3)
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("OK"))])
    config = uvicorn.Config(app, http=connection.Connection, lifespan="off", log_config=None)
    listener, started = listen("127.0.0.1", 0), Event()
    server = Server(config, started.set)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    assert started.wait(60)
    yield listener.getsockname()
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("sent", [b"", _REQUEST[:10]])
def test_a_connection_without_a_whole_first_head_is_closed(address: tuple[str, int], sent: bytes) -> None:
    with socket.create_connection(address, timeout=60) as silent:
        silent.sendall(sent)
        assert silent.recv(1000) == b""


def test_a_connection_that_has_made_a_request_may_be_idle_for_longer(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=60) as used, socket.create_connection(address, timeout=60) as silent:
        used.sendall(_REQUEST)
        assert used.recv(1000).startswith(b"HTTP/1.1 200")
        assert silent.recv(1000) == b""
        used.sendall(_REQUEST)
        assert used.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_head_that_is_too_long_is_refused(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=60) as long:
        long.sendall(_REQUEST[:-2] + b"X-Long: " + b"x" * 70_000)
        assert long.recv(1000).startswith(b"HTTP/1.1 400")
