"""Files with personal data: made anew for each run, for their owner only, and never ending with half a line."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from iterable_api.places import private_directory

_FLAGS: Final = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND


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


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
