"""Files with personal data: made anew for each run, for their owner only, and never ending with half a line."""

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
_UNSAFE: Final = re.compile(r"[^\w.-]", re.ASCII)


def create(directory: Path, stem: str, suffix: str) -> tuple[Path, int]:
    """A new file in `directory`, which is made if it is missing, and its descriptor. No other file is touched."""
    private_directory(directory)
    for number in count(1):
        path = directory / f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
        with suppress(FileExistsError):
            file = os.open(path, _FLAGS, 0o600)
            break
    _sync(directory)
    return path, file


def append(file: int, content: bytes, *, lasting: bool = True) -> None:
    """Write all of `content`, or nothing. What is `lasting` outlasts a power cut."""
    size = os.fstat(file).st_size
    left = memoryview(content)
    try:
        while left:
            left = left[os.write(file, left) :]
        if lasting:
            os.fsync(file)
    except OSError:
        with suppress(OSError):
            os.ftruncate(file, size)
        raise


class StreamFile:
    """A file of one stream in one run, made with its first lines.

    Attributes:
        path: where it is; None as long as it has no lines.
    """

    def __init__(self, directory: Path, stream: str, started: datetime, suffix: str) -> None:
        self.path: Path | None = None
        self._directory = directory
        self._stem = f"{_UNSAFE.sub('_', stream)}-{started.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        self._suffix = suffix
        self._file: int | None = None

    def append(self, lines: bytes) -> None:
        """Bring `lines` to the disk, so that they outlast a power cut.

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
