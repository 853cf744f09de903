"""Refusals in the words of any year are understood: what is not there is not created, and what is gone is gone."""

from __future__ import annotations

from typing import Any

import pytest

from iterable_api.waiting.retry_policy import RetryPolicy
from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.requests import sender
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream

ANN = "ann@example.com"
BY_EMAIL, BY_USER_ID = "GET /api/users/getByEmail", "GET /api/users/byUserId"
NOBODY: list[dict[str, Any]] = [
    {"status": 200, "body": {}},
    {"status": 200, "body": {"user": {}}},
    {"status": 200, "body": {"user": None}},
    {"status": 400, "body": "No user with that id exists!"},
    {"status": 400, "body": {"msg": "No user with that id exists!", "code": "BadParams", "params": None}},
    {"status": 400, "body": {"msg": "No user exists with the given userId", "code": "BadParams", "params": None}},
    {"status": 400, "body": {"msg": "", "code": "error.users.noUserWithIdExists", "params": None}},
    {"status": 400, "body": {"msg": "No user exists with userId id", "code": "UnknownUserIdError", "params": None}},
    {"status": 400, "body": {"msg": "", "code": "UnknownUserIdError", "params": None}},
]
UNCLEAR: list[tuple[dict[str, Any], str]] = [
    ({"status": 400, "body": {"msg": "Keine Ahnung", "code": "BadParams", "params": None}}, "BadParams"),
    ({"status": 400, "body": {"msg": f"Invalid email: {ANN}", "code": "InvalidEmailAddressError"}}, "InvalidEmail"),
    ({"status": 400, "body": "Nobody here goes by that name"}, "400"),
    ({"status": 400, "body": "<html>Bad Request</html>", "content_type": "text/html"}, "400"),
    ({"status": 400, "body": ""}, "400"),
]


