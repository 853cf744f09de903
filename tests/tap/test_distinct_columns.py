"""`distinct_columns`: fields of users whose names a loader does not tell apart have one column, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.tap.reading import TapRun

LONG = "a_field_of_which_the_first_sixty_three_bytes_are_the_same_as_of_another_one"
CREATED = datetime(2026, 11, 1, tzinfo=UTC)
FIELDS: dict[str, Any] = {
    "plan": "a",
    "Plan": "b",
    "PLAN": "c",
    "firstTry": 1,
    "first_try": 2,
    "Signup_Source": "mine",
    f"{LONG}_a": "d",
    f"{LONG}_b": "e",
}


@pytest.fixture
def project() -> Iterator[Sandbox]:
    with Sandbox(clock=StoppedClock(CREATED)) as sandbox:
        sandbox.load("user", [{"email": "ana@example.com", **FIELDS}])
        yield sandbox


def _read(project: Sandbox, folder: Path, **settings: Any) -> tuple[set[str], dict[str, Any], str]:
    """Which of the fields have a column, the record of the user, and the log."""
    output = TapRun(project.url, project.api_key, folder)("users", typed_user_fields=True, **settings)
    assert output.code == 0, output.log
    (schema,) = (message["schema"] for message in output.messages if message["type"] == "SCHEMA")
    (record,) = output.records["users"]
    return {name for name in schema["properties"] if name in FIELDS}, record, output.log


@pytest.mark.parametrize(
    ("distinct", "columns"),
    [
        ("exact", set(FIELDS)),
        ("lower_case", {"plan", "firstTry", "first_try", "Signup_Source"}),
        ("snake_case", {"plan", "first_try"}),
    ],
)
def test_fields_without_a_column_of_their_own_stay_whole(
    project: Sandbox, tmp_path: Path, distinct: str, columns: set[str]
) -> None:
    found, record, log = _read(project, tmp_path, distinct_columns=distinct)
    assert found == columns
    assert {name: record[name] for name in columns} == {name: FIELDS[name] for name in columns}
    assert record.get("dataFields", {}) == {name: value for name, value in FIELDS.items() if name not in columns}
    named = "`distinct_columns`" in log
    assert named
    assert ("leaves these fields of users in `dataFields`" in log) is (distinct != "exact")


def test_the_same_field_has_the_column_in_whatever_order_fields_come(tmp_path: Path) -> None:
    found = []
    for number, names in enumerate([["Plan", "plan", "PLAN"], ["PLAN", "Plan", "plan"]]):
        with Sandbox(clock=StoppedClock(CREATED)) as sandbox:
            sandbox.load("user", [{"email": "ana@example.com", **dict.fromkeys(names, "x")}])
            (tmp_path / str(number)).mkdir()
            found.append(_read(sandbox, tmp_path / str(number), distinct_columns="lower_case")[0])
    assert found == [{"plan"}, {"plan"}]


def test_a_project_without_such_fields_is_not_warned(tmp_path: Path) -> None:
    with Sandbox(clock=StoppedClock(CREATED)) as sandbox:
        sandbox.load("user", [{"email": "ana@example.com", "plan": "a"}])
        columns, _, log = _read(sandbox, tmp_path)
    assert columns == {"plan"}
    assert "distinct_columns" not in log
