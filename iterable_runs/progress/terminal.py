"""Whether there is a terminal to draw on, and who of those that share it draws."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import Final, TextIO

try:
    import fcntl
except ImportError:  # Windows, where nobody can tell whether another process draws
    fcntl = None  # type: ignore[assignment]

_MELTANO: Final = ("MELTANO_EXTRACTOR_NAME", "MELTANO_LOADER_NAME")
_DUMB: Final = ("", "dumb", "unknown")


def is_for_drawing(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether a stream is a terminal that can move its cursor, and that is not Meltano's."""
    if any(environment.get(name) for name in _MELTANO) or environment.get("TERM", "").lower() in _DUMB:
        return False
    try:
        return fcntl is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


def is_in_foreground(stream: TextIO) -> bool:
    """Whether the process may draw: in the background of its terminal it would draw over what others do there."""
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except OSError:  # the terminal is not the one that controls this process, so it has no background
        return True


def size_of(stream: TextIO) -> tuple[int, int]:
    """The columns and lines of a terminal."""
    try:
        columns, lines = os.get_terminal_size(stream.fileno())
    except OSError:
        return 80, 24
    return columns or 80, lines or 24


class TerminalLock:
    """The right to draw on a terminal, which one process has at a time: tap and target share one in a shell pipe.

    It is a lock of the terminal's device, which ends with the process.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._file: int | None = None

    def acquire(self) -> bool:
        """Whether this process has it now. The one that has it may have ended since the last call."""
        if self._file is not None:
            return True
        file = -1
        try:
            file = os.open(os.ttyname(self._stream.fileno()), os.O_WRONLY | os.O_NOCTTY)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if file >= 0:
                os.close(file)
            # Where a terminal cannot be locked, nobody else has locked it, either.
            return error.errno not in (errno.EACCES, errno.EAGAIN)
        self._file = file
        return True

    def release(self) -> None:
        """Give it to another process."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
