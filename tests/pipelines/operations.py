"""The commands of docs/operations.md, as people copy them: blocks of a chapter, run in a Meltano project.

Example:
    chapter("Read a month again").blocks("sh")  # the texts of its blocks of this language
    deployed.shell(text)  # in the folder of a project whose `.env` is filled in; the output and the log
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from ruamel.yaml import YAML

from tests.pipelines.meltano_project import BIN, QUIET
from tools.definitions import PROJECT
from tools.generated import ROOT

PAGE = ROOT / "docs" / "operations.md"
HOME = "/srv/iterable"
"""The folder of the project on the page."""

_CHAPTER = re.compile(r"^## (.+)\n((?:(?!## ).*\n)*)", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Chapter:
    """A chapter of the page: its heading, and its blocks with their languages."""

    heading: str
    all_blocks: tuple[tuple[str, str], ...]

    def blocks(self, language: str) -> list[str]:
        """The texts of its blocks of this language; there is one at least."""
        found = [text for one, text in self.all_blocks if one == language]
        assert found, (self.heading, language)
        return found


CHAPTERS = {
    heading: Chapter(heading, tuple(_BLOCK.findall(text))) for heading, text in _CHAPTER.findall(PAGE.read_text())
}


class Deployed:
    """A Meltano project with the shipped definitions, as the page has it, in a folder that stands for `HOME`.

    Args:
        folder: is made.
        env: what its `.env` holds.
        select: of tap-iterable.
    """

    def __init__(self, folder: Path, env: Mapping[str, str], select: list[str]) -> None:
        self.folder = folder
        (folder / ".venv").mkdir(parents=True)
        (folder / ".venv" / "bin").symlink_to(BIN)
        self.write_env(env)
        self.project = YAML().load(PROJECT)
        self.plugin("extractors", "tap-iterable")["select"] = select
        self.save()

    def write_env(self, env: Mapping[str, str]) -> None:
        """Fill in the `.env`."""
        (self.folder / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in env.items()))

    def save(self) -> None:
        """Write `project` into its file."""
        YAML().dump(self.project, self.folder / "meltano.yml")

    def plugin(self, kind: str, name: str) -> Any:
        """The entry of a plugin in `project`."""
        (found,) = (entry for entry in self.project["plugins"][kind] if entry["name"] == name)
        return found

    def shell(self, commands: str, **environment: str) -> str:
        """Run commands that must succeed; what is printed and logged."""
        return self.ran(["bash", "-e", "-o", "pipefail", "-c", commands], {**os.environ, **QUIET, **environment})

    def ran(self, command: list[str], environment: Mapping[str, str]) -> str:
        """Run a command that must succeed, with this environment; what is printed and logged."""
        ended = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def states(self) -> dict[str, str]:
        """State ID -> the state, as Meltano's own database has it."""
        connection = sqlite3.connect(self.folder / ".meltano" / "meltano.db")
        try:
            return dict(connection.execute("select state_id, completed_state from state").fetchall())
        finally:
            connection.close()


@dataclass(frozen=True)
class Tables:
    """Tables in PostgreSQL, and their address for target-postgres."""

    folder: str
    database: str

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres:postgres@localhost/{self.database}?host={self.folder}"

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of a statement."""
        with psycopg.connect(f"postgresql://postgres@/{self.database}?host={self.folder}", autocommit=True) as opened:
            found = opened.execute(statement.encode())
            return found.fetchall() if found.description else []

    def events(self, table: str, schema: str = "iterable") -> tuple[int, int]:
        """Rows, and different ones among them."""
        [(rows, different)] = self.run(f'select count(*), count(distinct "recordId") from {schema}.{table}')  # noqa: S608 (names of ours)
        return rows, different