def update(project: Project, *rows: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Load records that must not make users; what became of them."""
    route = {"users": {"mode": "update"}}
    return dict(project.load(stream("users", rows), streams=route, **settings)["users"])


@pytest.mark.parametrize("said", NOBODY)
def test_nobody_is_made_where_iterable_says_in_any_words_that_there_is_nobody(
    new_project: NewProject, said: dict[str, Any]
) -> None:
    project = new_project(project_type="hybrid")
    project.sandbox.inject("answer", route=BY_USER_ID, times=None, **said)
    users = update(project, {"userId": "id", "plan": "exists"}, project_type="hybrid")
    assert (users["unchanged"], users["written"], users["rejected"]) == (1, 0, 0)
    assert project.sandbox.counts()["users"] == 0


@pytest.mark.parametrize(("said", "code"), UNCLEAR)
def test_nobody_is_made_where_it_is_unclear_whether_the_user_exists(
    project: Project, said: dict[str, Any], code: str
) -> None:
    project.load(stream("users", [{"email": "bob@example.com"}]))
    project.sandbox.inject("answer", route=BY_EMAIL, times=1, **said)
    users = update(project, {"email": ANN, "plan": "paid"}, max_rejects="100%")
    assert (users["rejected"], users["written"], users["unchanged"]) == (1, 0, 0)
    (reason,) = users["reasons"]
    assert reason.startswith(code)
    (refusal,) = project.load.refusals
    assert "asked whether the user exists" in refusal["reason"]
    assert ANN not in refusal["reason"]
    assert not project.holds.exists(ANN)


def test_those_beside_them_are_written(project: Project) -> None:
    project.load(stream("users", [{"email": ANN}, {"email": "bob@example.com"}]))
    project.sandbox.inject("answer", route=BY_EMAIL, times=1, status=400, body="?", where={"email": ANN})
    users = update(project, {"email": ANN, "plan": "a"}, {"email": "bob@example.com", "plan": "b"}, max_rejects="100%")
    assert (users["rejected"], users["written"]) == (1, 1)
    assert project.holds.user(email="bob@example.com")["plan"] == "b"
    assert "plan" not in project.holds.user(email=ANN)


@pytest.mark.parametrize(
    "said",
    [
        {"msg": "User does not exist. Email:  UserId: User", "code": "BadParams", "params": None},
        {"msg": "No users with userId User exist", "code": "BadParams", "params": None},
    ],
)
def test_a_user_who_is_gone_counts_as_deleted_in_any_words(new_project: NewProject, said: dict[str, Any]) -> None:
    project = new_project(project_type="userId")
    project.sandbox.inject("answer", route="DELETE /api/users/byUserId/*", status=400, body=said, times=None)
    deletion = stream("user_deletions", [{"userId": "User"}])
    done = project.load(deletion, project_type="userId", allow_destructive=True)["user_deletions"]
    assert (done["written"], done["rejected"]) == (1, 0)


LISTS = [
    {"msg": "error.lists.invalidListId(1)", "code": "Success", "params": {"listId": 1}},
    {"msg": "Invalid email list id", "code": "BadParams", "params": {"listId": "1"}},
]
WORDS = {"email": ANN, "source": "email", "kind": "error", "where": "list", "key": "id"}
"""A record that holds words of the texts, so that they must not be struck out in them."""


@pytest.mark.parametrize("said", LISTS)
def test_a_record_that_names_no_list_is_rejected_in_any_words(project: Project, said: dict[str, Any]) -> None:
    project.sandbox.inject("answer", route="POST /api/lists/*", status=400, body=said, times=None)
    done = project.load(stream("list_members", [{**WORDS, "listId": 1}]))["list_members"]
    assert (done["written"], done["reasons"]) == (0, {"unknownList": 1})


@pytest.mark.parametrize("said", LISTS)
def test_a_route_that_names_no_list_ends_the_run_in_any_words(project: Project, said: dict[str, Any]) -> None:
    project.sandbox.inject("answer", route="POST /api/lists/*", status=400, body=said, times=None)
    rows = [WORDS, {**WORDS, "email": "bob@example.com"}]
    with pytest.raises(DeliveryFailedError, match="a batch of 2 records was not delivered"):
        project.load(stream("list_members", rows), streams={"list_members": {"list_id": 1}})
    assert len(project.sandbox.requests("POST /api/lists/*")) == 1


@pytest.mark.parametrize("said", LISTS)
def test_a_list_that_was_just_made_may_be_unknown_for_a_moment_in_any_words(
    project: Project, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]
) -> None:
    monkeypatch.setattr(sender, "JUST_MADE", RetryPolicy(4, 0.001, 0.001))
    project.sandbox.inject("answer", route="POST /api/lists/subscribe", status=400, body=said, times=3)
    done = project.load(stream("list_members", [WORDS]), streams={"list_members": {"list": "VIP"}})["list_members"]
    assert (done["written"], done["rejected"]) == (1, 0)
    assert project.holds.members("VIP") == {ANN}


@pytest.mark.parametrize("said", LISTS)
def test_members_of_a_list_that_is_gone_have_left_it_in_any_words(project: Project, said: dict[str, Any]) -> None:
    route = {"list_members": {"mode": "mirror", "list": "VIP", "allow_empty": True}}
    at = {"type": "ACTIVATE_VERSION", "stream": "list_members"}
    first = stream("list_members", [{"email": ANN}])
    for message in first[1:]:
        message["version"] = 1
    project.load([*first, {**at, "version": 1}], streams=route)
    project.sandbox.inject("answer", route="POST /api/lists/unsubscribe", status=400, body=said, times=None)
    done = project.load([first[0], {**at, "version": 2}], streams=route, max_removals="100%")["list_members"]
    assert (done["left"], done["removed"], done["not_removed"]) == (1, 1, {})


def test_clearing_makes_no_user_where_it_is_unclear_whether_there_is_one(project: Project) -> None:
    route = {"users": {"mode": "mirror", "on_removed": "clear", "allow_empty": True}}
    at = {"type": "ACTIVATE_VERSION", "stream": "users"}
    schema, *rows = stream("users", [{"email": ANN, "plan": "paid"}])
    project.load([schema, *({**row, "version": 1} for row in rows), {**at, "version": 1}], streams=route)
    project.holds.client.request("DELETE", "/api/users/{email}", path_params={"email": ANN})
    project.sandbox.inject("answer", route=BY_EMAIL, status=400, body="?", times=1)
    done = project.load([schema, {**at, "version": 2}], streams=route, max_removals="100%")["users"]
    assert (done["left"], done["removed"], done["not_removed"]) == (1, 0, {"400": 1})
    assert not project.holds.exists(ANN)


def test_a_project_that_speaks_as_in_2017_is_written_like_any_other(new_project: NewProject) -> None:
    project = new_project(project_type="hybrid", old_texts=True, unknown_user_id="text", absent_template="bad_params")
    hybrid = {"project_type": "hybrid"}
    unknown = project.load(stream("list_members", [{**WORDS, "listId": 404}]), **hybrid)["list_members"]
    assert unknown["reasons"] == {"unknownList": 1}
    made = stream("list_members", [WORDS])
    assert project.load(made, **hybrid, streams={"list_members": {"list": "VIP"}})["list_members"]["written"] == 1
    updated = update(project, {"userId": "nobody", "plan": "x"}, **hybrid)
    assert (updated["unchanged"], project.sandbox.counts()["users"]) == (1, 1)
    gone = project.load(stream("user_deletions", [{"userId": "nobody"}]), **hybrid, allow_destructive=True)
    assert (gone["user_deletions"]["written"], gone["user_deletions"]["rejected"]) == (1, 0)
