"""Data types that the tap does not know, and users with columns of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iterable_api.facts.data_types import unknown_data_type
from iterable_sandbox.server import Sandbox
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.answering import KEY, Query, answer
from tests.tap.reading import TapRun

LINE = {"createdAt": "2026-08-01 10:00:00 +00:00", "email": "ann@example.com", "carrierPigeon": {"ring": 7}}


@pytest.mark.parametrize(
    ("name", "stream"),
    [("pigeonSend", "pigeon_send"), ("whatsAppPigeon", "whatsapp_pigeon"), ("rcs2Click", "rcs2_click"), ("x", "x")],
)
def test_the_stream_of_a_data_type_is_named_like_all_others(name: str, stream: str) -> None:
    assert (unknown_data_type(name).name, unknown_data_type(name).stream) == (name, stream)


def test_a_type_of_the_setting_becomes_a_stream_with_all_its_fields(server: ScriptedServer, tmp_path: Path) -> None:
    def export(query: Query) -> Answer:
        return Answer(body=json.dumps(LINE).encode() if query["dataTypeName"] == ["pigeonSend"] else b"")

    answer(server, {"/api/export/data.json": export})
    output = TapRun(server.url, KEY, tmp_path)("pigeon_send", extra_data_types=["pigeonSend"], end_date="2026-08-02")
    assert output.code == 0, output.log
    (record,) = output.records["pigeon_send"]
    assert record["createdAt"] == "2026-08-01T10:00:00.000000+00:00"
    assert record["email"] == "ann@example.com"
    assert record["dataFields"] == {"carrierPigeon": {"ring": 7}}
    assert output.bookmark("pigeon_send").startswith("2026-08-02")


@pytest.mark.parametrize("mode", ["stream", "jobs"])
def test_a_wrong_name_gets_iterables_own_error_and_names_the_setting(
    sandbox: Sandbox, tmp_path: Path, mode: str
) -> None:
    read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
    output = read("pigeon_send", extra_data_types=["pigeonSend"], export_mode=mode)
    assert output.code != 0
    assert "`extra_data_types` names pigeonSend, which Iterable refuses" in output.log
    assert "Invalid dataTypeName" in output.log


def test_a_name_that_is_nearly_one_that_is_there_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    output = TapRun(sandbox.url, sandbox.api_key, tmp_path)("email_opn", extra_data_types=["emailOpn"])
    assert output.code == 1
    assert "The stream email_open is there without it." in output.log


@pytest.mark.parametrize("names", [["emailOpen"], ["pigeonSend", "pigeonSend"], ["Emailopen"], ["email open"]])
def test_a_type_that_is_there_already_or_no_name_is_refused_at_start(
    server: ScriptedServer, tmp_path: Path, names: list[str]
) -> None:
    output = TapRun(server.url, KEY, tmp_path)(extra_data_types=names)
    assert output.code != 0
    assert "extra_data_types" in output.log
    assert server.requests == []


FIELDS = {
    "email": "string",
    "profileUpdatedAt": "date",
    "shoeSize": "double",
    "Lifetime Value": "long",
    "home": "object",
    "home.number": "long",
    "birthday": "date",
    "tags": "string",
    "odd": "something new",
    "recordId": "string",
}
USER = {
    "email": "ann@example.com",
    "profileUpdatedAt": "2026-08-01 10:00:00 +00:00",
    "shoeSize": 42.5,
    "Lifetime Value": 7,
    "home": {"number": 3},
    "birthday": "2001-02-03 00:00:00 +00:00",
    "tags": ["a", "b"],
    "odd": "kept",
    "recordId": "theirs",
}


def test_users_can_have_a_column_for_each_field_of_the_project(server: ScriptedServer, tmp_path: Path) -> None:
    export = Answer(body=json.dumps(USER).encode())
    answer(server, {"/api/users/getFields": {"fields": FIELDS}, "/api/export/data.json": export})
    output = TapRun(server.url, KEY, tmp_path)("users", typed_user_fields=True, end_date="2026-08-02")
    assert output.code == 0, output.log
    (record,) = output.records["users"]
    assert {name: record[name] for name in ("shoeSize", "Lifetime Value", "home", "birthday", "dataFields")} == {
        "shoeSize": 42.5,
        "Lifetime Value": 7,
        "home": {"number": 3},
        "birthday": "2001-02-03T00:00:00.000000+00:00",
        "dataFields": {"tags": ["a", "b"], "odd": "kept", "recordId": "theirs"},
    }
    (schema,) = (message["schema"] for message in output.messages if message["type"] == "SCHEMA")
    assert schema["properties"]["shoeSize"]["type"] == ["number", "null"]
    assert "home.number" not in schema["properties"]
    assert not {"odd", "recordId"} & set(schema["properties"])
