"""Everything that the sandbox holds comes out of the tap, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft7Validator, FormatChecker

from iterable_api.facts import timestamps
from iterable_api.facts.data_types import DATA_TYPES, USER
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tap_iterable.stream_types.resource_stream import pages
from tests.tap.reading import Output, TapRun


def _lines(sandbox: Sandbox, data_type: str) -> list[dict[str, Any]]:
    answer = _get(sandbox, f"/api/export/data.json?dataTypeName={data_type}&range=All")
    return [json.loads(line) for line in answer.text.splitlines()]


def _leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*path, *name.split(".")))
    else:
        yield path, value


def _at(record: Any, path: tuple[str, ...]) -> object:
    for name in path:
        if not isinstance(record, dict) or name not in record:
            return None
        record = record[name]
    return record


def _same(sent: object, kept: object) -> bool:
    if sent == kept:
        return True
    if isinstance(sent, str) and isinstance(kept, str):
        return timestamps.parse(sent) is not None and timestamps.parse(sent) == timestamps.parse(kept)
    if isinstance(sent, str) and isinstance(kept, dict):
        return bool(json.loads(sent) == kept)
    return isinstance(sent, int) and kept == str(sent)


def _holds(record: dict[str, Any], line: dict[str, Any]) -> bool:
    return all(
        _same(value, _at(record, path)) or _same(value, _at(record["dataFields"], path))
        for path, value in _leaves(line)
    )


@pytest.fixture
def everything(read: TapRun) -> Output:
    output = read(*(data_type.stream for data_type in DATA_TYPES))
    assert output.code == 0, output.log
    return output


def test_every_line_of_every_data_type_is_a_record_with_all_its_fields(seeded: Sandbox, everything: Output) -> None:
    for data_type in DATA_TYPES:
        lines, records = _lines(seeded, data_type.name), everything.records[data_type.stream]
        assert len(records) == len(lines), data_type.name
        missing = [line for line in lines if not any(_holds(record, line) for record in _near(records, line))]
        assert missing == [], data_type.name


DATES = FormatChecker(())


@DATES.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def test_every_value_of_every_event_fits_the_schema_of_its_stream(everything: Output) -> None:
    """In every column, while the SDK's own suite looks at the values of the first one only."""
    schemas = {message["stream"]: message["schema"] for message in everything.messages if message["type"] == "SCHEMA"}
    dates = 0
    for stream, schema in schemas.items():
        validator = Draft7Validator(schema, format_checker=DATES)
        for record in everything.records[stream][:100]:
            assert [error.message for error in validator.iter_errors(record)] == [], stream
        dates += sum("date-time" in str(column) for column in schema["properties"].values())
    assert dates > len(DATA_TYPES)


def _near(records: list[dict[str, Any]], line: dict[str, Any]) -> list[dict[str, Any]]:
    """Records of the same person: comparing each line with each record would take too long."""
    return [record for record in records if record.get("email") == line.get("email")]


def test_the_keys_of_events_are_unique_and_never_missing(everything: Output) -> None:
    for data_type in DATA_TYPES:
        if data_type is not USER:
            ids = [record["recordId"] for record in everything.records[data_type.stream]]
            assert len(set(ids)) == len(ids), data_type.name


@pytest.mark.parametrize(
    ("stream", "path", "key"),
    [
        ("campaigns", "/api/campaigns?page=1&pageSize=1000", "id"),
        ("templates", "/api/templates?page=1&pageSize=1000", "templateId"),
        ("channels", "/api/channels", "id"),
        ("message_types", "/api/messageTypes", "id"),
        ("lists", "/api/lists", "id"),
    ],
)
def test_every_row_that_describes_the_project_is_a_record_with_all_its_fields(
    seeded: Sandbox, read: TapRun, stream: str, path: str, key: str
) -> None:
    rows = next(rows for rows in _get(seeded, path).json().values() if isinstance(rows, list))
    records = {record[key]: record for record in read(stream).records[stream]}
    assert len(records) == len(rows) > 0
    for row in rows:
        for name, value in row.items():
            kept = records[row[key]].get(name)
            if name.endswith("At"):
                assert timestamps.parse(str(kept)) == timestamps.from_epoch_ms(value)
            else:
                assert kept == value


def test_pages_are_read_to_the_last(seeded: Sandbox) -> None:
    rows = _get(seeded, "/api/campaigns?page=1&pageSize=1000").json()["campaigns"]
    read = pages(_client(seeded), "/api/campaigns", "campaigns", size=7)
    assert [row["id"] for row in read] == sorted(row["id"] for row in rows)
    assert len(rows) > 2 * 7


def _client(sandbox: Sandbox) -> IterableClient:
    return IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())


