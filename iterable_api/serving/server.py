"""Uvicorn as all servers of this project run it. Only they need it, so nothing else may import this module."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn


class Server(uvicorn.Server):
    """Uvicorn server that calls `on_start` when it accepts connections."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        self._on_start()


def exit_on_signals() -> None:
    """Let SIGTERM and SIGINT end the process with exit code 0: uvicorn raises them again after its shutdown."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
