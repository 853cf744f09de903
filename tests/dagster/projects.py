"""A project of the sandbox that Dagster's assets load into PostgreSQL.

The fixture `north` is one of them:

    definitions = iterable_definitions([north.project()], state_store=north.state_store)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import dagster as dg
import psycopg
import pytest

from demo.warehouse import Warehouse
from iterable_sandbox.server import Sandbox
from singer_iterable.dagster import IterableProject, Plugin

SCHEMAS: Final = count(1)
PASSWORD: Final = "warehouse-password-of-the-test"
"""The server asks for none, so any will do; it must not appear anywhere."""


@dataclass(frozen=True)
class Loaded:
    sandbox: Sandbox
    postgres: Warehouse
    folder: Path

    @property
    def schema(self) -> str:
        return f"north_{self.folder.name}".lower().replace("-", "_")[:60]

    @property
    def state_store(self) -> str:
        return str(self.folder / "states.db")

    @property
    def secrets(self) -> Mapping[str, str]:
        address = self.postgres.sqlalchemy_url("psycopg").replace("postgres:postgres@", f"postgres:{PASSWORD}@")
        return {"NORTH_API_KEY": self.sandbox.api_key, "WAREHOUSE_URL": address}

    def set_variables(self, patch: pytest.MonkeyPatch) -> None:
        for name, value in self.secrets.items():
            patch.setenv(name, value)

    def project(self, **changes: Any) -> IterableProject:
        given: dict[str, Any] = {
            "tap": self.tap(),
            "loader": Plugin(
                "target-postgres", {"sqlalchemy_url": dg.EnvVar("WAREHOUSE_URL"), "default_target_schema": self.schema}
            ),
            "first_day": "2026-09-01",
        }
        return IterableProject("north", **{**given, **changes})

    def tap(self, **changes: Any) -> dict[str, Any]:
        settings = {
            "api_key": dg.EnvVar("NORTH_API_KEY"),
            "api_url": self.sandbox.url,
            "enforce_rate_limits": False,
        }
        return {**settings, **changes}

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        with psycopg.connect(f"host={self.postgres.folder} user=postgres dbname=postgres") as connection:
            return connection.execute(f'select {columns} from "{self.schema}"."{table}"'.encode()).fetchall()  # noqa: S608

    def happened(self, data_type: str, first: str, last: str) -> Counter[str]:
        """How many events of a type the project has on each day from the first to the last: counted by itself."""
        days = (event["createdAt"][:10] for event in self.sandbox.events(data_type))
        return Counter(day for day in days if first <= day <= last)

    def loaded(self, table: str) -> Counter[str]:
        """How many rows a table has of each day."""
        return Counter(day for (day,) in self.rows(table, """to_char("createdAt" at time zone 'UTC', 'YYYY-MM-DD')"""))
