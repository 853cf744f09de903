"""What target-postgres makes of columns of users: of names that are too long, and of objects that are not there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.warehouse import Warehouse, warehouse
from iterable_sandbox.server import Sandbox
from tests.tap.reading import TapRun

pytestmark = pytest.mark.more

TARGET = str(Path(sys.executable).with_name("target-postgres"))
LONG = "n" * 70
USERS: list[dict[str, Any]] = [
    {"email": "ann@example.com", "plan": "a", "Plan": "b", "prefs": {"k": 1}, LONG: "c"},
    {"email": "bob@example.com"},
]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with warehouse(tmp_path_factory.mktemp("columns") / "postgres") as running:
        yield running


def loaded(postgres: Warehouse, folder: Path, schema: str, **settings: Any) -> int:
    """The exit status of the second of two loads of the same messages."""
    users = [{"profileUpdatedAt": "2026-09-01 00:00:00 +00:00", **user} for user in USERS]
    with Sandbox() as sandbox:
        sandbox.load("user", users)
        messages = TapRun(sandbox.url, sandbox.api_key, folder)("users", typed_user_fields=True, **settings).messages
    config = {"sqlalchemy_url": postgres.sqlalchemy_url("psycopg"), "default_target_schema": schema, "use_copy": True}
    (folder / "target.json").write_text(json.dumps(config))
    given = "".join(json.dumps(message) + "\n" for message in messages)
    command = [TARGET, "--config", "target.json"]
    return [
        subprocess.run(command, cwd=folder, input=given, text=True, capture_output=True, check=False).returncode
        for _ in range(2)
    ][-1]


def rows(postgres: Warehouse, statement: Any) -> list[Any]:
    with psycopg.connect(f"postgresql://postgres@/postgres?host={postgres.folder}") as connection:
        return [row[0] for row in connection.execute(statement).fetchall()]


def test_a_long_name_ends_the_load_unless_columns_are_distinct(postgres: Warehouse, tmp_path: Path) -> None:
    assert loaded(postgres, tmp_path, "exact") != 0
    assert loaded(postgres, tmp_path, "lower", distinct_columns="lower_case") == 0
    [kept] = rows(postgres, "select \"dataFields\" from lower.users where email = 'ann@example.com'")
    assert kept == {"Plan": "b", LONG: "c"}
    assert rows(postgres, "select plan from lower.users order by email") == ["a", None]


def test_an_object_that_is_not_there_is_null_if_objects_come_as_texts(postgres: Warehouse, tmp_path: Path) -> None:
    settings = {"distinct_columns": "lower_case", "flattening_enabled": True, "flattening_max_depth": 1}
    assert loaded(postgres, tmp_path, "texts", **settings) == 0
    assert rows(postgres, "select email from texts.users where prefs is null") == ["bob@example.com"]
    assert rows(postgres, "select (prefs::jsonb->>'k')::int from texts.users where prefs is not null") == [1]


def test_as_an_object_it_is_the_null_of_json_and_the_view_of_the_page_makes_it_null(
    postgres: Warehouse, tmp_path: Path
) -> None:
    assert loaded(postgres, tmp_path, "objects", distinct_columns="lower_case", absent_as_null=True) == 0
    assert rows(postgres, "select email from objects.users where prefs is null") == []
    turned = "select email from objects.users where nullif(prefs, 'null'::jsonb) is null"
    assert rows(postgres, turned) == ["bob@example.com"]
