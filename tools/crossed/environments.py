"""An environment for each package, made by uv once and used again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.crossed.packages import Package
from tools.generated import ROOT

FOLDER: Final = ROOT / ".crossed"
_UV: Final = str(Path(sys.executable).with_name("uv"))


class NotInstalledError(Exception):
    """A package could not be installed."""


def program(package: Package) -> str:
    """The path of the package's program, which is installed if it is not there yet.

    Raises:
        NotInstalledError: with the end of what the installer said.
    """
    return str(environment(package.environment, package.install) / "bin" / package.command)


def environment(name: str, install: Sequence[str]) -> Path:
    """The folder of an environment in which `install` is installed.

    Raises:
        NotInstalledError: with the end of what the installer said.
    """
    folder = FOLDER / "environments" / name
    ready = folder / ".ready"
    if not ready.exists():
        _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        _uv("pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *install)
        ready.touch()
    return folder


def _uv(*arguments: str) -> None:
    ended = subprocess.run([_UV, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 (our own command)
    if ended.returncode:
        raise NotInstalledError(ended.stderr[-600:])
