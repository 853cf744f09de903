"""Records written into a project by assets: numbers, the check of rejects, and state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg
import pytest

from singer_iterable.dagster import Plugin, TargetSync
from tests.dagster.projects import PASSWORD, Loaded, definitions, metadata, run

pytestmark = pytest.mark.more

KEY = dg.AssetKey(["north", "customers"])


def sync(north: Loaded, **changes: Any) -> TargetSync:
    given: dict[str, Any] = {
        "extractor": Plugin(
            "tap-postgres",
            {"sqlalchemy_url": dg.EnvVar("SOURCE_URL"), "filter_schemas": [north.schema], "json_as_object": True},
        ),
        "target": {
            "api_key": dg.EnvVar("NORTH_API_KEY"),
            "api_url": north.sandbox.url,
            "enforce_rate_limits": False,
            "ledger": str(north.folder / "ledger.db"),
            "streams": {"*-customers": {"object": "users"}},
        },
        "streams": ["*-customers"],
    }
    return TargetSync("customers", **{**given, **changes})


def add(source: Loaded, number: int, email: str) -> None:
    table = f"{source.schema}.customers"
    source.execute(f"insert into {table} values ({number}, '{email}', {number})")  # noqa: S608 (names of ours)


@pytest.fixture
def source(north: Loaded, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """20 customers, of whom one has no address."""
    address = north.postgres.sqlalchemy_url("psycopg2").replace("postgres:postgres@", f"postgres:{PASSWORD}@")
    monkeypatch.setenv("SOURCE_URL", address)
    source = north.schema
    north.execute(f"create schema {source}")
    north.execute(f"create table {source}.customers (id integer primary key, email text, visits integer)")
    for number in range(1, 21):
        add(north, number, f"new{number}@example.com" if number < 20 else "nobody")
    return north


def checks(result: dg.ExecuteInProcessResult) -> Sequence[tuple[bool, Any]]:
    found = result.get_asset_check_evaluations()
    return [(one.passed, {name: value.value for name, value in one.metadata.items()}) for one in found]


def test_numbers_are_those_of_the_project_and_the_check_of_rejects_fails_above_its_share(
    source: Loaded, instance: dg.DagsterInstance
) -> None:
    before = source.sandbox.counts()["users"]
    result = run(definitions(syncs=[sync(source)]), "customers", instance)
    assert result.success
    told = metadata(result, "customers")
    assert (told["read"], told["written"], told["rejected"]) == (20, 19, 1)
    assert source.sandbox.counts()["users"] == before + 19
    [(passed, said)] = checks(result)
    assert not passed
    assert said["share"] == told["rejected_share"] == 0.05
    assert sum(said["reasons"].values()) == 1
    assert "nobody" in next((source.folder / "work").rglob("*.singer")).read_text()
    [(passed, _)] = checks(run(definitions(syncs=[sync(source, max_rejected_share=0.05)]), "customers", instance))
    assert passed
    assert not any(b"nobody" in path.read_bytes() for path in (source.folder / "dagster").rglob("*.db"))


def test_a_sync_goes_on_from_its_state_on_any_worker(source: Loaded, instance: dg.DagsterInstance) -> None:
    incremental = {"*-customers": {"replication-method": "INCREMENTAL", "replication-key": "id"}}
    wanted = definitions(syncs=[sync(source, metadata=incremental)])
    first = metadata(run(wanted, "customers", instance), "customers")
    assert first["read"] == 20
    add(source, 21, "new21@example.com")
    second = metadata(run(wanted, "customers", instance), "customers")
    # The row of the bookmark comes once more.
    assert second["read"] == 2
