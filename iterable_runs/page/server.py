"""Serving the page until the process is asked to end."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final

import uvicorn

from iterable_runs.page.app import build_app
from iterable_runs.page.settings import PageSettings
from iterable_runs.queries.history import History

_GRACE_SECONDS: Final = 5
_MOST_CONNECTIONS: Final = 200


class _Server(uvicorn.Server):
    """A server that says when it accepts connections."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()


def serve(history: History, settings: PageSettings, on_start: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then leave with exit code 0.

    Args:
        history: what is shown.
        settings: they were checked.
        on_start: gets the URL, once it answers.

    Raises:
        OSError: if the address cannot be had, or a certificate cannot be read.
        SystemExit: at the end.
    """
    listener = _listener(settings.host, settings.port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    config = uvicorn.Config(
        build_app(history, settings.password),
        ws="none",
        lifespan="off",
        # Its lines would hold what people look for.
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        limit_concurrency=_MOST_CONNECTIONS,
        ssl_certfile=settings.certfile,
        ssl_keyfile=settings.keyfile,
    )
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    scheme = "https" if settings.certfile else "http"
    _Server(config, lambda: on_start(_url(listener, scheme))).run(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _url(listener: socket.socket, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Asking the page to end is no error. Uvicorn raises the signal again when it has ended."""
    sys.exit(0)
