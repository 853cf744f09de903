"""A dry run reads, and tells what a real run would do; nothing in the project changes."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from iterable_sandbox.project.request_log import Entry
from target_iterable.config.setting_error import SettingError
from target_iterable.core import private_files
from target_iterable.runs.dry_run_plan import DryRunPlanNotWrittenError
from tests.target.conftest import NewProject, Project
from tests.target.loading import Message, stream

ANN, BOB, CAT = "ann@example.com", "bob@example.com", "cat@example.com"
COUNTS = ("read", "written", "rejected", "reasons", "unsent", "requests", "retries", "bytes", "minutes_at_limit")


def everything() -> list[Message]:
    """Records of every object, good and bad."""
    users: list[Any] = [
        {"email": ANN, "shoeSize": 42, "address": {"city": "Bern"}, "at_geo_location": {"lat": 46.9, "lon": 7}},
        {"email": "nobody"},
        {"name": "No one"},
    ]
    items: list[dict[str, Any]] = [{"itemId": "a-1", "title": "Éclair", "price": 1.10}, {"itemId": "a.b"}]
    return [
        *stream("users", [*users, {"email": ANN, "shoeSize": 43}]),
        *stream("events", [{"email": BOB, "eventName": "seen", "number": 7}, {"email": BOB}]),
        *stream("list_members", [{"email": CAT, "list": "Old", "plan": "paid"}]),
        *stream("catalog_items", [{**item, "catalogName": "Books"} for item in items]),
    ]


def dry(project: Project, messages: list[Message], directory: Path, **settings: Any) -> dict[str, Any]:
    return project.load(messages, dry_run=True, dry_run_path=str(directory), **settings)


def planned(directory: Path) -> list[dict[str, Any]]:
    (path,) = directory.glob("requests-*.ndjson")
    return [json.loads(line) for line in path.read_text().splitlines()]


def writes(project: Project) -> list[Entry]:
    return [entry for entry in project.sandbox.requests() if entry.method != "GET"]


def spoken(requests: list[dict[str, Any]]) -> list[tuple[str, str, Any]]:
    """What is said to Iterable, in an order that says nothing."""
    return sorted(((call["method"], call["path"], call["body"]) for call in requests), key=str)


def prepared(new_project: NewProject) -> Project:
    """A project that has the list and the catalog that the records name, and remembers what it was sent."""
    project = new_project(log_personal_data=True)
    project.holds.make_list("Old")
    project.sandbox.store.catalogs.create("Books")
    return project


def test_nothing_is_written_and_no_state_is_emitted(project: Project, tmp_path: Path) -> None:
    before = project.sandbox.counts(), project.holds.field_types()
    dry(project, everything(), tmp_path / "plan")
    assert writes(project) == []
    assert (project.sandbox.counts(), project.holds.field_types()) == before
    assert project.load.states == []
    assert project.load.summary["finished"] is True


def test_the_requests_are_those_that_the_real_run_sends(new_project: NewProject, tmp_path: Path) -> None:
    project = prepared(new_project)
    dry(project, everything(), tmp_path / "plan", max_batch_rows=1)
    project.sandbox.project.log.clear()
    project.load(everything(), max_batch_rows=1)
    sent = [
        {"method": entry.method, "path": entry.uri, "body": json.loads(entry.body or "null")}
        for entry in writes(project)
    ]
    assert spoken(planned(tmp_path / "plan")) == spoken(sent)
    assert len(sent) == 5


def test_the_numbers_are_those_of_the_real_run(new_project: NewProject, tmp_path: Path) -> None:
    project = prepared(new_project)
    plan = dry(project, everything(), tmp_path / "plan")
    real = project.load(everything())
    for name, numbers in real.items():
        assert {count: plan[name][count] for count in COUNTS} == {count: numbers[count] for count in COUNTS}
        assert (plan[name]["object"], plan[name]["dropped_fields"]) == (numbers["object"], [])
    for name in ("users", "list_members"):
        assert plan[name]["created_fields"] == real[name]["created_fields"]
    assert plan["users"]["created_fields"] == ["address", "address.city", "at_geo_location", "shoeSize"]


def test_fields_that_would_be_dropped_are_told(project: Project, tmp_path: Path) -> None:
    settings = {"create_new_fields": "false"}
    plan = dry(project, everything(), tmp_path / "plan", **settings)
    real = project.load(everything(), **settings)
    assert (
        plan["users"]["dropped_fields"] == real["users"]["dropped_fields"] == ["address", "at_geo_location", "shoeSize"]
    )
    assert plan["users"]["created_fields"] == []


def test_fields_that_would_fail_the_real_run_are_told(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dry(project, everything(), tmp_path / "plan", create_new_fields="false", on_dropped_fields="fail")
    assert (
        "would fail at fields of users that Iterable drops: address, at_geo_location, shoe" in capsys.readouterr().err
    )


def test_lists_and_catalogs_that_would_be_made_are_told(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    members = stream("list_members", [{"email": ANN, "list": name} for name in ("VIP", "Press", "VIP")])
    dry(project, [*members, *everything()], tmp_path / "plan")
    summary = project.load.summary
    assert (summary["dry_run"], summary["new_lists"], summary["new_catalogs"]) == (
        True,
        ["VIP", "Press", "Old"],
        ["Books"],
    )
    calls = planned(tmp_path / "plan")
    assert [(call["path"], call["body"]) for call in calls if call["stream"] is None] == [
        ("/api/lists", {"name": "VIP"}),
        ("/api/lists", {"name": "Press"}),
        ("/api/lists", {"name": "Old"}),
        ("/api/catalogs/Books", None),
    ]
    assert sorted(call["body"]["listId"] for call in calls if call["stream"] == "list_members") == [-3, -2, -1, -1]
    shown = capsys.readouterr().err
    assert "Dry run: nothing was written to Iterable." in shown
    assert "New lists: VIP, Press, Old\nNew catalogs: Books\n" in shown
    assert "New fields by users: address, address.city, at_geo_location, shoeSize" in shown


def test_a_clash_with_a_field_of_the_project_is_found(project: Project, tmp_path: Path) -> None:
    project.load(stream("users", [{"email": ANN, "shoeSize": 42}]))
    plan = dry(project, stream("users", [{"email": BOB, "shoeSize": True}]), tmp_path / "plan")
    assert plan["users"]["reasons"] == {"RequestFieldsTypesMismatched": 1}
    assert planned(tmp_path / "plan") == []


def test_the_minutes_are_those_of_the_documented_limit(project: Project, tmp_path: Path) -> None:
    users = [{"email": f"{number}@example.com"} for number in range(30)]
    messages = [*stream("users", users), *stream("list_members", [{"email": ANN, "listId": 1}])]
    plan = dry(project, messages, tmp_path / "plan", max_batch_rows=1)
    # Five requests a second.
    assert (plan["users"]["requests"], plan["users"]["minutes_at_limit"]) == (30, 0.1)
    assert plan["list_members"]["minutes_at_limit"] is None


def test_rejects_neither_stop_nor_fail_it_and_are_kept_apart(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*({"email": f"nobody {number}"} for number in range(30)), {"email": ANN}]
    settings = {"max_batch_rows": 1, "on_reject": "fail"}
    plan = dry(project, stream("users", rows), tmp_path / "plan", **settings)
    assert (plan["users"]["rejected"], plan["users"]["written"]) == (30, 1)
    assert not project.load.rejects_directory.exists()
    (kept,) = (tmp_path / "plan").glob("users-*.singer")
    assert len(kept.read_text().splitlines()) == 31
    assert "The real run would stop at the rejects of users: `max_rejects` is 10%" in capsys.readouterr().err


def test_personal_data_is_for_the_owner_only_and_no_run_overwrites_another(project: Project, tmp_path: Path) -> None:
    directory = tmp_path / "plan"
    for _ in range(2):
        dry(project, everything(), directory)
    files = list(directory.iterdir())
    assert len(list(directory.glob("requests-*.ndjson"))) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_numbers_keep_every_digit(project: Project, tmp_path: Path) -> None:
    pi = "3.14159265358979323846"
    record = f'{{"type": "RECORD", "stream": "users", "record": {{"email": "{ANN}", "pi": {pi}}}}}'
    schema = stream("users", [{"email": ANN, "pi": 0}])[0]
    project.load([schema, record], dry_run=True, dry_run_path=str(tmp_path / "plan"))
    (path,) = (tmp_path / "plan").glob("*.ndjson")
    assert f'"body": {{"users":[{{"email":"{ANN}","dataFields":{{"pi":{pi}}}}}]}}' in path.read_text()


def test_what_is_only_planned_has_no_status_in_the_request_log(project: Project, tmp_path: Path) -> None:
    log = tmp_path / "calls.ndjson"
    dry(project, everything(), tmp_path / "plan", request_log_path=str(log), request_log_bodies=True)
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    assert {(call["method"] == "GET", call["status"]) for call in calls} == {(True, 200), (False, None)}


def test_a_plan_that_cannot_be_written_is_refused_by_name(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="`dry_run_path` cannot be written: "):
        dry(project, [], tmp_path / "file")


def test_a_disk_that_is_full_ends_the_plan_loudly(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_files, "append", full)
    with pytest.raises(DryRunPlanNotWrittenError, match=r"`dry_run_path`.*No space left"):
        dry(project, stream("users", [{"email": ANN}]), tmp_path / "plan")


def test_the_real_run_says_that_it_is_one(project: Project) -> None:
    project.load(stream("users", [{"email": ANN}]))
    assert project.load.summary["dry_run"] is False
