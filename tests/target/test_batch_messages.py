"""Records in the files of BATCH messages are treated like those of RECORD messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.exceptions import InvalidInputLine, RecordsWithoutSchemaException

from target_iterable.batch_files.errors import BatchFileError
from tests.target.batches import batch, json_lines
from tests.target.conftest import Project
from tests.target.loading import STATE, stream

USERS = [{"email": f"u{number}@example.com", "age": number} for number in range(9)]
SCHEMA = stream("users", USERS, age={"type": "integer"})[0]
BEFORE = {"bookmarks": {"users": 1}}


def state(value: Any) -> dict[str, Any]:
    return {"type": "STATE", "value": value}


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_json_lines_are_read_however_they_are_compressed(project: Project, tmp_path: Path, name: str) -> None:
    file = json_lines(tmp_path / name, USERS)
    assert project.load([SCHEMA, batch("users", file)], batch_roots=[str(tmp_path)])["users"]["written"] == 9
    assert project.holds.user(email="u8@example.com")["age"] == 8
    assert project.load.states == [STATE]


def test_records_of_files_and_of_messages_keep_their_order(project: Project, tmp_path: Path) -> None:
    def user(age: int) -> list[dict[str, Any]]:
        return [{"email": "ann@example.com", "age": age}]

    (_, first), (_, last) = (stream("users", user(age)) for age in (1, 4))
    files = [json_lines(tmp_path / f"{age}.jsonl", user(age)) for age in (2, 3)]
    messages = [SCHEMA, first, batch("users", *files), last]
    assert project.load(messages, batch_roots=[str(tmp_path)])["users"]["written"] == 4
    assert project.holds.user(email="ann@example.com")["age"] == 4


def test_several_streams_may_come_in_files_between_messages(project: Project, tmp_path: Path) -> None:
    events = [{"email": "u1@example.com", "eventName": "seen", "id": str(number)} for number in range(3)]
    schema, *records = stream("custom_event", events)
    file = json_lines(tmp_path / "users.jsonl", USERS)
    messages = [SCHEMA, schema, records[0], batch("users", file), *records[1:], *stream("users", USERS)[1:]]
    summary = project.load(messages, batch_roots=[str(tmp_path)])
    assert {name: counts["written"] for name, counts in summary.items()} == {"users": 18, "custom_event": 3}
    assert [event["id"] for event in project.holds.events()] == ["0", "1", "2"]


def test_without_a_root_the_run_ends_and_says_which_would_be_needed(project: Project, tmp_path: Path) -> None:
    file = json_lines(tmp_path / "a.jsonl", USERS)
    with pytest.raises(BatchFileError) as caught:
        project.load([SCHEMA, state(BEFORE), batch("users", file)])
    assert "'users'" in str(caught.value)
    assert f"add {str(tmp_path)!r} to `batch_roots`" in str(caught.value)
    assert project.load.states == [BEFORE]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "is not there"),
        (b'{"email": "x@example.com"}\n{"email": "y@exam', "ends too early"),
        (b"\x1f\x8b\x08\x00", "ends too early"),
        (b"no gzip at all", "cannot be read"),
    ],
)
def test_a_file_that_is_missing_or_broken_fails_the_run(
    project: Project, tmp_path: Path, content: bytes | None, says: str
) -> None:
    whole = json_lines(tmp_path / "a.jsonl", USERS)
    broken = tmp_path / ("b.jsonl.gz" if content is not None and b"{" not in content else "b.jsonl")
    if content is not None:
        broken.write_bytes(content)
    messages = [SCHEMA, batch("users", whole), state(BEFORE), batch("users", broken)]
    with pytest.raises(BatchFileError, match=says) as caught:
        project.load(messages, batch_roots=[str(tmp_path)])
    assert str(broken) in str(caught.value)
    assert "'users'" in str(caught.value)
    assert "example.com" not in str(caught.value)
    assert project.load.states == [BEFORE]
    assert project.holds.exists("u8@example.com")


def test_what_stands_before_the_break_is_delivered(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"email": "ann@example.com"}\n{"email": "bob@ex')
    with pytest.raises(BatchFileError):
        project.load([SCHEMA, batch("users", file)], batch_roots=[str(tmp_path)])
    assert project.holds.exists("ann@example.com")
    assert project.load.states == []


def test_a_line_that_cannot_be_read_is_a_reject_with_its_file_and_number(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    lines = ['{"email": "ann@example.com"}', "", '{"email": "bob@example.com"', '{"type": "STATE" ', "[1]", '"a"']
    # None of these is taken for a message of its own.
    lines += ['{}, "type": "STATE", "value": {"a": 1}', '{"type": "STATE", "value": {}, "email": "eve@example.com"}']
    file.write_text("\n".join(lines))
    summary = project.load([SCHEMA, batch("users", file)], batch_roots=[str(tmp_path)], max_rejects="9")["users"]
    assert (summary["written"], summary["rejected"]) == (2, 5)
    assert {reject["code"] for reject in project.load.refusals} == {"unreadableLine"}
    numbers = [
        number
        for number in (3, 4, 5, 6, 7)
        for reject in project.load.refusals
        if f"(line {number} of {file})" in reject["reason"]
    ]
    assert numbers == [3, 4, 5, 6, 7]
    assert project.load.states == [STATE]


def test_rejects_are_records_of_singer_that_can_be_sent_again(project: Project, tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [*USERS, {"email": "ann@example.com", "age": "old"}, {"email": "nobody", "age": 5}]
    file = json_lines(tmp_path / "a.jsonl", records)
    summary = project.load([SCHEMA, batch("users", file)], batch_roots=[str(tmp_path)])["users"]
    assert (summary["written"], summary["rejected"]) == (9, 2)
    (rejects,) = project.load.rejects_directory.glob("*.singer")
    lines = rejects.read_text().replace('"old"', "70").replace("nobody", "bob@example.com").splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["SCHEMA", "RECORD", "RECORD"]
    assert project.load(lines)["users"]["written"] == 2
    assert project.holds.user(email="ann@example.com")["age"] == 70


def test_a_dry_run_reads_the_files_and_writes_nothing(project: Project, tmp_path: Path) -> None:
    file = json_lines(tmp_path / "a.jsonl", [*USERS, {"email": "nobody"}])
    settings = {"batch_roots": [str(tmp_path)], "dry_run": True, "dry_run_path": str(tmp_path / "dry")}
    summary = project.load([SCHEMA, batch("users", file)], delete_batch_files=True, **settings)["users"]
    assert (summary["written"], summary["rejected"]) == (9, 1)
    assert not project.holds.exists("u1@example.com")
    assert file.exists()


def test_records_that_iterable_has_are_left_out(project: Project, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"batch_roots": [str(tmp_path)], "streams": {"users": {"skip_unchanged": True}}}
    project.load(stream("users", USERS, age={"type": "integer"}), **settings)
    messages = [SCHEMA, batch("users", json_lines(tmp_path / "a.jsonl", USERS))]
    assert project.load(messages, **settings)["users"]["unchanged"] == 9


def test_stream_maps_and_flattening_hold_for_files(project: Project, tmp_path: Path) -> None:
    records = [{"mail": f"u{number}@example.com", "home": {"city": "Kyiv"}} for number in range(3)]
    home = {"type": "object", "properties": {"city": {"type": "string"}}}
    (schema, *_) = stream("people", records, mail={"type": "string"}, home=home)
    maps = {"people": {"__alias__": "users", "__filter__": "mail != 'u0@example.com'", "email": "mail", "mail": None}}
    messages = [schema, batch("people", json_lines(tmp_path / "a.jsonl", records))]
    summary = project.load(
        messages, batch_roots=[str(tmp_path)], stream_maps=maps, flattening_enabled=True, flattening_max_depth=1
    )
    assert summary["users"]["written"] == 2
    assert project.holds.user(email="u2@example.com")["home__city"] == "Kyiv"


def test_a_version_in_files_is_one_of_a_mirrored_stream(project: Project, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "batch_roots": [str(tmp_path)],
        "streams": {"members": {"object": "list_members", "list": "Loyal", "mode": "mirror"}},
        "max_removals": "100%",
    }
    project.holds.make_list("Loyal")
    for version, few in ((1, USERS), (2, USERS[:2])):
        members = [{"email": user["email"]} for user in few]
        messages = [
            stream("members", members, key=["email"])[0],
            batch("members", json_lines(tmp_path / f"{version}.jsonl", members), version=version),
            {"type": "ACTIVATE_VERSION", "stream": "members", "version": version},
        ]
        project.load(messages, **settings)
    assert project.holds.members("Loyal") == {"u0@example.com", "u1@example.com"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"encoding": {"format": "csv"}}, "of the format 'csv', and this target reads jsonl, parquet"),
        ({"encoding": {"format": "jsonl", "compression": "lzma"}}, "of the compression 'lzma'"),
        ({"encoding": None}, "has no encoding"),
        ({"manifest": "file:///a"}, "has no manifest"),
        ({"manifest": [1]}, "has no manifest"),
    ],
)
def test_a_message_of_another_form_ends_the_run_with_its_line(
    project: Project, tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    message = batch("users", json_lines(tmp_path / "a.jsonl", USERS)) | change
    with pytest.raises(InvalidInputLine, match=says) as caught:
        project.load([SCHEMA, state(BEFORE), message], batch_roots=[str(tmp_path)])
    assert "(line 3)" in str(caught.value)
    assert project.load.states == [BEFORE]


def test_files_before_the_schema_end_the_run(project: Project, tmp_path: Path) -> None:
    with pytest.raises(RecordsWithoutSchemaException, match="'users'"):
        project.load([batch("users", json_lines(tmp_path / "a.jsonl", USERS))], batch_roots=[str(tmp_path)])
