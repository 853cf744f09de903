"""Commands of Singer plugins, and the files that they get."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import IO, Any, Final

try:
    import fcntl
except ImportError:  # Windows has no locks of this kind
    fcntl = None  # type: ignore[assignment]

_PREFIX: Final = "singer-iterable-step-"
EXTRACTOR: Final = "extractor"
LOADER: Final = "loader"
_LOCK: Final = "lock"
_SECONDS_TO_LOCK: Final = 60
"""A directory that is younger may be about to be locked."""


class PluginMissingError(Exception):
    """A command is neither beside this Python nor on the PATH."""


@dataclass(frozen=True)
class Command:
    """A plugin with its settings; both are plain values here, secrets included.

    Attributes:
        name: the name of the command, or its absolute path.
    """

    name: str
    config: Mapping[str, Any]

    @property
    def plugin(self) -> str:
        """The name of the plugin."""
        return Path(self.name).name

    def path(self) -> str:
        """The program: beside this Python, as in a virtual environment that is not activated, or on the PATH.

        Raises:
            PluginMissingError: if it is in neither place.
        """
        beside = Path(sys.executable).parent / self.name  # an absolute path stays as it is
        found = str(beside) if beside.exists() else shutil.which(self.name)
        if found is None:
            raise PluginMissingError(
                f"The command {self.name!r} is not installed where this runs: neither beside {sys.executable} nor on "
                "the PATH."
            )
        return found

    def line(self, files: PrivateFiles, role: str) -> list[str]:
        """The program with its settings in a file, which is named by its role: both roles may have one program.

        Raises:
            PluginMissingError: if there is no program.
        """
        return [self.path(), "--config", files.write(f"{role}-{self.plugin}", self.config)]


class PrivateFiles:
    """JSON files for the eyes of this user, which are gone with the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> str:
        """Where a file of this name is, or will be."""
        return str(self._folder / f"{name}.json")

    def write(self, name: str, content: Any) -> str:
        """Write a file; its path."""
        path = self.path(name)
        Path(path).write_text(json.dumps(content))
        return path


@contextmanager
def private_files() -> Iterator[PrivateFiles]:
    """A place for files with secrets. Its directory can be entered by this user only.

    Directories of processes that were killed are removed first: theirs are not locked any more.
    """
    _sweep()
    with TemporaryDirectory(prefix=_PREFIX) as folder, (Path(folder) / _LOCK).open("w") as lock:
        _is_locked(lock)
        yield PrivateFiles(Path(folder))


def _sweep() -> None:
    for folder in Path(gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # those of other users, and what another process has just removed
            if folder.lstat().st_mtime < time.time() - _SECONDS_TO_LOCK and _is_abandoned(folder / _LOCK):
                shutil.rmtree(folder)


def _is_abandoned(lock: Path) -> bool:
    with lock.open("r+") as file:
        return _is_locked(file)


def _is_locked(file: IO[str]) -> bool:
    """Whether this process has locked a file; a lock goes with its process, however that ends."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
