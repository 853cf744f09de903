"""A project of the sandbox in a PostgreSQL, as the shipped `meltano.yml` loads it, and in Parquet files.

The fixture `project` (`tests/dbt/conftest.py`) is one for all tests of a session:

    project.build()                                       # the models, with their own tests
    project.rows("select count(*) from models.iterable_events")
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import psycopg
from psycopg.rows import dict_row

from demo.models import Dbt, postgres_output
from demo.pipelines import Meltano
from demo.warehouse import Warehouse, warehouse
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox

TAP: Final = str(Path(sys.executable).with_name("tap-iterable"))
COSTLY: Final = ["campaign_metrics", "list_users"]
ALL: Final = ("*.*",)


@dataclass(frozen=True)
class LoadedProject:
    """A running sandbox, and what was loaded of it."""

    sandbox: Sandbox
    postgres: Warehouse
    command: Path
    folder: Path

    @classmethod
    @contextmanager
    def over_copy(cls, database: Path, command: Path, folder: Path) -> Iterator[Self]:
        """A copy of the sandbox's database, beside a PostgreSQL in the folder into which nothing is loaded yet."""
        copy = shutil.copy(database, folder / "project.db")
        with warehouse(folder / "postgres") as postgres, Sandbox(database=str(copy)) as sandbox:
            yield cls(sandbox, postgres, command, folder)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of the tap."""
        return {
            "api_key": self.sandbox.api_key,
            "api_url": self.sandbox.url,
            "enforce_rate_limits": False,
            "start_date": "2026-08-01",
            "costly_streams": COSTLY,
            "malformed_directory": str(self.folder / "malformed"),
            "run_history": str(self.folder / "runs.db"),
            "hold_back_minutes": 0,
            # Members who have left a list are marked as deleted.
            "emit_activate_version_messages": True,
        }

    def load(self, *select: str) -> None:
        """`meltano run tap-iterable target-postgres`, in the project of this repository."""
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in self.settings.items()}
        meltano = Meltano(
            self.folder,
            {
                **{f"TAP_ITERABLE_{name.upper()}": text for name, text in texts.items()},
                "TAP_ITERABLE__SELECT": json.dumps(select or ALL),
                "TARGET_POSTGRES_SQLALCHEMY_URL": self.postgres.sqlalchemy_url("psycopg"),
            },
        )
        meltano.run("tap-iterable", "target-postgres")

    def tap(self, *streams: str, **settings: Any) -> list[dict[str, Any]]:
        """The messages of a run of the tap alone."""
        folder = self.folder / "tap"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps({**self.settings, **settings}))
        command = [TAP, "--config", "config.json"]
        catalog = json.loads(_output([*command, "--discover"], folder))
        for entry in catalog["streams"]:
            entry["selected"] = not streams or entry["tap_stream_id"] in streams
            entry["metadata"] = []
        (folder / "catalog.json").write_text(json.dumps(catalog))
        arguments = ["--catalog", "catalog.json"] if streams else []
        return [json.loads(line) for line in _output([*command, *arguments], folder).splitlines()]

    def files(self, root: Path) -> None:
        """Write Parquet files into `root`."""
        batches = {"encoding": {"format": "parquet"}, "storage": {"root": root.as_uri()}}
        assert any(message["type"] == "BATCH" for message in self.tap(batch_config=batches))

    def build(self, *arguments: str, schema: str = "models", **variables: object) -> str:
        """`dbt build` over PostgreSQL: the models, their tests, and what `variables` switch on."""
        folder = self.folder / f"dbt-{schema}"
        folder.mkdir(exist_ok=True)
        output = postgres_output(self.postgres.folder, schema)
        return Dbt(self.command, folder, output)("build", *arguments, **variables)

    def rows(self, query: str) -> list[Any]:
        """The rows of a query; of a single column, its values."""
        with psycopg.connect(self._address, row_factory=dict_row) as connection:
            found = connection.execute(query.encode()).fetchall()
        return [next(iter(row.values())) if len(row) == 1 else row for row in found]

    def execute(self, script: str) -> None:
        """Run SQL."""
        with psycopg.connect(self._address) as connection:
            connection.execute(script.encode())

    def client(self) -> IterableClient:
        """A client of the sandbox; close it."""
        return IterableClient(self.sandbox.api_key, api_url=self.sandbox.url, limiter=Unlimited())

    @property
    def _address(self) -> str:
        return f"host={self.postgres.folder} user=postgres dbname=postgres"


def _output(command: Sequence[str], folder: Path) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TAP_")}
    ended = subprocess.run(command, cwd=folder, env=inherited, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
