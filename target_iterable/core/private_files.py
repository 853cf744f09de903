"""Files with personal data: created anew for each run, readable by their owner only, never ending in half a line."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from iterable_api.storage.paths import private_directory

_FLAGS: Final = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND
_LONGEST_NAME: Final = 100
"""Characters of a stream's name that its files have; file systems take 255 bytes in all."""
_UNSAFE: Final = re.compile(r"[^\w.-]", re.ASCII)


def create(directory: Path, stem: str, suffix: str) -> tuple[Path, int]:
    """Create a file in `directory`, which is created if it is missing; return its path and descriptor.

    No existing file is touched: a number is added to the name instead.
    """
    private_directory(directory)
    for number in count(1):
        path = directory / f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
        with suppress(FileExistsError):
            file = os.open(path, _FLAGS, 0o600)
            break
    _sync(directory)
    return path, file


def append(file: int, content: bytes, *, lasting: bool = True) -> None:
    """Append all of `content`, or nothing.

    Args:
        file: descriptor.
        content: bytes to append.
        lasting: whether to wait until the disk has it, so that it outlasts a power cut.

    Raises:
        OSError: if that fails; the file is cut back to its former size.
    """
    size = os.fstat(file).st_size
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
        if lasting:
            os.fsync(file)
    except OSError:
        with suppress(OSError):
            os.ftruncate(file, size)
        raise


class StreamFile:
    """File of one stream in one run, created with its first lines.

    Attributes:
        path: path of the file; None as long as it has no lines.
    """

    def __init__(self, directory: Path, stream: str, started: datetime, suffix: str) -> None:
        self.path: Path | None = None
        self._directory = directory
        self._stem = f"{_UNSAFE.sub('_', stream[:_LONGEST_NAME])}-{started.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        self._suffix = suffix
        self._file: int | None = None

    def append(self, lines: bytes) -> None:
        """Append `lines`, so that they outlast a power cut.

        Raises:
            OSError: if that fails; the file then ends with the last whole call.
        """
        if self._file is None:
            self.path, self._file = create(self._directory, self._stem, self._suffix)
        append(self._file, lines)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
