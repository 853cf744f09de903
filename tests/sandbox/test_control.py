"""The routes under `/_sandbox`: state, request log, faults, clock and settings, and who may use them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from iterable_api.facts.endpoints import ENDPOINTS
from iterable_api.facts.limits import DAY
from iterable_sandbox.project.request_log import Entry, RequestLog
from iterable_sandbox.rules.rate_limits import RateLimits
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

START = datetime(2026, 11, 1, tzinfo=UTC)
ADDRESS = "secret.reader@example.com"


def control(sandbox: Sandbox, method: str, what: str, body: object = None, **headers: str) -> requests.Response:
    return requests.request(method, f"{sandbox.url}/_sandbox/{what}", json=body, headers=headers, timeout=10)


def log_of(sandbox: Sandbox, route: str = "*") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control(sandbox, "GET", f"requests?route={route}").json()["requests"]
    return found


def test_control_needs_no_key_on_this_machine(sandbox: Sandbox) -> None:
    assert control(sandbox, "GET", "state").status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://example.com"}, {"Host": "example.com"}, {"Host": "169.254.1.1:80"}]
)
def test_a_web_page_may_not_control_a_sandbox_unless_it_has_the_key(sandbox: Sandbox, headers: dict[str, str]) -> None:
    assert control(sandbox, "POST", "clock", {"advance": 1}, **headers).status_code == 403
    headers["Api-Key"] = sandbox.api_key
    assert control(sandbox, "POST", "clock", {"advance": 1}, **headers).status_code == 200


def test_the_state_counts_everything(http: Http) -> None:
    list_id = http.new_list("Readers")
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": ADDRESS}]})
    http.track({"email": ADDRESS, "eventName": "a"}, {"email": ADDRESS, "eventName": "b"})
    http.post("/api/catalogs/Books")
    http.ok("/api/catalogs/Books/items", {"documents": {"one": {"a": 1}, "two": {"a": 2}}})
    http.ok("/api/users/forget", {"email": "gone@example.com"})
    http.sandbox.inject("rate_limit", times=2)
    for _ in range(3):
        http.get("/api/lists")
    state = control(http.sandbox, "GET", "state").json()
    assert (
        state
        == http.sandbox.counts()
        == {
            "projectType": "email",
            "users": 1,
            "events": {"customEvent": 2, "emailSubscribe": 1},
            "lists": [{"id": list_id, "name": "Readers", "size": 1}],
            "catalogs": [{"name": "Books", "items": 2}],
            "forgotten": 1,
            "rateLimited": {"GET /api/lists": 2},
        }
    )


def test_the_log_says_what_was_sent_and_answered(http: Http) -> None:
    http.update({"email": ADDRESS}, {"email": "b@example.com"})
    http.export("user")
    http.get("/api/users/getByEmail", email=ADDRESS)
    seen = [(row["method"], row["path"], row["status"], row["records"]) for row in log_of(http.sandbox)]
    assert seen == [
        ("POST", "/api/users/bulkUpdate", 200, 2),
        ("GET", "/api/export/data.json", 200, 2),
        ("GET", "/api/users/getByEmail", 200, 0),
    ]
    write = log_of(http.sandbox, "POST *")[0]
    assert write["request_bytes"] == len(
        '{"users": [{"email": "secret.reader@example.com"}, {"email": "b@example.com"}]}'
    )
    assert write["response_bytes"] > 100


def test_the_log_holds_no_personal_data(http: Http) -> None:
    http.update({"email": ADDRESS})
    for path in (f"/api/users/{ADDRESS}", f"/api/nothing/{ADDRESS}", "/api/users/" + ADDRESS * 100):
        http.get(path)
    rows = log_of(http.sandbox)
    assert [(row["path"], row["status"]) for row in rows[1:]] == [("/api/users/{email}", 200), ("", 404), ("", 414)]
    assert "secret" not in repr(rows)
    assert "secret" not in repr(http.sandbox.requests())


def test_the_log_holds_uris_and_bodies_if_the_sandbox_was_started_so() -> None:
    with opened(log_personal_data=True) as http:
        http.update({"email": ADDRESS})
        http.get("/api/users/getByEmail", email=ADDRESS)
        written, read = log_of(http.sandbox)
        assert (written["uri"], written["body"]) == (
            "/api/users/bulkUpdate",
            f'{{"users": [{{"email": "{ADDRESS}"}}]}}',
        )
        assert read["uri"] == "/api/users/getByEmail?email=secret.reader%40example.com"


def test_personal_data_cannot_be_asked_for_later(sandbox: Sandbox) -> None:
    refused = control(sandbox, "POST", "settings", {"log_personal_data": True})
    assert (refused.status_code, sandbox.project.settings.log_personal_data) == (400, False)


def test_a_request_that_got_no_answer_is_in_the_log(http: Http) -> None:
    http.sandbox.inject("reset_after")
    with pytest.raises(requests.ConnectionError):
        http.update({"email": ADDRESS})
    assert [(row["path"], row["status"], row["records"]) for row in log_of(http.sandbox)] == [
        ("/api/users/bulkUpdate", None, 1)
    ]


def test_the_log_can_be_emptied_and_control_is_not_in_it(http: Http) -> None:
    http.get("/api/lists")
    assert len(log_of(http.sandbox)) == 1
    assert control(http.sandbox, "DELETE", "requests").json() == {"requests": []}
    assert http.sandbox.requests() == []


@pytest.mark.parametrize(("kept", "kept_bytes", "left"), [(3, 1000, [7, 8, 9]), (100, 25, [8, 9]), (100, 5, [])])
def test_the_log_keeps_the_latest_requests_within_bounds_and_counts_all(
    kept: int, kept_bytes: int, left: list[int]
) -> None:
    log = RequestLog(kept, kept_bytes)
    for number in range(10):
        log.add(Entry("", "POST", "/api/x", 429, 10, 0, number, "/api/x", "x" * 10))
    assert [entry.records for entry in log.entries()] == left
    assert log.count(429) == {"POST /api/x": 10}


def test_faults_are_set_shown_and_taken_back_over_http(http: Http) -> None:
    body = {"fault": "gateway", "route": "GET /api/lists", "times": None, "status": 504}
    shown = control(http.sandbox, "POST", "faults", body).json()["faults"]
    assert shown == [body | {"where": {}, "every": 1, "seen": 0, "struck": 0}]
    assert [http.get("/api/lists").status_code for _ in range(3)] == [504] * 3
    assert control(http.sandbox, "GET", "faults").json()["faults"][0]["struck"] == 3
    assert control(http.sandbox, "DELETE", "faults").json() == {"faults": []}
    assert http.get("/api/lists").status_code == 200


@pytest.mark.parametrize(
    ("what", "body", "problem"),
    [
        ("faults", {"fault": "cut"}, "cut.bytes: Field required"),
        ("faults", [], "JSON: Input should be"),
        ("clock", {"advance": -1}, "advance: Input should be greater than or equal to 0"),
        ("clock", {"set": "2026-11-01T00:00:00"}, "set: Input should have timezone info"),
        ("settings", {"nothing": 1}, "nothing: no setting that can be changed"),
        ("settings", {"api_key": "x"}, "api_key: no setting that can be changed"),
        ("settings", {"limits": "yes"}, "limits: Input should be a valid boolean"),
        ("settings", {"unknown_fields": "maybe"}, "unknown_fields: Input should be 'allow' or 'drop'"),
    ],
)
def test_what_control_cannot_read_is_refused_and_named(sandbox: Sandbox, what: str, body: object, problem: str) -> None:
    refused = control(sandbox, "POST", what, body)
    assert refused.status_code == 400
    assert problem in refused.json()["error"]


def test_settings_change_while_the_sandbox_runs(http: Http) -> None:
    changes: Mapping[str, Any] = {"unknown_user_id": "empty", "disallowed_events": ["secret"]}
    assert http.get("/api/users/byUserId", userId="x").status_code == 400
    shown = control(http.sandbox, "POST", "settings", changes).json()
    assert {name: shown[name] for name in changes} == changes
    assert http.get("/api/users/byUserId", userId="x").status_code == 200
    assert http.track({"email": ADDRESS, "eventName": "secret"})["disallowedEventNames"] == ["secret"]


def test_the_settings_show_no_key(sandbox: Sandbox) -> None:
    assert sandbox.api_key not in control(sandbox, "GET", "settings").text


def test_the_clock_is_advanced_and_set_and_limits_follow_it() -> None:
    with opened(limits=True, clock=StoppedClock(START)) as http:

        def burst() -> list[int]:
            return [http.get("/api/export/data.json", dataTypeName="user").status_code for _ in range(5)]

        assert burst() == [200, 200, 200, 200, 429]
        assert control(http.sandbox, "POST", "clock", {"advance": 60}).json() == {"now": "2026-11-01T00:01:00+00:00"}
        assert burst() == [200, 200, 200, 200, 429]
        past = {"set": "2020-02-03T04:05:06Z"}
        assert control(http.sandbox, "POST", "clock", past).json() == {"now": "2020-02-03T04:05:06+00:00"}
        assert burst() == [200, 200, 200, 200, 429]
        http.update({"email": ADDRESS})
        assert http.user(ADDRESS)["profileUpdatedAt"] == "2020-02-03 04:05:06 +00:00"


def test_a_daily_cap_is_what_fits_the_last_24_hours() -> None:
    clock = StoppedClock(START)
    buckets = RateLimits(clock)
    path = "/api/users/forget"
    (cap,) = [limit for limit in ENDPOINTS["POST", path].limits if limit.seconds == DAY]

    def forget(times: int) -> int:
        admitted = 0
        for _ in range(times):
            clock.advance(timedelta(seconds=1))
            admitted += buckets.admit("POST", path, "key")
        return admitted

    assert forget(600) == 600
    clock.advance(timedelta(hours=12))
    assert forget(600) == cap.count - 600
    clock.advance(timedelta(hours=12, minutes=-15))
    assert forget(1200) == 600


def test_limits_of_a_key_are_counted_for_each_key_and_those_of_the_project_for_all() -> None:
    buckets = RateLimits(StoppedClock(START))
    for (method, path), facts in ENDPOINTS.items():
        if len(facts.limits) != 1 or facts.limits[0].count > 100:
            continue
        (limit,) = facts.limits
        admitted = [buckets.admit(method, path, "one") for _ in range(limit.count + 1)]
        assert admitted == [True] * limit.count + [False]
        assert buckets.admit(method, path, "two") is (limit.scope == "key")
