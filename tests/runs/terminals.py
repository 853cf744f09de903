"""Terminals for tests: a pseudo-terminal, and an emulator that shows what a person would see on it.

    with Terminal() as terminal:
        process = terminal.start([sys.executable, "-c", "print('hello')"])
        terminal.wait_for(lambda lines: "hello" in lines)
        assert process.wait(60) == 0

`terminal.lines` is all that stands on it, what has scrolled out at the top included.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Lock, Thread
from typing import IO, Any, Final, Self

import pyte

_TIMEOUT: Final = 60


class Terminal:
    """A terminal of so many columns and lines. Processes have it as standard error, and as their controlling terminal.

    Attributes:
        written: all that was written to it, with the codes that steer it.
    """

    def __init__(self, columns: int = 100, lines: int = 20) -> None:
        self.written = b""
        self._master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen = pyte.HistoryScreen(columns, lines, history=10_000, ratio=0.5)
        self._emulator = pyte.ByteStream(self._screen)
        self._lock = Lock()
        self._processes: list[subprocess.Popen[str]] = []
        self._reader = Thread(target=self._read, daemon=True)

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None, **pipes: Any) -> Any:
        """Start a process in the foreground of the terminal; `pipes` are those of `Popen`, the terminal if left out."""
        variables = {**os.environ, "TERM": "xterm", **(environment or {})}
        process = subprocess.Popen(
            command,
            stdin=pipes.get("stdin", self.slave),
            stdout=pipes.get("stdout", self.slave),
            stderr=self.slave,
            env={name: value for name, value in variables.items() if value},
            text=True,
            start_new_session=True,
            preexec_fn=self._control,  # noqa: PLW1509 (no threads that matter)
        )
        self._processes.append(process)
        return process

    @property
    def lines(self) -> list[str]:
        """What stands on it, without blank lines at the end."""
        with self._lock:
            columns = range(self._screen.columns)
            above = ["".join(line[column].data for column in columns) for line in self._screen.history.top]
            lines = [line.rstrip() for line in (*above, *self._screen.display)]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def wait_for(self, condition: Callable[[list[str]], object]) -> list[str]:
        """Wait until the condition holds of the lines, and return them."""
        ends_at = time.monotonic() + _TIMEOUT
        while not condition(lines := self.lines):
            assert time.monotonic() < ends_at, "\n".join(lines)
            time.sleep(0.02)
        return lines

    def _control(self) -> None:
        """Make it the controlling terminal of the first process, which is then in its foreground."""
        with suppress(OSError):  # it is that of an earlier one
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self.written += data
                self._emulator.feed(data)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            streams: list[IO[str] | None] = [process.stdin, process.stdout]
            for stream in streams:
                if stream is not None:
                    stream.close()
        os.close(self.slave)
        self._reader.join(_TIMEOUT)
        os.close(self._master)
