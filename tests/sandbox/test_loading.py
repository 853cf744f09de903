"""Loading export files into a project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from iterable_sandbox.cli import main
from tests.sandbox.conftest import opened

USER = {
    "email": "Ana@Example.com",
    "userId": "ana",
    "profileUpdatedAt": "2026-03-04 05:06:07 +00:00",
    "shoeSize": 39,
    "itblInternal.emailDomain": "example.com",
}
OPEN = {"email": "ana@example.com", "createdAt": "2026-03-05 05:06:07 +00:00", "campaignId": 7, "messageId": "m"}
EVENT = {"email": "ana@example.com", "createdAt": "2026-03-06 00:00:00 +00:00", "eventName": "read", "id": "e1"}


def load(folder: Path, data_type: str, *lines: Any) -> Result:
    file = folder / "export.json"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    arguments = ["load", "--database", str(folder / "project.db"), "--data-type", data_type, str(file)]
    return CliRunner().invoke(main, arguments)


def test_what_was_loaded_is_exported_and_read_as_if_it_had_happened_here(tmp_path: Path) -> None:
    for data_type, line in (("user", USER), ("emailOpen", OPEN), ("customEvent", EVENT)):
        result = load(tmp_path, data_type, line, "")
        assert (result.exit_code, result.output.endswith(f"1 lines of {data_type}\n")) == (0, True), result.output
    with opened(database=str(tmp_path / "project.db")) as http:
        assert http.export("user") == [USER]
        assert http.export("emailOpen", startDateTime="2026-03-05", endDateTime="2026-03-06") == [OPEN]
        assert http.export("emailOpen", campaignId=8) == []
        assert http.export("customEvent") == [EVENT]
        assert http.user("ana@example.com")["itblInternal"] == {"emailDomain": "example.com"}
        clash = http.post(
            "/api/users/bulkUpdate", {"users": [{"email": "b@example.com", "dataFields": {"shoeSize": "x"}}]}
        )
        assert clash.json()["code"] == "RequestFieldsTypesMismatched"


def test_a_second_line_of_a_user_or_of_an_event_with_an_id_replaces_the_first(tmp_path: Path) -> None:
    assert load(tmp_path, "user", USER, USER | {"shoeSize": 40}).exit_code == 0
    assert load(tmp_path, "customEvent", EVENT, EVENT | {"page": 3}).exit_code == 0
    assert load(tmp_path, "emailOpen", OPEN, OPEN).exit_code == 0
    with opened(database=str(tmp_path / "project.db")) as http:
        assert [user["shoeSize"] for user in http.export("user")] == [40]
        assert [event["page"] for event in http.export("customEvent")] == [3]
        assert http.export("emailOpen") == [OPEN, OPEN]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("{", "line 2: JSON: Invalid JSON"),
        ("[]", "line 2: JSON: Input should be an object"),
        ({"email": "b@example.com"}, "line 2: profileUpdatedAt is missing or no timestamp"),
    ],
)
def test_a_file_with_a_bad_line_is_refused_whole(tmp_path: Path, bad: Any, problem: str) -> None:
    refused = load(tmp_path, "user", USER, bad)
    assert (refused.exit_code, problem in refused.output) == (1, True)
    with opened(database=str(tmp_path / "project.db")) as http:
        assert http.export("user") == []
