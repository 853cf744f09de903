"""target-postgres with the settings of `meltano.yml`, which check no record a second time, loses none by that."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.warehouse.ways import shipped
from demo.warehouse import Warehouse, warehouse

pytestmark = pytest.mark.more

TARGET = Path(sys.executable).with_name("target-postgres")
SCHEMA = {
    "properties": {
        "id": {"type": "string"},
        "campaignId": {"type": ["integer", "null"]},
        "total": {"type": ["number", "null"]},
        "createdAt": {"type": ["string", "null"], "format": "date-time"},
    }
}
GOOD: dict[str, Any] = {"id": "1", "campaignId": 7, "total": 24.95, "createdAt": "2026-09-09T23:45:22+00:00"}


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with warehouse(tmp_path_factory.mktemp("postgres")) as opened:
        yield opened


def load(postgres: Warehouse, folder: Path, stream: str, *records: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    config = {"sqlalchemy_url": postgres.sqlalchemy_url("psycopg"), "default_target_schema": "loaded", **shipped()}
    (folder / "config.json").write_text(json.dumps(config))
    messages = [
        {"type": "SCHEMA", "stream": stream, "schema": SCHEMA, "key_properties": ["id"]},
        *({"type": "RECORD", "stream": stream, "record": record} for record in records),
        {"type": "STATE", "value": {"seen": len(records)}},
    ]
    return subprocess.run(
        [TARGET, "--config", folder / "config.json"],
        input="".join(json.dumps(message) + "\n" for message in messages),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_records_that_fit_are_loaded_once_however_often_they_come(postgres: Warehouse, tmp_path: Path) -> None:
    for _ in range(2):
        ended = load(postgres, tmp_path, "good", GOOD, {**GOOD, "id": "2", "total": 10})
        assert ended.returncode == 0, ended.stderr
        assert json.loads(ended.stdout) == {"seen": 2}
    assert postgres.counts("loaded")["good"] == 2


@pytest.mark.parametrize(
    "wrong",
    [{"campaignId": "seven"}, {"campaignId": 7.5}, {"total": "much"}, {"createdAt": "yesterday"}, {"id": None}],
    ids=str,
)
def test_a_record_that_does_not_fit_fails_the_run_and_no_state_moves(
    postgres: Warehouse, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    ended = load(postgres, tmp_path, "bad", GOOD, {**GOOD, "id": "2", **wrong})
    assert ended.returncode != 0
    assert ended.stdout == ""