def test_every_member_of_every_list_is_a_record(seeded: Sandbox, read: TapRun) -> None:
    lists = [entry["id"] for entry in _get(seeded, "/api/lists").json()["lists"]]
    members = {
        (list_id, line)
        for list_id in lists
        for line in _get(seeded, f"/api/lists/getUsers?listId={list_id}").text.splitlines()
        if line
    }
    records = read("list_users").records["list_users"]
    assert {(record["listId"], record["email"]) for record in records} == members
    assert len(records) == len(members) > 100
    assert all(record["member"] == record["email"] for record in records)


@pytest.mark.parametrize("project_type", ["userId", "hybrid"])
def test_users_and_members_of_other_project_types_are_told_apart(tmp_path: Path, project_type: str) -> None:
    with Sandbox(project_type=project_type, clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC))) as sandbox:
        _post(sandbox, "/api/users/bulkUpdate", {"users": [{"userId": "u-1"}, {"userId": "u-2"}]})
        list_id = _post(sandbox, "/api/lists", {"name": "L"})["listId"]
        _post(sandbox, "/api/lists/subscribe", {"listId": list_id, "subscribers": [{"userId": "u-2"}]})
        read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
        output = read("users", "list_users", project_type=project_type)
    assert output.code == 0, output.log
    assert sorted(record["userId"] for record in output.records["users"]) == ["u-1", "u-2"]
    assert len({record["itblUserId"] for record in output.records["users"]}) == 2
    assert output.records["list_users"] == [{"listId": list_id, "member": "u-2", "userId": "u-2"}]


def test_members_of_a_hybrid_project_are_joined_to_users_by_the_one_identifier_that_they_have(tmp_path: Path) -> None:
    """As docs/streams.md says: on `userId`, and on `email` where that is null."""
    both, only_id, only_email = (
        {"userId": "u-1", "email": "ann@example.com"},
        {"userId": "u-2"},
        {"email": "cy@example.com"},
    )
    with Sandbox(project_type="hybrid", clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC))) as sandbox:
        _post(sandbox, "/api/users/bulkUpdate", {"users": [both, only_id, only_email]})
        list_id = _post(sandbox, "/api/lists", {"name": "L"})["listId"]
        _post(sandbox, "/api/lists/subscribe", {"listId": list_id, "subscribers": [both, only_id, only_email]})
        output = TapRun(sandbox.url, sandbox.api_key, tmp_path)("users", "list_users", project_type="hybrid")
    assert output.code == 0, output.log
    members, users = output.records["list_users"], output.records["users"]
    assert sorted(row["member"] for row in members) == ["cy@example.com", "u-1", "u-2"]
    assert [row for row in members if "userId" in row and "email" in row] == []
    found = [
        [user for user in users if user.get(column) == row[column]]
        for row in members
        for column in (["userId"] if "userId" in row else ["email"])
    ]
    assert [len(rows) for rows in found] == [1, 1, 1]
    joined = {user["itblUserId"]: (user.get("userId"), user.get("email")) for rows in found for user in rows}
    assert {("u-1", "ann@example.com"), (None, "cy@example.com")} < set(joined.values())
    assert len(joined) == 3


def test_a_user_without_the_key_of_the_project_type_is_kept_aside_and_reported(tmp_path: Path) -> None:
    with Sandbox(project_type="userId", clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC))) as sandbox:
        users = [{"userId": "u-1"}, {"userId": "u-2", "email": "ann@example.com"}]
        _post(sandbox, "/api/users/bulkUpdate", {"users": users})
        output = TapRun(sandbox.url, sandbox.api_key, tmp_path)("users", project_type="email")
    assert output.code == 0, output.log
    assert [record["email"] for record in output.records["users"]] == ["ann@example.com"]
    kept = (tmp_path / "malformed" / "users.ndjson").read_text().splitlines()
    assert [json.loads(line)["userId"] for line in kept] == ["u-1"]
    assert "no records: 1" in output.log
    assert "u-1" not in output.log


def test_a_window_of_users_none_of_whom_has_the_key_of_the_project_type_fails_and_names_the_setting(
    tmp_path: Path,
) -> None:
    with Sandbox(project_type="userId", clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC))) as sandbox:
        _post(sandbox, "/api/users/bulkUpdate", {"users": [{"userId": "u-1"}]})
        output = TapRun(sandbox.url, sandbox.api_key, tmp_path)("users", project_type="email")
    assert output.code == 1
    assert "not one user with `email`, which every user of the project has if `project_type` is right" in output.log
    assert "u-1" not in output.log
    assert all(not state["bookmarks"].get("users") for state in output.states)


def _get(sandbox: Sandbox, path: str) -> Any:
    return requests.get(sandbox.url + path, headers={"Api-Key": sandbox.api_key}, timeout=30)


def _post(sandbox: Sandbox, path: str, body: object) -> Any:
    return requests.post(sandbox.url + path, json=body, headers={"Api-Key": sandbox.api_key}, timeout=30).json()
