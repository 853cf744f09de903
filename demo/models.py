"""The models of `dbt/` over the tables in PostgreSQL, by a dbt in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from demo.pipelines import PROJECT, PipelineFailedError
from demo.processes import BIN, started

PACKAGE: Final = PROJECT / "dbt"
_PROFILE: Final = "singer_iterable"


class DbtMissingError(Exception):
    """dbt could not be installed, for example because no package index can be reached."""


def install(environment: Path) -> Path:
    """The command `dbt` of an environment that holds what `dbt/requirements.txt` names; made if it is not there.

    Raises:
        DbtMissingError: with what the installer says.
    """
    uv, requirements = str(BIN / "uv"), str(PACKAGE / "requirements.txt")
    if not environment.exists():
        _quietly(uv, "venv", "--quiet", str(environment))
    _quietly(uv, "pip", "install", "--quiet", "--python", str(environment), "--requirement", requirements)
    return environment / "bin" / "dbt"


def _quietly(*command: str) -> None:
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        said, _ = process.communicate()
        if process.returncode != 0:
            raise DbtMissingError(said.strip())


@dataclass(frozen=True)
class Dbt:
    """Runs the package in `dbt/`; logs, compiled SQL and the profile are kept in `folder`.

    Args:
        command: the command `dbt`.
        folder: it must exist.
        output: the connection, as an output of a dbt profile.
        project: the dbt project, if it is not the package itself.
    """

    command: Path
    folder: Path
    output: Mapping[str, Any]
    project: Path = PACKAGE

    def __call__(self, *arguments: str, **variables: object) -> str:
        """`dbt ARGUMENTS` with these variables; what it says.

        Raises:
            PipelineFailedError: with the last lines of that.
        """
        profile = {_PROFILE: {"target": "demo", "outputs": {"demo": dict(self.output)}}}
        (self.folder / "profiles.yml").write_text(json.dumps(profile))
        command = [str(self.command), "--no-use-colors", *arguments, *self._places, "--vars", json.dumps(variables)]
        return self._said(command, f"`dbt {' '.join(arguments)}`")

    @property
    def _places(self) -> Sequence[str]:
        places = {
            "--project-dir": self.project,
            "--profiles-dir": self.folder,
            "--profile": _PROFILE,
            "--target-path": self.folder / "target",
            "--log-path": self.folder / "logs",
        }
        return [str(part) for pair in places.items() for part in pair]

    def _said(self, command: Sequence[str], what: str) -> str:
        environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        with started(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            said, _ = process.communicate()
            if process.returncode != 0:
                last = "\n".join(said.splitlines()[-20:])
                raise PipelineFailedError(f"{what} failed; {self.folder / 'logs'} has all that it says\n{last}")
        return str(said)


def postgres_output(socket_folder: str, schema: str) -> dict[str, Any]:
    """The output of a profile for the PostgreSQL of the demo."""
    return {
        "type": "postgres",
        "host": socket_folder,
        "port": 5432,
        "user": "postgres",
        "password": "postgres",
        "dbname": "postgres",
        "schema": schema,
        "threads": 2,
    }
