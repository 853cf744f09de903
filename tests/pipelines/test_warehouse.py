"""From a warehouse: tables of a real PostgreSQL, read by tap-postgres, end up as what they mean in Iterable."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from demo.warehouse import Warehouse, warehouse
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from tests.target.loading import Contents, Loader

TAP: Final = str(Path(sys.executable).with_name("tap-postgres"))
ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.com"

TABLES: Final = """
create schema crm;
create table crm."Customers" (
    "Email" text primary key, "FirstName" text, balance numeric(12, 4), huge numeric, visits bigint, ratio float8,
    signed_up timestamptz, seen timestamp, born date, opens time, address jsonb, cars json, tags text[], scores int[],
    active boolean, code uuid, "home.city" text, version timestamptz not null
);
create table crm.orders (
    shop int, number int, email text, total numeric, at timestamptz, lines jsonb, primary key (shop, number)
);
create table crm.products (sku text primary key, price numeric(8, 2), stock int, released date, specs jsonb);
"""
ROWS: Final = """
insert into crm."Customers" values (
    'Ann@Example.com', 'Ann', 12.3400, 123456789012345678901234567890.123456789, 9007199254740993, 0.1,
    '2024-11-25 13:37:19.123+02', '2024-11-25 13:37:19', '1999-12-31', '09:30',
    '{"street": "A 1", "geo": {"n": 1.10}, "old": null}', '[{"name": "a"}, {"name": "b"}]', '{a,b}', '{1,2}', true,
    '7b8e7a4e-4f0e-4f7c-9c0e-111111111111', 'Bern', '2025-01-01'
), ('bob@example.com', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
    '2025-01-02');
insert into crm.orders values
    (1, 1, 'ann@example.com', 9.90, '2025-01-01 10:00+00', '[{"sku": "m", "n": 2}]'),
    (1, 2, 'ann@example.com', 9.90, '2025-01-01 10:00+00', '[{"sku": "m", "n": 2}]'),
    (2, 1, 'ann@example.com', 9.90, '2025-01-01 10:00+00', null);
insert into crm.products values ('M/1', 5, 3, '2025-01-01', '{"colour": "red"}'), ('M-2', null, 0, null, null);
"""
CHANGES: Final = """
insert into crm."Customers" ("Email", visits, version) values ('cat@example.com', 1, '2025-01-03');
update crm."Customers" set "FirstName" = null, visits = 7, version = '2025-01-03' where "Email" = 'Ann@Example.com';
update crm."Customers" set "FirstName" = 'Unseen' where "Email" = 'bob@example.com';
update crm.orders set total = 10.90 where shop = 2;
"""
ROUTES: Final[dict[str, Any]] = {
    "crm-Customers": {
        "object": "users",
        "fields": {"Email": "email", "FirstName": "firstName", "home.city": "address.city", "version": None},
    },
    "crm-orders": {"object": "events", "event_name": "ordered", "fields": {"at": "createdAt"}},
    "crm-products": {
        "object": "catalog_items",
        "catalog": "Products",
        "define_field_types": True,
        "unsafe_ids": "replace",
    },
}


class Pipeline(NamedTuple):
    """The warehouse, the sandbox, and a way from the one to the other."""

    postgres: Warehouse
    sandbox: Sandbox
    holds: Contents
    load: Loader
    folder: Path

    def run(self, state: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read all tables and write them; the state behind it. Customers are read from the state on."""
        (self.folder / "state.json").write_text(json.dumps(state or {}))
        catalog = json.loads(self._tap("--discover"))
        (self.folder / "catalog.json").write_text(json.dumps(selected(catalog)))
        lines = self._tap("--catalog", "catalog.json", "--state", "state.json").splitlines()
        self.load(lines, streams=ROUTES)
        last: dict[str, Any] = [json.loads(line) for line in lines if '"STATE"' in line][-1]["value"]
        return last

    def sql(self, text: str) -> None:
        script = self.folder / "script.sql"
        script.write_text(text)
        self.postgres.run(script)

    def bodies(self, route: str) -> str:
        return "\n".join(entry.body or "" for entry in self.sandbox.requests(route))

    def _tap(self, *arguments: str) -> str:
        config = {
            "sqlalchemy_url": self.postgres.sqlalchemy_url("psycopg2"),
            "filter_schemas": ["crm"],
        }
        (self.folder / "config.json").write_text(json.dumps(config))
        command = [TAP, "--config", "config.json", *arguments]
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


