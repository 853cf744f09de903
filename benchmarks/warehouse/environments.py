"""Environments of their own for the commands of others, in a temporary folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

_UV: Final = Path(sys.executable).with_name("uv")

DLT: Final = ("dlt[duckdb,parquet,postgres]==1.31.0", "requests", "adbc-driver-postgresql")
PIPELINEWISE: Final = ("pipelinewise-target-postgres==2.1.2", "setuptools<80")


def environment(folder: Path, *packages: str) -> Path:
    """The folder of the commands of a new environment with these packages. It needs a package index."""
    commands = folder / "bin"
    subprocess.run([_UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    options = ("--quiet", "--compile-bytecode", "--python", str(commands / "python"))
    subprocess.run([_UV, "pip", "install", *options, *packages], check=True)
    return commands
