"""Records that repeat a user or a thing are counted."""

from __future__ import annotations

from typing import Any

import pytest

from target_iterable.core.operation import Endpoint, Operation
from target_iterable.reporting import distinct_things
from target_iterable.requests.bulk_response import all_written
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream

ANN, BOB = "ann@example.com", "bob@example.com"


def distinct(project: Project, name: str, *rows: dict[str, Any], **settings: Any) -> tuple[int, int]:
    found = project.load(stream(name, rows), **settings)[name]["distinct"]
    return found["records"], found["things"]


def test_three_records_of_one_user_are_one_user(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"email": ANN}, {"email": ANN.upper(), "plan": "pro"}, {"email": f" {ANN}", "userId": "u1"}]
    assert distinct(project, "users", *rows) == (3, 1)
    assert "different users or things: 1, in 3 records" in capsys.readouterr().err
    assert project.sandbox.counts()["users"] == 1


def test_a_source_without_duplicates_needs_no_line(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert distinct(project, "users", {"email": ANN}, {"email": BOB}) == (2, 2)
    assert "different" not in capsys.readouterr().err


def test_duplicates_are_counted_over_all_requests_and_what_is_rejected_is_not(project: Project) -> None:
    rows = [{"email": f"{number % 30}@example.com"} for number in range(100)]
    assert distinct(project, "users", *rows, {"email": "nobody"}, max_batch_rows=7) == (100, 30)


def test_an_address_that_several_users_share_is_no_duplicate_where_the_user_id_counts(new_project: NewProject) -> None:
    project = new_project(project_type="userId")
    rows = [{"email": ANN, "userId": id_} for id_ in ("u1", "u2", "u2")]
    assert distinct(project, "users", *rows, project_type="userId") == (3, 2)


def test_a_member_of_two_lists_is_no_duplicate(project: Project) -> None:
    rows = [{"email": ANN, "list": name} for name in ("VIP", "News", "VIP")]
    assert distinct(project, "list_members", *rows) == (3, 2)


def test_events_repeat_nothing(project: Project) -> None:
    assert distinct(project, "events", *({"email": ANN, "eventName": "seen", "n": n} for n in range(3))) == (0, 0)


def test_it_ends_where_more_things_come_than_are_told_apart(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct_things, "MAX_THINGS", 1)
    found = project.load(stream("users", [{"email": ANN}, {"email": BOB}, {"email": ANN}]))["users"]["distinct"]
    assert found == {"records": 3, "things": 2, "partial": True}


def test_rows_that_describe_nothing_are_left_out_among_others() -> None:
    endpoint = Endpoint("/api/users/update", "users", all_written)
    named = [Operation(endpoint, b"", (("email", who),), dedup_scope="user") for who in (ANN, BOB, ANN)]
    things = distinct_things.DistinctThings()
    things.count([named[0], Operation(endpoint, b"", ()), *named[1:]])
    assert (things.records, things.things) == (3, 2)
