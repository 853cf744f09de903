"""A Meltano project in a folder, and its commands.

Example:
    project = MeltanoProject.new(tmp_path)  # by `meltano init`
    project.meltano("add", "extractor", "tap-iterable")  # standard output; the command must succeed
    project.refused("run", "tap-unknown", "target-iterable")  # output and log; the command must fail
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
QUIET = {
    "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
    "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
}


class MeltanoProject:
    """A Meltano project in a folder of its own; its commands run with `environment`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self._environment = environment

    @classmethod
    def new(cls, parent: Path) -> MeltanoProject:
        """A project that `meltano init` made."""
        cls(parent).meltano("init", "mine")
        return cls(parent / "mine")

    def meltano(self, *arguments: str, stdin: str | None = None, **environment: str) -> str:
        """Run a command that must succeed; its standard output."""
        ended = self._run(arguments, environment, stdin)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def meltano_says(self, *arguments: str, **environment: str) -> str:
        """Run a command that must succeed; its standard output and log."""
        ended = self._run(arguments, environment)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def refused(self, *arguments: str, **environment: str) -> str:
        """Run a command that must fail; its standard output and log."""
        ended = self._run(arguments, environment)
        assert ended.returncode != 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def _run(
        self, arguments: tuple[str, ...], environment: dict[str, str], stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / "meltano"), *arguments],
            input=stdin,
            cwd=self.folder,
            env={**os.environ, **QUIET, **self._environment, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
