"""JSON columns of a real PostgreSQL, whose values are of different types from row to row."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from demo.warehouse import warehouse
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from tests.pipelines.test_warehouse import selected
from tests.target.loading import Contents, Loader

TAP: Final = str(Path(sys.executable).with_name("tap-postgres"))
TABLES: Final = """
create schema app;
create table app.a_people (email text primary key, prefs jsonb, js jsonb);
create table app.b_people (email text primary key, prefs jsonb);
insert into app.a_people values ('u000@example.com', '"text"', '[1, "a"]');
insert into app.a_people select 'u' || n || '@example.com', '{"k": true}', null from generate_series(100, 348) n;
insert into app.b_people select 'v' || n || '@example.com', '{"k": true}' from generate_series(100, 349) n;
"""


def tap(folder: Path, *arguments: str) -> str:
    """What tap-postgres prints."""
    command = [TAP, "--config", "config.json", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=True).stdout


def test_one_odd_row_of_500_costs_itself_and_no_other(tmp_path: Path) -> None:
    with warehouse(tmp_path / "postgres") as postgres, Sandbox() as sandbox:
        (tmp_path / "tables.sql").write_text(TABLES)
        postgres.run(tmp_path / "tables.sql")
        config = {"sqlalchemy_url": postgres.sqlalchemy_url("psycopg2"), "filter_schemas": ["app"]}
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "catalog.json").write_text(json.dumps(selected(json.loads(tap(tmp_path, "--discover")))))
        rows = tap(tmp_path, "--catalog", "catalog.json").splitlines()
        done = Loader(sandbox, tmp_path)(rows, streams={"app-*": {"object": "users"}})
        counts = {name: (tally["read"], tally["written"], tally["rejected"]) for name, tally in done.items()}
        assert counts == {"app-a_people": (250, 249, 1), "app-b_people": (250, 250, 0)}
        client = IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())
        assert Contents(client).user(email="v349@example.com")["prefs"] == {"k": True}
        client.close()
