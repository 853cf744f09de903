"""Custom events through trackBulk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http

EMAIL = "ana@example.com"


def test_a_tracked_event_is_in_the_export_with_its_fields_at_the_top(http: Http) -> None:
    http.update({"email": EMAIL, "userId": "1"})
    fields = {"n": 1, "nested": {"a": [1, None]}, "nothing": None}
    event = {
        "email": EMAIL,
        "eventName": "bought",
        "id": "e1",
        "createdAt": 1625162444,
        "campaignId": 5,
        "templateId": 6,
    }
    assert http.track(event | {"dataFields": fields})["successCount"] == 1
    [line] = http.export("customEvent")
    assert (
        line.items()
        >= {
            "eventName": "bought",
            "id": "e1",
            "createdAt": "2021-07-01 18:00:44 +00:00",
            "email": EMAIL,
            "userId": "1",
            "campaignId": 5,
            "templateId": 6,
            "n": 1,
        }.items()
    )
    assert line["nested"] == {"a": [1, None]}
    assert not {"nothing", "dataFields", "_type"} & line.keys()
    assert {"eventUpdatedAt", "itblInternal.documentCreatedAt"} <= line.keys()


def test_an_event_without_id_gets_one_and_each_is_its_own(http: Http) -> None:
    http.track({"email": EMAIL, "eventName": "e"}, {"email": EMAIL, "eventName": "e"})
    assert len({line["id"] for line in http.export("customEvent")}) == 2


def test_an_event_with_a_known_id_is_updated() -> None:
    clock = StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))
    with Sandbox(clock=clock) as sandbox:
        http = Http(sandbox)
        http.track({"email": EMAIL, "eventName": "e", "id": "1", "createdAt": 1000, "dataFields": {"a": 1, "b": 1}})
        clock.advance(timedelta(hours=1))
        http.track({"email": EMAIL, "eventName": "e", "id": "1", "dataFields": {"b": 2}})
        [line] = http.export("customEvent")
        assert (line["a"], line["b"], line["createdAt"]) == (1, 2, "1970-01-01 00:16:40 +00:00")
        assert line["eventUpdatedAt"] == "2026-11-01 01:00:00 +00:00"
        assert line["itblInternal.documentCreatedAt"] == "2026-11-01 00:00:00 +00:00"
        http.session.close()


def test_milliseconds_are_not_refused_and_mean_what_the_client_meant(http: Http) -> None:
    http.track({"email": EMAIL, "eventName": "e", "createdAt": 1625162444000})
    assert http.export("customEvent")[0]["createdAt"] == "2021-07-01 18:00:44 +00:00"


def test_failures_have_six_buckets_and_the_old_field_of_user_ids_holds_the_unknown(http: Http) -> None:
    answer = http.track(
        {"email": "sayan", "eventName": "e"},
        {"userId": "unknown", "eventName": "e"},
        {"userId": "x" * 53, "eventName": "e"},
        {"email": EMAIL, "eventName": "e"},
    )
    assert (answer["successCount"], answer["failCount"]) == (1, 3)
    assert answer["failedUpdates"] == {
        "invalidEmails": ["sayan"],
        "invalidUserIds": ["x" * 53],
        "notFoundEmails": [],
        "notFoundUserIds": ["unknown"],
        "forgottenEmails": [],
        "forgottenUserIds": [],
    }
    assert (answer["invalidEmails"], answer["invalidUserIds"]) == (["sayan"], ["unknown"])


def test_an_event_makes_its_user_by_address(http: Http) -> None:
    http.track({"email": EMAIL, "eventName": "e"})
    assert http.user(EMAIL)["email"] == EMAIL


def test_a_project_can_refuse_events_of_unknown_addresses() -> None:
    with Sandbox(unknown_email_in_events="refuse") as sandbox:
        http = Http(sandbox)
        assert http.track({"email": EMAIL, "eventName": "e"})["failedUpdates"]["notFoundEmails"] == [EMAIL]
        http.session.close()


def test_other_projects_make_users_from_unknown_user_ids() -> None:
    with Sandbox(project_type="userId") as sandbox:
        http = Http(sandbox)
        assert http.track({"userId": "1", "eventName": "e"})["successCount"] == 1
        [line] = http.export("customEvent")
        assert (line["userId"], "itblUserId" in line) == ("1", True)
        http.session.close()


def test_disallowed_names_are_refused_with_200() -> None:
    with Sandbox(disallowed_events=frozenset({"secret"})) as sandbox:
        http = Http(sandbox)
        answer = http.track({"email": EMAIL, "eventName": "secret"}, {"email": EMAIL, "eventName": "e"})
        assert (answer["successCount"], answer["failCount"], answer["disallowedEventNames"]) == (1, 1, ["secret"])
        assert [line["eventName"] for line in http.export("customEvent")] == ["e"]
        http.session.close()


def test_disallowed_names_need_not_be_counted() -> None:
    with Sandbox(disallowed_events=frozenset({"secret"}), count_disallowed=False) as sandbox:
        http = Http(sandbox)
        assert http.track({"email": EMAIL, "eventName": "secret"})["failCount"] == 0
        http.session.close()


def test_an_id_of_more_than_512_bytes_is_refused(http: Http) -> None:
    assert http.track({"email": EMAIL, "eventName": "e", "id": "é" * 256})["successCount"] == 1
    response = http.post("/api/events/trackBulk", {"events": [{"email": EMAIL, "eventName": "e", "id": "é" * 257}]})
    assert (response.status_code, response.json()["code"]) == (400, "BadParams")


def test_data_fields_cannot_hide_the_fields_of_the_event(http: Http) -> None:
    fields = {"email": "other@example.com", "eventName": "other", "createdAt": "2001-01-01"}
    http.track({"email": EMAIL, "eventName": "e", "createdAt": 1000, "dataFields": fields})
    [line] = http.export("customEvent")
    assert (line["email"], line["eventName"], line["createdAt"]) == (EMAIL, "e", "1970-01-01 00:16:40 +00:00")


def test_any_time_that_a_number_can_name_is_taken(http: Http) -> None:
    times = [-(2**62), -1, 0, 2**62]
    http.track(*({"email": EMAIL, "eventName": "e", "createdAt": time} for time in times))
    assert len(http.export("customEvent")) == 4
