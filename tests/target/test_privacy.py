"""Users who are deleted, forgotten, taken back and merged."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from iterable_api.facts.endpoints import ENDPOINTS
from iterable_api.facts.limits import DAY, Limit
from iterable_api.http.client import IterableClient
from target_iterable.config.setting_error import SettingError
from tests.target.conftest import NewProject, Project
from tests.target.loading import Message, stream

ANN, BOB, CYD = "ann@example.com", "bob@example.com", "cyd@example.com"
DELETE = "DELETE /api/users/*"
FORGET = "POST /api/users/forget"


def people(*emails: str, **columns: Any) -> list[Message]:
    return stream("users", [{"email": email, **columns} for email in emails])


def asked(name: str, *records: dict[str, Any], key: Sequence[str] = ()) -> list[Message]:
    return stream(name, records, key)


@pytest.mark.parametrize("name", ["user_deletions", "user_forgets", "user_merges"])
def test_nothing_is_destroyed_that_is_not_allowed_by_name(project: Project, name: str) -> None:
    with pytest.raises(SettingError, match="allow_destructive"):
        project.load(asked(name, {"email": ANN}))
    with pytest.raises(SettingError, match=r"streams\.gone.*allow_destructive"):
        project.load([], streams={"gone": {"object": name}})


def test_who_is_to_be_deleted_is_gone_and_the_others_stay(project: Project) -> None:
    project.load(people(ANN, BOB))
    done = project.load(asked("user_deletions", {"email": ANN}), allow_destructive=True)
    assert (project.holds.exists(ANN), project.holds.exists(BOB)) == (False, True)
    assert done["user_deletions"]["written"] == 1


def test_a_deletion_is_done_once_for_a_user_and_again_for_a_new_key(project: Project) -> None:
    for expected in (1, 0):
        done = project.load(asked("user_deletions", {"email": ANN}), allow_destructive=True)
        assert (done["user_deletions"]["written"], done["user_deletions"]["unchanged"]) == (expected, 1 - expected)
    requests = [{"request": number, "email": BOB} for number in (1, 2)]
    done = project.load(asked("user_deletions", *requests, key=["request"]), allow_destructive=True)
    assert done["user_deletions"]["written"] == 2


def test_a_user_who_is_not_there_counts_as_deleted(new_project: NewProject) -> None:
    project = new_project(project_type="userId")
    project.load(stream("users", [{"userId": "ann"}]), project_type="userId")
    records = [{"userId": "ann"}, {"userId": "nobody"}]
    done = project.load(asked("user_deletions", *records), project_type="userId", allow_destructive=True)
    assert (done["user_deletions"]["written"], done["user_deletions"]["rejected"]) == (2, 0)
    assert project.sandbox.counts()["users"] == 0


def test_a_deletion_whose_answer_got_lost_is_tried_again(
    new_project: NewProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("target_iterable.runs.real_run.IterableClient", partial(IterableClient, first_wait=0))
    project = new_project(project_type="userId")
    project.load(stream("users", [{"userId": "ann"}]), project_type="userId")
    project.sandbox.inject(route=DELETE, fault="reset_after", times=1)
    deletion = asked("user_deletions", {"userId": "ann"})
    done = project.load(deletion, project_type="userId", allow_destructive=True)
    assert (done["user_deletions"]["written"], done["user_deletions"]["retries"]) == (1, 1)
    assert project.sandbox.counts()["users"] == 0


def test_an_email_based_project_deletes_by_user_id_only_when_told_to(project: Project) -> None:
    project.load(stream("users", [{"email": ANN, "userId": "7"}]))
    by_id = asked("user_deletions", {"userId": "7"})
    assert project.load(by_id, allow_destructive=True, max_rejects="100%")["user_deletions"]["rejected"] == 1
    told = {"user_deletions": {"object": "user_deletions", "identify_by": "userId"}}
    project.load(by_id, allow_destructive=True, streams=told)
    assert not project.holds.exists(ANN)


def test_who_is_forgotten_comes_back_only_when_taken_back(project: Project) -> None:
    project.load(people(ANN))
    project.load(asked("user_forgets", {"email": ANN}), allow_destructive=True)
    assert project.load(people(ANN))["users"]["reasons"] == {"forgottenEmails": 1}
    project.load(asked("user_unforgets", {"email": ANN}))
    assert project.load(people(ANN))["users"]["written"] == 1


def test_a_merge_leaves_one_user(project: Project) -> None:
    project.load(people(ANN, age=30, tags=["a"]) + people(BOB, age=40, tags=["b"]))
    merge = {"sourceEmail": ANN, "destinationEmail": BOB, "arrayMerge": '[{"field": "tags"}]'}
    for _ in range(2):
        done = project.load(asked("user_merges", merge), allow_destructive=True)
    assert done["user_merges"]["unchanged"] == 1
    assert not project.holds.exists(ANN)
    bob = project.holds.user(email=BOB)
    assert (bob["age"], sorted(bob["tags"])) == (40, ["a", "b"])


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"sourceEmail": ANN}, "missingIdentity"),
        ({"sourceEmail": ANN, "destinationEmail": ANN}, "sameUser"),
        ({"sourceEmail": ANN, "destinationEmail": BOB, "arrayMerge": {"field": "tags"}}, "invalidArrayMerge"),
        ({"sourceEmail": CYD, "destinationEmail": BOB}, "UnknownEmailError"),
    ],
)
def test_a_merge_that_makes_no_sense_is_rejected(project: Project, record: dict[str, Any], code: str) -> None:
    project.load(people(ANN, BOB))
    done = project.load(asked("user_merges", record), allow_destructive=True, max_rejects="100%")
    assert list(done["user_merges"]["reasons"]) == [code]
    assert (project.holds.exists(ANN), project.holds.exists(BOB)) == (True, True)


def test_a_used_up_day_ends_the_run_without_error_and_the_next_one_goes_on(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    facts = ENDPOINTS["POST", "/api/users/forget"]
    monkeypatch.setitem(ENDPOINTS, ("POST", "/api/users/forget"), replace(facts, limits=(Limit(2, DAY),)))
    everybody = [f"u{number}@example.com" for number in range(5)]
    messages = asked("user_forgets", *({"email": email} for email in everybody))
    done = 0
    for written, states in ((2, 0), (2, 0), (1, 1)):
        with caplog.at_level(logging.WARNING):
            numbers = project.load(messages, allow_destructive=True, enforce_rate_limits=True)["user_forgets"]
        assert (numbers["written"], numbers["unchanged"]) == (written, done)
        assert (len(project.load.states), project.load.summary["finished"]) == (states, bool(states))
        done += written
    assert "daily cap of 2" in caplog.text
    assert len(project.sandbox.requests(FORGET)) == len(everybody)
