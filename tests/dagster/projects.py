"""A project of the sandbox that Dagster's assets load into PostgreSQL.

The fixture `north` is one of them:

    definitions = north.definitions()
    assert north.materialize(definitions, "email_events", instance, partition_key="2026-10-07").success
    assert north.loaded("email_send") == north.happened("emailSend", "2026-10-07", "2026-10-07")

`tests/dagster/north.py` has the same definitions for processes of their own.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import dagster as dg
import psycopg

from demo.warehouse import Warehouse
from iterable_sandbox.server import Sandbox
from singer_iterable.dagster import IterableProject, Plugin, StreamGroup, iterable_definitions

PASSWORD: Final = "warehouse-password-of-the-test"  # noqa: S105 (the server asks for none)
AT_ONCE: Final = dg.RetryPolicy(max_retries=2, delay=0)
EMAILS: Final = StreamGroup("emails", ("email_send", "email_click"), about="Two streams of e-mails.")


def project(**changes: Any) -> IterableProject:
    """The project that the variables of `Loaded.variables` describe."""
    given: dict[str, Any] = {
        "tap": tap(),
        "loader": Plugin(
            "target-postgres",
            {"sqlalchemy_url": dg.EnvVar("WAREHOUSE_URL"), "default_target_schema": os.environ["WAREHOUSE_SCHEMA"]},
        ),
        "first_day": "2026-09-01",
        "groups": [EMAILS],
    }
    return IterableProject("north", **{**given, **changes})


def tap(**changes: Any) -> dict[str, Any]:
    """Its settings of the tap. A request that gets no good answer is not repeated, so that Dagster has to."""
    settings = {
        "api_key": dg.EnvVar("NORTH_API_KEY"),
        "api_url": os.environ["NORTH_URL"],
        "enforce_rate_limits": False,
        "max_tries": 1,
    }
    return {**settings, **changes}


def definitions(**changes: Any) -> dg.Definitions:
    """Its definitions, with other arguments of `project`."""
    return iterable_definitions(
        [project(**changes)], state_store=os.environ["STATE_STORE"], work_directory="work", retry_policy=AT_ONCE
    )


def run(
    wanted: dg.Definitions, assets: str | Sequence[str], instance: dg.DagsterInstance, **options: Any
) -> dg.ExecuteInProcessResult:
    """Materialize assets of the project in this process."""
    names = [assets] if isinstance(assets, str) else assets
    chosen = [wanted.get_assets_def(["north", name]) for name in names]
    return dg.materialize(chosen, instance=instance, raise_on_error=False, **options)


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """The plain values of the metadata of a materialization."""
    [event] = result.asset_materializations_for_node(f"north__{asset}")
    return {name: value.value for name, value in event.metadata.items()}


@dataclass(frozen=True)
class Loaded:
    """A running sandbox, and the schema of a database that its rows go to."""

    sandbox: Sandbox
    postgres: Warehouse
    folder: Path

    @property
    def schema(self) -> str:
        return f"of_{self.folder.name}"[:50].lower()

    @property
    def variables(self) -> Mapping[str, str]:
        address = self.postgres.sqlalchemy_url("psycopg").replace("postgres:postgres@", f"postgres:{PASSWORD}@")
        return {
            "NORTH_API_KEY": self.sandbox.api_key,
            "NORTH_URL": self.sandbox.url,
            "WAREHOUSE_URL": address,
            "WAREHOUSE_SCHEMA": self.schema,
            "STATE_STORE": str(self.folder / "states.db"),
        }

    @property
    def secrets(self) -> Sequence[str]:
        return [self.sandbox.api_key, PASSWORD]

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(f"host={self.postgres.folder} user=postgres dbname=postgres") as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return self.execute(f'select {columns} from "{self.schema}"."{table}" order by 1')  # noqa: S608 (names of ours)

    def happened(self, data_type: str, first: str, last: str) -> Counter[str]:
        """How many events of a type the project has on each day from the first to the last: counted by itself."""
        days = (event["createdAt"][:10] for event in self.sandbox.events(data_type))
        return Counter(day for day in days if first <= day <= last)

    def loaded(self, table: str) -> Counter[str]:
        """How many rows a table has of each day."""
        day = """to_char("createdAt" at time zone 'UTC', 'YYYY-MM-DD')"""
        return Counter(found for (found,) in self.rows(table, day))
