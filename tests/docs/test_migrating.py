"""Streams and fields that the page promises are there, and the state that it shows is one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from iterable_sandbox.server import Sandbox
from tap_iterable.tap import TapIterable
from tests.tap.reading import TapRun
from tools.generated import ROOT

PAGE = (ROOT / "docs" / "migrating.md").read_text()
SCHEMAS = {
    name: (stream.primary_keys, stream.schema["properties"])
    for name, stream in TapIterable(
        config={"api_key": "k", "start_date": "2026-01-01"}, setup_mapper=False
    ).streams.items()
}


def rows(after: str) -> list[list[str]]:
    """The rows of the last table under a heading."""
    chapter = PAGE.partition(f"\n## {after}\n")[2].partition("\n## ")[0]
    table = re.findall(r"(?:^\|.*\n)+", chapter, re.MULTILINE)[-1]
    return [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def test_streams_of_singer_io_have_the_keys_that_are_shown() -> None:
    table = rows("From singer-io's tap-iterable")
    assert len(table) == 16
    assert [row for row in table if list(SCHEMAS[names(row[1])[0]][0]) != names(row[3])] == []


@pytest.mark.parametrize("row", rows("From Airbyte's source-iterable"), ids=lambda row: row[0])
def test_streams_of_airbyte_are_there(row: list[str]) -> None:
    assert SCHEMAS.keys() >= set(names(row[1]))


@pytest.mark.parametrize("row", rows("From Fivetran's Iterable connector"), ids=lambda row: row[0])
def test_fields_of_fivetran_are_there(row: list[str]) -> None:
    for stream in names(row[1]):
        fields = re.findall(r"→ `(\w+)`", row[2])
        assert SCHEMAS[stream][1].keys() >= set(fields)


def test_the_state_that_is_shown_is_gone_on_with(seeded_database: Path, tmp_path: Path) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    with Sandbox(database=str(seeded_database)) as sandbox:
        read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
        output = read("email_open", "users", state=json.loads(text), lookback_minutes=0, end_date="2026-11-01")
    assert output.code == 0, output.log
    opens = [record["createdAt"] for record in output.records["email_open"]]
    assert opens
    assert min(opens) >= "2026-10-15"
    assert min(record["profileUpdatedAt"] for record in output.records["users"]) >= "2026-10-15"
