"""Commands of Singer plugins, and the files that they get."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


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

    def line(self, files: PrivateFiles) -> list[str]:
        """The program with its settings in a file.

        Raises:
            PluginMissingError: if there is no program.
        """
        return [self.path(), "--config", files.write(self.plugin, self.config)]


class PrivateFiles:
    """JSON files for the eyes of this user, which are gone with the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, content: Any) -> str:
        """Write a file; its path."""
        path = self._folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return str(path)


@contextmanager
def private_files() -> Iterator[PrivateFiles]:
    """A place for files with secrets. Its directory can be entered by this user only."""
    with TemporaryDirectory(prefix="singer-iterable-") as folder:
        yield PrivateFiles(Path(folder))
