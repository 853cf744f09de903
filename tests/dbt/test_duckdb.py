"""The models over Parquet files in DuckDB are those over PostgreSQL, and the newest row of a key counts."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from demo.models import PACKAGE, Dbt
from tests.dbt.conftest import EVERYTHING
from tests.dbt.loaded_project import LoadedProject

pytestmark = pytest.mark.more

KEYS: Final = {
    "iterable_campaign_days": "campaign_id, day",
    "iterable_campaign_performance": "campaign_id",
    "iterable_events": "record_id",
    "iterable_list_members": "list_id, user_key",
    "iterable_messages": "message_id",
    "iterable_purchase_items": "record_id, item_number",
    "iterable_purchases": "record_id",
    "iterable_user_engagement": "user_key",
}
"""Models -> what orders their rows."""


class DuckDb:
    """A database file, and dbt over it."""

    def __init__(self, command: Path, folder: Path) -> None:
        self.path = folder / "warehouse.duckdb"
        self.dbt = Dbt(command, folder, {"type": "duckdb", "path": str(self.path), "schema": "models", "threads": 2})

    def load(self, files: Path) -> str:
        return self.dbt("run-operation", "singer_iterable.load_parquet", "--args", json.dumps({"folder": str(files)}))

    def rows(self, query: str) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            found = connection.execute(query)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def files(project: LoadedProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("files")
    project.files(root)
    return root


@pytest.fixture(scope="module")
def duck(dbt_command: Path, files: Path, tmp_path_factory: pytest.TempPathFactory) -> DuckDb:
    made = DuckDb(dbt_command, tmp_path_factory.mktemp("duck"))
    assert "iterable.email_send: " in made.load(files)
    assert "WARN=0 ERROR=0" in made.dbt("build", **EVERYTHING)
    return made


def _plain(value: object) -> object:
    """What both databases have for one value: numbers to six digits, JSON parsed."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float, Decimal)):
        return float(f"{value:.6g}")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def _plain_rows(rows: list[Any]) -> list[dict[str, object]]:
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def test_every_model_is_the_same_over_either_way_to_load(built: LoadedProject, duck: DuckDb) -> None:
    for model, key in KEYS.items():
        query = f"select * from models.{model} order by {key}"  # noqa: S608 (our own names)
        over_postgresql, over_files = _plain_rows(built.rows(query)), _plain_rows(duck.rows(query))
        assert over_postgresql == over_files != [], model


def test_every_mart_is_compared() -> None:
    marts = {path.stem for path in (PACKAGE / "models" / "marts").glob("*.sql")}
    loaded = {f"iterable_{name}" for name in ("campaigns", "channels", "lists", "message_types", "templates", "users")}
    assert marts == KEYS.keys() | loaded


def test_the_newest_file_has_the_last_word(project: LoadedProject, files: Path, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (older,) = files.glob("*-lists-*.parquet")
    (folder / f"a{older.name}").write_bytes(older.read_bytes())
    renamed = duckdb.read_parquet(str(older)).order("id").limit(1).project("* replace ('Renamed' as name)")
    renamed.write_parquet(str(folder / f"0{older.name}"))
    again = DuckDb(project.command, tmp_path)
    again.load(folder)
    before = project.rows("select id, name from iterable.lists order by id")
    assert again.rows("select id, name from iterable.lists order by id") == [
        {**before[0], "name": "Renamed"},
        *before[1:],
    ]
