"""Answers as recordings of the real API have them: by default where nothing newer is known, else by a setting."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened
from tests.tap.reading import TapRun

EMAIL: Final = "ana@example.com"
CAMPAIGNS: Final = {"Email": 11, "Push": 12, "InApp": 13}
PATHS: Final = {"Email": "email", "Push": "push", "InApp": "inApp"}
NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)


def campaign(medium: str, **more: Any) -> dict[str, Any]:
    number = CAMPAIGNS.get(medium, 14)
    head = {"id": number, "name": "c", "templateId": 1, "type": "Triggered", "campaignState": "Running"}
    return {**head, "messageMedium": medium, "createdAt": 1, "updatedAt": 1, **more}


def with_campaigns(http: Http) -> Http:
    rows = [(row["id"], row) for row in map(campaign, CAMPAIGNS)]
    http.sandbox.store.resources.add("campaign", rows)
    http.update({"email": EMAIL, "userId": "7"})
    return http


@pytest.fixture
def sending(http: Http) -> Http:
    return with_campaigns(http)


def envelope(msg: str, code: str = "BadParams", params: Any = None) -> dict[str, Any]:
    return {"msg": msg, "code": code, "params": params}


# What is so by default.


@pytest.mark.parametrize("medium", PATHS)
@pytest.mark.parametrize("named", [{"recipientEmail": EMAIL}, {"recipientUserId": "7"}])
def test_a_message_that_was_sent_names_the_campaign_and_the_address(
    sending: Http, medium: str, named: dict[str, str]
) -> None:
    answer = sending.ok(f"/api/{PATHS[medium]}/target", {"campaignId": CAMPAIGNS[medium], **named})
    msg = f"Campaign {CAMPAIGNS[medium]} - Sent triggered message to: {EMAIL}"
    assert answer == envelope(msg, "Success")


def test_a_scheduled_message_names_its_time_too_and_can_be_cancelled_by_its_id() -> None:
    with opened(clock=StoppedClock(NOW)) as http:
        with_campaigns(http)
        body = {"campaignId": 12, "recipientUserId": "7", "sendAt": "2026-11-02 08:04:37 +0100"}
        answers = [http.ok("/api/push/target", body) for _ in range(2)]
        msg = f"Campaign 12 - Scheduled triggered message for: 2026-11-02T07:04:37.000Z to: {EMAIL}"
        assert [answer["msg"] for answer in answers] == [msg, msg]
        ids = [answer["params"]["scheduledMessageId"] for answer in answers]
        done = http.ok("/api/push/cancel", {"email": EMAIL, "campaignId": 12})
        told = (
            f"Successfully cancelled scheduled messages with scheduledMessageId: {ids[0]},{ids[1]} from project: 8575"
        )
        assert done == envelope(told, "Success")


@pytest.mark.parametrize(("medium", "msg"), [("Email", "Invalid campaignId"), ("Push", "Invalid Campaign Id")])
def test_an_unknown_campaign_is_told_in_the_words_of_the_medium(sending: Http, medium: str, msg: str) -> None:
    response = sending.post(f"/api/{PATHS[medium]}/target", {"campaignId": 4444, "recipientEmail": EMAIL})
    assert (response.status_code, response.json()) == (400, envelope(msg, params={"campaignId": "4444"}))


def test_nothing_to_cancel_is_told_with_what_was_given(sending: Http) -> None:
    response = sending.post("/api/push/cancel", {"email": EMAIL, "campaignId": 44444})
    text = "No scheduled messages found- Invalid email and campaignId combination"
    assert (response.status_code, response.json()) == (400, envelope(text))


def test_a_campaign_that_does_not_recur_has_no_children(sending: Http) -> None:
    response = sending.get("/api/campaigns/recurring/11/childCampaigns")
    assert (response.status_code, response.json()) == (400, envelope("Campaign 11 is not a recurring campaign"))


def test_metrics_of_no_campaign_are_the_beginning_of_a_header(http: Http) -> None:
    response = http.get("/api/campaigns/metrics")
    assert (response.status_code, response.text) == (200, "id,\n")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_an_update_of_nobody_is_400(http: Http) -> None:
    response = http.post("/api/users/bulkUpdate", {"users": []})
    assert (response.status_code, response.json()) == (400, envelope("Emails invalid: ", "InvalidEmailAddressError"))


def test_metadata_are_written_and_deleted_with_a_sentence(http: Http) -> None:
    steps = [
        ("PUT", "/api/metadata/t/k", {"value": {"a": 1}}, "Successfully updated object k in table t"),
        ("DELETE", "/api/metadata/t/k", None, "Successfully deleted metadata by key k in table t"),
        ("DELETE", "/api/metadata/t/k", None, "Successfully deleted metadata by key k in table t"),
        ("DELETE", "/api/metadata/t", None, "Successfully deleted table t"),
    ]
    for method, path, body, msg in steps:
        assert http.send(method, path, body).json() == envelope(msg, "Success")
    missing = http.get("/api/metadata/t/k")
    assert (missing.status_code, missing.json()) == (
        404,
        envelope("No metadata found in table t with key k", "NotFound"),
    )


def test_a_journey_needs_somebody_to_enter_it(http: Http) -> None:
    response = http.post("/api/workflows/triggerWorkflow", {"workflowId": 14898})
    told = envelope("Must provide either an email or list id", "GenericError")
    assert (response.status_code, response.json()) == (400, told)


def test_a_cart_needs_a_user(http: Http) -> None:
    response = http.post("/api/commerce/updateCart", {"items": [], "user": {}})
    told = envelope("Either email or userId must be set: ApiUserUpdateRequest(None,None,None,None)")
    assert (response.status_code, response.json()) == (400, told)


def test_a_device_needs_a_token() -> None:
    with opened(keys_have_types=False) as http:
        device = {"token": "", "applicationName": "a", "platform": "APNS", "dataFields": {}}
        response = http.post("/api/users/registerDeviceToken", {"device": device, "email": EMAIL})
        told = envelope(f"Unable to register token to user Some({EMAIL})", "GenericError")
        assert (response.status_code, response.json()) == (500, told)


def test_a_report_of_an_app_needs_a_user() -> None:
    with opened(keys_have_types=False) as http:
        report = {"campaignId": 181028, "messageId": "7091"}
        response = http.post("/api/events/trackPushOpen", {**report, "email": None})
        told = envelope("Either email or userId must be specified in a track call", params=report)
        assert (response.status_code, response.json()) == (400, told)


def test_a_table_of_events_begins_with_the_time_unasked_and_is_a_file(http: Http) -> None:
    for number in range(3):
        http.track({"email": EMAIL, "eventName": "e", "createdAt": 1_700_000_000 + number, "campaignId": 42})
    response = http.get("/api/export/data.csv", dataTypeName="customEvent", range="All", onlyFields="campaignId")
    lines = response.content.decode().split("\n")
    assert (lines[0], lines[-1]) == ("createdAt,campaignId", "")
    assert sorted(lines[1:-1]) == [f'"2023-11-14 22:13:2{number} +00:00",42' for number in range(3)]
    assert response.headers["Content-Type"] == "text/csv"
    name = response.headers["Content-Disposition"]
    assert name.startswith('attachment; filename="customEvent_20')
    assert name.endswith('.csv"')
    assert len(name) == len('attachment; filename="customEvent_20261101000000.csv"')
    assert http.export("customEvent", onlyFields="campaignId") == [{"campaignId": 42}] * 3


# What a setting brings back.


def test_old_texts_tell_of_an_unknown_list() -> None:
    with opened(old_texts=True) as http:
        params = {"projectId": "8575", "listId": "42"}
        for response in (
            http.get("/api/lists/getUsers", listId=42),
            http.post("/api/lists/subscribe", {"listId": 42, "subscribers": []}),
        ):
            assert (response.status_code, response.json()) == (400, envelope("Invalid email list id", params=params))
        gone = http.send("DELETE", "/api/lists/42")
        assert gone.json() == envelope("Unable to delete list 42 in Project 8575, which does not exist.")


def test_old_texts_tell_of_unknown_users_and_malformed_addresses() -> None:
    with opened(old_texts=True) as http:
        gone = http.send("DELETE", "/api/users/byUserId/42")
        assert (gone.status_code, gone.json()) == (400, envelope("No users with userId 42 exist"))
        bad = http.post("/api/users/updateEmail", {"currentEmail": "foo@", "newEmail": EMAIL})
        assert bad.json() == envelope("Invalid email: foo@", "InvalidEmailAddressError")


def test_old_texts_bring_the_request_back_but_for_the_key() -> None:
    with opened(old_texts=True) as http:
        http.session.headers.update({"Authorization": "Bearer secret", "X-Own": "seen"})
        body = {"events": [{"email": EMAIL, "eventName": None}, {"email": "bad@"}, {"eventName": 7}]}
        response = http.post("/api/events/trackBulk", body)
        answer = response.json()
        assert (response.status_code, answer["code"]) == (400, "BadJsonBody")
        assert answer["msg"].startswith(f"[/api/events/trackBulk] body: {json.dumps(body)}, hdrs: List((")
        assert "(X-Own,seen)" in answer["msg"]
        assert "Bearer" not in answer["msg"]
        assert http.sandbox.api_key not in answer["msg"]
        wrong = {"msg": ["error.expected.jsstring"], "args": []}
        assert answer["params"] == {
            "obj.events[0].eventName": [wrong],
            "obj.events[1].eventName": [{"msg": "error.path.missing", "args": []}],
            "obj.events[2].eventName": [wrong],
        }


def test_old_texts_refuse_metadata_in_plain_text() -> None:
    with opened(old_texts=True) as http:
        response = http.send("PUT", "/api/metadata/t/k", {"value": None})
        wrong = '{"obj.value":[{"msg":"error.expected.jsobject","args":[]}]}'
        assert (response.status_code, response.text) == (400, f'Json error: {wrong}\n {{"value": null}}')
        assert response.headers["Content-Type"].startswith("text/plain")


def test_old_texts_tell_the_limit_of_exports_only() -> None:
    with opened(old_texts=True, limits=True, clock=StoppedClock(NOW)) as http:
        answers = [http.get("/api/export/data.json", dataTypeName="emailSend") for _ in range(5)]
        told = "Exceeded rate limit of 4.0 per minute for endpoint: /api/export/data.json, project: 8575 "
        assert answers[-1].json() == envelope(told, "RateLimitExceeded", {})
        sizes = [http.get("/api/lists/getUsers", listId=1) for _ in range(6)]
        assert sizes[-1].json()["msg"].startswith("Exceeded rate limit for endpoint: /api/lists/getUsers")


def test_old_texts_are_lines_of_plain_text_and_are_counted_as_lines() -> None:
    with opened(old_texts=True) as http:
        http.update({"email": EMAIL}, {"email": "bo@example.com"})
        response = http.get("/api/export/data.json", dataTypeName="user", range="All")
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert len(response.text.split("\n")) == 3
        (entry,) = http.sandbox.requests("GET /api/export/data.json")
        assert entry.records == 2


@pytest.mark.parametrize(
    ("setting", "status", "body"),
    [
        ("not_found", 404, envelope("Template not found: 42", "NotFound")),
        ("bad_params", 400, envelope("Template ID: 42 does not exist for this project")),
        ("error", 500, envelope("An error occurred. Please try again later.", "GenericError")),
    ],
)
def test_an_absent_template_is_told_as_the_setting_says(setting: str, status: int, body: dict[str, Any]) -> None:
    with opened(absent_template=setting) as http:
        for path in ("email", "push"):
            response = http.get(f"/api/templates/{path}/get", templateId=42)
            assert (response.status_code, response.json()) == (status, body)


def test_titles_are_repeated_for_each_campaign_in_the_words_of_2017(database: str) -> None:
    with opened(database=database) as http:
        numbers = [row["id"] for row in http.sandbox.store.resources.all("campaign") if row["messageMedium"] == "Email"]
        plain = list(csv.reader(http.get("/api/campaigns/metrics", campaignId=numbers[:2]).text.splitlines()))
    with opened(database=database, repeated_metric_titles=True) as http:
        twice = list(csv.reader(http.get("/api/campaigns/metrics", campaignId=numbers[:2]).text.splitlines()))
    assert twice[0][1::2] == twice[0][2::2]
    assert [line[1::2] for line in twice[1:]] == [line[2::2] for line in twice[1:]] == [line[1:] for line in plain[1:]]
    assert {"Purchases / M", "Revenue / M", "Unique Email Opens Or Clicks"} == {*twice[0]} - {*plain[0]}
    zero = dict(zip(plain[0], plain[1], strict=True))
    assert all("." in zero[title] for title in ("Total Emails Delivered", "Revenue", "Average Order Value"))


def test_the_tap_reads_metrics_whose_titles_are_repeated(database: str, tmp_path: Any) -> None:
    with opened(database=database) as http:
        plain = TapRun(http.sandbox.url, http.sandbox.api_key, tmp_path)("campaign_metrics")
    with opened(database=database, repeated_metric_titles=True) as http:
        twice = TapRun(http.sandbox.url, http.sandbox.api_key, tmp_path)("campaign_metrics")
    assert (twice.code, len(twice.records["campaign_metrics"])) == (0, len(plain.records["campaign_metrics"]))
    new = {"Unique Email Opens": "Unique Email Opens Or Clicks"}
    new |= {f"{name} / M (Email)": f"{name} / M" for name in ("Purchases", "Revenue")}
    for before, after in zip(plain.records["campaign_metrics"], twice.records["campaign_metrics"], strict=True):
        known = {new.get(title, title): value for title, value in before["metrics"].items()}
        assert {title: after["metrics"][title] for title in known if title in after["metrics"]} == known
        assert after["extraCells"] == before["extraCells"]


def test_keys_without_types_may_call_what_only_apps_may() -> None:
    body = {"email": EMAIL, "browserToken": "t"}
    with opened() as http:
        assert http.post("/api/users/registerBrowserToken", body).status_code == 401
    with opened(keys_have_types=False, keys={"0" * 32: "Disabled", "1" * 32: "ServerSideReadOnly"}) as http:
        assert http.post("/api/users/registerBrowserToken", body).json() == envelope("", "Success")
        for key, status in (("1" * 32, 200), ("0" * 32, 401)):
            http.session.headers["Api-Key"] = key
            assert http.post("/api/users/registerBrowserToken", body).status_code == status


# Empty userIds.

EMPTY: Final = {"email": EMAIL, "userId": ""}
ITEM: Final = {"id": "i", "name": "n", "price": 1, "quantity": 1}
BODIES: Final = {
    "/api/users/update": EMPTY,
    "/api/users/bulkUpdate": {"users": [EMPTY]},
    "/api/users/updateSubscriptions": {**EMPTY, "unsubscribedChannelIds": []},
    "/api/users/bulkUpdateSubscriptions": {"updateSubscriptionsRequests": [EMPTY]},
    "/api/users/forget": EMPTY,
    "/api/events/track": {**EMPTY, "eventName": "e"},
    "/api/events/trackBulk": {"events": [{**EMPTY, "eventName": "e"}]},
    "/api/lists/subscribe": {"listId": 1, "subscribers": [EMPTY]},
    "/api/lists/unsubscribe": {"listId": 1, "subscribers": [EMPTY]},
    "/api/commerce/updateCart": {"user": EMPTY, "items": [ITEM]},
    "/api/commerce/trackPurchase": {"user": EMPTY, "items": [ITEM], "total": 1},
    "/api/email/target": {"campaignId": 11, "recipientEmail": EMAIL, "recipientUserId": ""},
    "/api/users/updateEmail": {"currentEmail": EMAIL, "currentUserId": "", "newEmail": "new@example.com"},
    "/api/users/merge": {
        "sourceEmail": EMAIL,
        "sourceUserId": "",
        "destinationEmail": "to@example.com",
        "destinationUserId": "",
    },
}


def failures(response: Any) -> int:
    """How much of a request failed: all of it, or so many rows."""
    return 1 if response.status_code != 200 else int(response.json().get("failCount", 0))


def prepared(http: Http) -> Http:
    with_campaigns(http)
    http.update({"email": "to@example.com"})
    assert http.new_list() == http.sandbox.store.lists.all()[0].id
    return http


@pytest.mark.parametrize("path", BODIES)
def test_an_empty_user_id_beside_an_address_counts_as_absent(http: Http, path: str) -> None:
    prepared(http)
    body = json.loads(
        json.dumps(BODIES[path]).replace('"listId": 1', f'"listId": {http.sandbox.store.lists.all()[0].id}')
    )
    response = http.post(path, body)
    assert failures(response) == 0, response.text


@pytest.mark.parametrize("path", ["/api/users/update", "/api/users/bulkUpdate", "/api/events/trackBulk"])
def test_an_empty_user_id_can_be_malformed(path: str) -> None:
    with opened(empty_user_id="refuse") as http:
        assert failures(prepared(http).post(path, BODIES[path])) == 1


@pytest.mark.parametrize("row", [{"email": "", "userId": "7"}, {"email": "", "userId": ""}, {"userId": ""}])
def test_an_empty_address_or_an_empty_user_id_alone_is_refused(http: Http, row: dict[str, str]) -> None:
    assert http.update(row)["failCount"] == 1


def test_empty_texts_among_data_fields_stay(http: Http) -> None:
    http.update({**EMPTY, "dataFields": {"email": EMAIL, "note": "", "inner": {"email": "x", "userId": ""}}})
    user = http.user(EMAIL)
    assert (user["note"], user["inner"]) == ("", {"email": "x", "userId": ""})


# Rows that fail leave nothing behind.


def test_fields_of_rows_that_fail_are_not_created(http: Http) -> None:
    answer = http.update(
        {"email": "bad@", "dataFields": {"onlyBad": 1, "both": 1}}, {"email": EMAIL, "dataFields": {"both": 2}}
    )
    assert (answer["failCount"], answer["createdFields"]) == (1, ["both"])
    fields = http.get("/api/users/getFields").json()["fields"]
    assert ("onlyBad" in fields, fields["both"]) == (False, "long")
    assert http.update({"email": EMAIL, "dataFields": {"onlyBad": "a text"}})["failCount"] == 0


def test_fields_of_events_that_fail_are_not_created(http: Http) -> None:
    events: list[dict[str, Any]] = [
        {"email": "bad@", "eventName": "e", "dataFields": {"onlyBad": 1}},
        {"email": EMAIL, "eventName": "e"},
    ]
    assert http.track(*events)["createdFields"] == []
    good = {"email": EMAIL, "eventName": "e", "dataFields": {"onlyBad": "a text"}}
    assert http.track(good)["createdFields"] == ["onlyBad"]
