"""Uvicorn as all servers of this project run it. Only they need it, so nothing else may import this module."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from iterable_api.serving.listening import url_of


class Server(uvicorn.Server):
    """Uvicorn server that calls `on_start` when it accepts connections."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        self._on_start()


def run_until_signal(
    app: Any,
    listener: socket.socket,
    on_start: Callable[[str], None],
    *,
    certfile: Path | None,
    keyfile: Path | None,
    **options: Any,
) -> None:
    """Serve on a socket that anybody may reach until SIGTERM or SIGINT, then leave with exit code 0.

    Args:
        app: the ASGI application.
        listener: the socket.
        on_start: gets the URL, once it answers.
        certfile: the certificate for TLS; None for none.
        keyfile: its key, where that is not in the same file.
        options: further ones of `uvicorn.Config`.

    Raises:
        OSError: if a certificate cannot be read.
        SystemExit: at the end.
    """
    exit_on_signals()
    config = uvicorn.Config(
        app,
        ws="none",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        ssl_certfile=certfile,
        ssl_keyfile=keyfile,
        **options,
    )
    # Its warnings are of single requests, and anybody can send any number of those.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    scheme = "https" if certfile else "http"
    Server(config, lambda: on_start(url_of(listener, scheme))).run(sockets=[listener])


def exit_on_signals() -> None:
    """Let SIGTERM and SIGINT end the process with exit code 0: uvicorn raises them again after its shutdown."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
