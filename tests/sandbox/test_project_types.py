"""Resolution of a row's identifiers to a user, by project type."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from iterable_sandbox.server import Sandbox
from tests.sandbox.conftest import Http

Project = Callable[[str], Http]


@pytest.fixture
def project() -> Iterator[Project]:
    """Opens a project of a type."""
    running: list[Http] = []

    def opened(kind: str) -> Http:
        http = Http(Sandbox(project_type=kind).__enter__())
        running.append(http)
        return http

    yield opened
    for http in running:
        http.session.close()
        http.sandbox.__exit__(None, None, None)


def by_user_id(http: Http, user_id: str) -> dict[str, object]:
    found: dict[str, object] = http.get("/api/users/byUserId", userId=user_id).json().get("user", {})
    return found


def test_in_an_email_project_the_address_decides_and_the_user_id_is_a_field(project: Project) -> None:
    http = project("email")
    http.update({"email": "a@example.com", "userId": "1"}, {"email": "b@example.com", "userId": "1"})
    http.update({"email": "a@example.com", "userId": "2"})
    assert (http.user("a@example.com")["userId"], http.user("b@example.com")["userId"]) == ("2", "1")


def test_in_an_email_project_an_unknown_user_id_makes_a_placeholder_only_if_preferred(project: Project) -> None:
    http = project("email")
    assert http.update({"userId": "1"})["failedUpdates"]["notFoundUserIds"] == ["1"]
    assert http.update({"userId": "1", "preferUserId": True})["successCount"] == 1
    assert str(by_user_id(http, "1")["email"]).endswith("@placeholder.email")
    assert http.update({"userId": "1", "dataFields": {"a": 1}})["successCount"] == 1


def test_in_an_email_project_the_address_does_not_change_through_data_fields(project: Project) -> None:
    http = project("email")
    http.update({"email": "a@example.com"})
    answer = http.update({"email": "a@example.com", "dataFields": {"email": "b@example.com"}})
    assert answer["failedUpdates"]["invalidDataEmails"] == ["a@example.com"]
    assert http.update({"email": "a@example.com", "dataFields": {"email": "A@example.com"}})["successCount"] == 1


@pytest.mark.parametrize("field", ["email", "userId"])
@pytest.mark.parametrize("type_", ["email", "userId", "hybrid"])
def test_an_array_is_no_identifier(project: Project, type_: str, field: str) -> None:
    http = project(type_)
    who = {"email": "a@example.com"} if type_ == "email" else {"userId": "1"}
    http.update(who)
    for value in ([], ["b@example.com"]):
        row = {**who, "dataFields": {field: value}}
        buckets = http.update(row)["failedUpdates"]
        assert buckets["invalidDataEmails"] + buckets["invalidDataUserIds"] == list(who.values())
        assert http.post("/api/users/update", row).status_code == 400


def test_in_an_email_project_the_user_id_can_come_as_a_data_field(project: Project) -> None:
    http = project("email")
    http.update({"email": "a@example.com", "dataFields": {"userId": "1"}})
    assert by_user_id(http, "1")["email"] == "a@example.com"


def test_in_a_user_id_project_the_user_id_decides_and_the_address_is_a_field(project: Project) -> None:
    http = project("userId")
    http.update({"userId": "1", "email": "a@example.com"}, {"userId": "2", "email": "a@example.com"})
    http.update({"userId": "1", "dataFields": {"email": "c@example.com"}})
    assert (by_user_id(http, "1")["email"], by_user_id(http, "2")["email"]) == ("c@example.com", "a@example.com")


def test_in_a_user_id_project_an_unknown_address_makes_nobody(project: Project) -> None:
    http = project("userId")
    assert http.update({"email": "a@example.com"})["failedUpdates"]["notFoundEmails"] == ["a@example.com"]


def test_in_a_hybrid_project_either_identifier_makes_a_user(project: Project) -> None:
    http = project("hybrid")
    assert http.update({"email": "a@example.com"}, {"userId": "1"})["successCount"] == 2


def test_in_a_hybrid_project_the_missing_identifier_is_added(project: Project) -> None:
    http = project("hybrid")
    http.update({"email": "a@example.com"}, {"email": "a@example.com", "userId": "1"})
    assert by_user_id(http, "1")["email"] == "a@example.com"
    assert http.sandbox.store.users.count() == 1


def test_in_a_hybrid_project_identifiers_of_two_users_are_a_conflict(project: Project) -> None:
    http = project("hybrid")
    http.update({"email": "a@example.com", "userId": "1"}, {"email": "b@example.com", "userId": "2"})
    answer = http.update({"email": "a@example.com", "userId": "2"})
    assert answer["failedUpdates"]["conflictEmails"] == ["a@example.com"]
    assert answer["failCount"] == 1


def test_in_a_hybrid_project_an_address_changes_through_data_fields_unless_it_is_taken(project: Project) -> None:
    http = project("hybrid")
    http.update({"userId": "1", "email": "a@example.com"}, {"userId": "2", "email": "b@example.com"})
    taken = http.update({"userId": "1", "dataFields": {"email": "b@example.com"}})
    assert taken["failedUpdates"]["conflictEmails"] == ["b@example.com"]
    http.update({"userId": "1", "dataFields": {"email": "c@example.com"}})
    assert by_user_id(http, "1")["email"] == "c@example.com"


@pytest.mark.parametrize("kind", ["userId", "hybrid"])
def test_other_projects_name_lists_differently_and_give_users_an_id_of_iterables_own(
    project: Project, kind: str
) -> None:
    http = project(kind)
    list_id = http.new_list()
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"userId": "1"}]})
    [user] = http.export("user")
    [joined] = http.export("emailSubscribe")
    assert user["userListIds"] == [list_id]
    assert user["itblUserId"] == joined["itblUserId"]
    assert "email" not in user


def test_list_members_go_by_the_identifier_of_the_project(project: Project) -> None:
    row = {"email": "a@example.com", "userId": "1"}
    shown = {}
    for kind in ("email", "userId", "hybrid"):
        http = project(kind)
        list_id = http.new_list()
        http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [row]})
        shown[kind] = http.get("/api/lists/getUsers", listId=list_id).text.strip()
    assert shown == {"email": "a@example.com", "userId": "1", "hybrid": "a@example.com"}
    assert http.get("/api/lists/getUsers", listId=list_id, preferUserId="true").text.strip() == "1"


@pytest.mark.parametrize("kind", ["userId", "hybrid"])
def test_only_existing_users_join_if_the_request_says_so(project: Project, kind: str) -> None:
    http = project(kind)
    list_id = http.new_list()
    http.update({"userId": "1"})
    body = {"listId": list_id, "subscribers": [{"userId": "1"}, {"userId": "2"}], "updateExistingUsersOnly": True}
    assert http.ok("/api/lists/subscribe", body)["failedUpdates"]["notFoundUserIds"] == ["2"]


def test_an_email_project_ignores_the_wish_for_existing_users_only(project: Project) -> None:
    http = project("email")
    body = {"listId": http.new_list(), "subscribers": [{"email": "a@example.com"}], "updateExistingUsersOnly": True}
    assert http.ok("/api/lists/subscribe", body)["successCount"] == 1
