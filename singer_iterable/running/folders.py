"""Directories of runs: what a run leaves behind stays, and a directory with nothing in it goes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from iterable_runs.store.places import DEFAULT_PLACE

_EMPTY: Final = frozenset({".gitignore"})
_PRIVATE: Final = 0o700


@contextmanager
def run_folder(path: Path) -> Iterator[Path]:
    """A new directory, for this user only. On the way out it is removed if nothing but a run history is in it.

    Yields:
        Its path as the processes in it see it: absolute, and without symbolic links.
    """
    path.mkdir(_PRIVATE, parents=True, exist_ok=True)
    path = path.resolve()
    try:
        yield path
    finally:
        if not any(_is_worth_keeping(file) for file in path.rglob("*")):
            shutil.rmtree(path, ignore_errors=True)


def _is_worth_keeping(file: Path) -> bool:
    return file.is_file() and file.name not in _EMPTY and not file.name.startswith(DEFAULT_PLACE)