def selected(catalog: dict[str, Any]) -> dict[str, Any]:
    """All streams; customers by the column that tells what is new."""
    for entry in catalog["streams"]:
        for metadata in entry["metadata"]:
            metadata["metadata"]["selected"] = True
        if entry["tap_stream_id"] == "crm-Customers":
            entry |= {"replication_method": "INCREMENTAL", "replication_key": "version"}
            for metadata in entry["metadata"]:
                if not metadata["breadcrumb"]:
                    metadata["metadata"] |= {"replication-method": "INCREMENTAL", "replication-key": "version"}
    return catalog


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Before the first run."""
    folder = tmp_path_factory.mktemp("warehouse")
    with warehouse(folder / "postgres") as postgres, Sandbox(log_personal_data=True) as sandbox:
        holds = Contents(IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited()))
        made = Pipeline(postgres, sandbox, holds, Loader(sandbox, folder), folder)
        made.sql(TABLES)
        made.sql(ROWS)
        yield made
        holds.client.close()


@pytest.fixture(scope="module")
def state(pipeline: Pipeline) -> dict[str, Any]:
    """That of the first run."""
    return pipeline.run()


def test_every_row_is_written(pipeline: Pipeline, state: dict[str, Any]) -> None:
    assert state
    assert {name: (one["read"], one["written"], one["reasons"]) for name, one in pipeline.load.streams.items()} == {
        "crm-Customers": (2, 2, {}),
        "crm-orders": (3, 3, {}),
        "crm-products": (2, 2, {}),
    }


@pytest.mark.usefixtures("state")
def test_columns_of_all_types_are_fields_of_the_types_that_they_mean(pipeline: Pipeline) -> None:
    types = pipeline.holds.field_types()
    columns = (
        "balance",
        "visits",
        "ratio",
        "signed_up",
        "seen",
        "born",
        "opens",
        "active",
        "tags",
        "scores",
        "address",
    )
    assert [types[column] for column in columns] == [
        *("double", "long", "double", "date", "date", "date", "string", "boolean", "string", "long", "object")
    ]
    profile = pipeline.holds.user(email=ANN)
    assert profile["signed_up"] == "2024-11-25 11:37:19 +00:00"
    assert (profile["born"], profile["seen"]) == ("1999-12-31", "2024-11-25 13:37:19 +00:00")
    assert profile["address"] == {"street": "A 1", "geo": {"n": 1.1}, "city": "Bern"}
    assert (profile["cars"], profile["scores"]) == ([{"name": "a"}, {"name": "b"}], [1, 2])
    assert (profile["firstName"], profile["code"]) == ("Ann", "7b8e7a4e-4f0e-4f7c-9c0e-111111111111")
    assert not {"Email", "FirstName", "home.city", "version"} & profile.keys()


@pytest.mark.usefixtures("state")
def test_numbers_keep_every_digit(pipeline: Pipeline) -> None:
    sent = pipeline.bodies("POST /api/users/bulkUpdate")
    assert "123456789012345678901234567890.123456789" in sent
    assert "9007199254740993" in sent
    assert '"ratio":0.1,' in sent


@pytest.mark.usefixtures("state")
def test_columns_that_are_null_are_no_fields(pipeline: Pipeline) -> None:
    assert not {"firstName", "balance", "signed_up", "cars", "active"} & pipeline.holds.user(email=BOB).keys()


@pytest.mark.usefixtures("state")
def test_items_have_safe_ids_and_the_types_of_their_columns(pipeline: Pipeline) -> None:
    items = pipeline.holds.items("Products")
    assert sorted(len(id_) for id_ in items) == [3, len("M-1-12345678")]
    assert items["M-2"] == {"price": None, "stock": 0, "released": None, "specs": None}
    expected = {"price": "double", "stock": "long", "released": "date"}
    assert pipeline.holds.mappings("Products").items() >= expected.items()


def test_the_next_run_brings_what_is_new_and_repeats_nothing(pipeline: Pipeline, state: dict[str, Any]) -> None:
    before = {event["id"]: event["total"] for event in pipeline.holds.events()}
    assert len(before) == 3  # the composite key tells alike orders apart
    pipeline.sql(CHANGES)
    pipeline.run(state)
    # The row at the bookmark is read again, and Bob's change did not move his version.
    assert pipeline.load.streams["crm-Customers"]["read"] == 3
    ann = pipeline.holds.user(email=ANN)
    assert (ann["visits"], "firstName" in ann) == (7, False)
    assert pipeline.holds.user(email=CAT)["visits"] == 1
    after = [event["total"] for event in pipeline.holds.events()]
    assert sorted(after) == [9.9, 9.9, 9.9, 10.9]
