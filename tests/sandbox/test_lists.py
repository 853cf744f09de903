"""Lists and their members."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from shutil import copy

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http


def test_a_new_list_is_listed_and_names_need_not_be_unique() -> None:
    with Sandbox(clock=StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))) as sandbox:
        http = Http(sandbox)
        first = http.ok("/api/lists", {"name": "Readers", "description": "All of them"})["listId"]
        second = http.new_list("Readers")
        assert first != second
        described, plain = http.get("/api/lists").json()["lists"]
        assert described == {
            "id": first,
            "name": "Readers",
            "description": "All of them",
            "createdAt": 1793491200000,
            "listType": "Standard",
        }
        assert "description" not in plain
        http.session.close()


def test_subscribing_creates_and_updates_users_and_writes_one_event_each(http: Http) -> None:
    list_id = http.new_list()
    rows = [{"email": "a@example.com", "dataFields": {"x": 1}}, {"email": "B@example.com"}, {"email": "bad"}]
    answer = http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": rows})
    assert (answer["successCount"], answer["failCount"]) == (2, 1)
    assert answer["failedUpdates"]["invalidEmails"] == ["bad"]
    user = http.user("a@example.com")
    assert (user["x"], user["emailListIds"], user["signupSource"]) == (1, [list_id], "ListAPI")
    assert (
        user["unsubscribedChannelIds"] == user["unsubscribedMessageTypeIds"] == user["subscribedMessageTypeIds"] == []
    )
    joined = http.export("emailSubscribe")
    assert sorted(line["email"] for line in joined) == ["a@example.com", "b@example.com"]
    for line in joined:
        assert (line["emailListIds"], line["channelIds"], line["signupSource"]) == ([list_id], [], "ListAPI")
        assert line["profileUpdatedAt"]


def test_joining_twice_is_one_membership_and_one_event(http: Http) -> None:
    body = {"listId": http.new_list(), "subscribers": [{"email": "a@example.com"}, {"email": "a@example.com"}]}
    assert http.ok("/api/lists/subscribe", body)["successCount"] == 2
    assert http.get(f"/api/lists/{body['listId']}/size").text == "1"
    assert len(http.export("emailSubscribe")) == 1


def test_leaving_is_recorded_under_the_name_with_the_capital_s(http: Http) -> None:
    list_id = http.new_list()
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": "a@example.com"}]})
    body = {"listId": list_id, "subscribers": [{"email": "A@example.com"}], "campaignId": 7}
    assert http.ok("/api/lists/unsubscribe", body)["successCount"] == 1
    [line] = http.export("emailUnSubscribe")
    assert (line["emailListIds"], line["campaignId"]) == ([list_id], 7)
    assert http.export("emailunsubscribe") == [line]
    assert http.user("a@example.com")["emailListIds"] == []


def test_leaving_a_list_one_is_not_on_succeeds_silently_and_strangers_are_not_found(http: Http) -> None:
    http.update({"email": "a@example.com"})
    rows = [{"email": "a@example.com"}, {"email": "stranger@example.com"}, {"userId": "stranger"}]
    answer = http.ok("/api/lists/unsubscribe", {"listId": http.new_list(), "subscribers": rows})
    assert (answer["successCount"], answer["failCount"]) == (1, 2)
    assert answer["failedUpdates"]["notFoundEmails"] == ["stranger@example.com"]
    assert answer["failedUpdates"]["notFoundUserIds"] == ["stranger"]
    assert http.export("emailUnSubscribe") == []


def test_an_unknown_list_is_400_although_the_code_says_success(http: Http) -> None:
    expected = {
        "msg": "error.lists.invalidListId(999)",
        "code": "Success",
        "params": {"projectId": 8575, "listId": 999},
    }
    for response in (
        http.get("/api/lists/999/size"),
        http.get("/api/lists/getUsers", listId=999),
        http.post("/api/lists/subscribe", {"listId": 999, "subscribers": []}),
        http.post("/api/lists/unsubscribe", {"listId": 999, "subscribers": []}),
    ):
        assert (response.status_code, response.json()) == (400, expected)


def test_members_are_plain_text_in_an_order_that_changes(http: Http) -> None:
    list_id = http.new_list()
    everybody = {f"user{number}@example.com" for number in range(30)}
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": email} for email in everybody]})
    response = http.get("/api/lists/getUsers", listId=list_id)
    assert response.headers["Content-Type"].startswith("text/plain")
    assert sorted(response.text.split()) == sorted(everybody)
    assert http.get("/api/lists/getUsers", listId=list_id).text != response.text


def test_an_empty_list_has_an_empty_body_and_the_size_is_a_bare_number(http: Http) -> None:
    list_id = http.new_list()
    assert http.get("/api/lists/getUsers", listId=list_id).text == ""
    assert http.get(f"/api/lists/{list_id}/size").text == "0"


def test_a_list_id_that_is_no_number_is_an_html_400(http: Http) -> None:
    for response in (
        http.get("/api/lists/x/size"),
        http.get("/api/lists/getUsers"),
        http.get(f"/api/lists/{2**70}/size"),
    ):
        assert response.status_code == 400
        assert "<title>Bad Request</title>" in response.text


def test_a_wrong_type_refuses_all_subscribers(http: Http) -> None:
    http.update({"email": "a@example.com", "dataFields": {"n": 1}})
    rows = [{"email": "b@example.com"}, {"email": "a@example.com", "dataFields": {"n": "x"}}]
    list_id = http.new_list()
    response = http.post("/api/lists/subscribe", {"listId": list_id, "subscribers": rows})
    assert response.json()["code"] == "RequestFieldsTypesMismatched"
    assert http.get(f"/api/lists/{list_id}/size").text == "0"


def test_old_projects_answer_with_four_fields() -> None:
    with Sandbox(old_list_answers=True) as sandbox:
        http = Http(sandbox)
        answer = http.ok("/api/lists/subscribe", {"listId": http.new_list(), "subscribers": [{"email": "bad"}]})
        assert answer == {"successCount": 0, "failCount": 1, "invalidEmails": ["bad"], "invalidUserIds": []}
        http.session.close()


def test_a_dynamic_list_cannot_be_written(seeded_database: Path, tmp_path: Path) -> None:
    with Sandbox(database=str(copy(seeded_database, tmp_path / "copy.db"))) as sandbox:
        http = Http(sandbox)
        [dynamic] = [row["id"] for row in http.get("/api/lists").json()["lists"] if row["listType"] == "Dynamic"]
        assert http.post("/api/lists/subscribe", {"listId": dynamic, "subscribers": []}).status_code == 400
        http.session.close()


def test_leaving_the_channel_too_is_kept_on_the_profile(seeded_database: Path, tmp_path: Path) -> None:
    with Sandbox(database=str(copy(seeded_database, tmp_path / "copy.db"))) as sandbox:
        http = Http(sandbox)
        list_id = http.new_list()
        http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": "a@example.com"}]})
        body = {"listId": list_id, "subscribers": [{"email": "a@example.com"}], "channelUnsubscribe": True}
        http.ok("/api/lists/unsubscribe", body)
        [line] = [line for line in http.export("emailUnSubscribe") if line["email"] == "a@example.com"]
        assert line["channelIds"] == http.user("a@example.com")["unsubscribedChannelIds"] != []
        http.session.close()
