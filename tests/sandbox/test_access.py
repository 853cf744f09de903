"""Checks before an endpoint is called: unknown routes, API keys, limits, sizes."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest
import requests

from iterable_api.facts.endpoints import ENDPOINTS as FACTS
from iterable_api.facts.limits import MAX_BODY_BYTES
from iterable_sandbox.routes.table import ENDPOINTS
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http
from tests.sandbox.hooked import until

UPDATE = "/api/users/bulkUpdate"


def test_a_request_without_a_key_is_refused_as_recorded(sandbox: Sandbox) -> None:
    response = requests.post(f"{sandbox.url}/api/events/trackBulk", timeout=10)
    assert response.status_code == 401
    assert response.json() == {
        "msg": "No API key found on request",
        "code": "BadApiKey",
        "params": {"ip": "127.0.0.1", "endpoint": "/api/events/trackBulk"},
    }


def test_a_request_with_an_unknown_key_is_refused_as_recorded(sandbox: Sandbox) -> None:
    response = requests.get(f"{sandbox.url}/api/lists", headers={"Api-Key": "0" * 32}, timeout=10)
    assert response.status_code == 401
    assert response.json() == {
        "msg": "Invalid API key",
        "code": "BadApiKey",
        "params": {"ip": "127.0.0.1", "endpoint": "/api/lists"},
    }


def test_an_idle_connection_is_closed_after_the_seconds_that_the_setting_names() -> None:
    with Sandbox(keep_alive_seconds=1) as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"GET /api/lists HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"connection: close" not in answer.lower()


def test_a_client_that_leaves_in_the_middle_of_its_body_is_logged_without_an_answer_and_without_an_error(
    http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = http.sandbox.url.removeprefix("http://").split(":")
    head = f"POST {UPDATE} HTTP/1.1\r\nHost: x\r\nApi-Key: {http.sandbox.api_key}\r\nContent-Length: 50\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.encode() + b'{"users": [')
    until(lambda: http.sandbox.requests(f"POST {UPDATE}"))
    assert [entry.status for entry in http.sandbox.requests()] == [None]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert http.sandbox.store.users.count() == 0


@pytest.mark.parametrize("header", ["Api-Key", "Api_Key", "api_key", "API-KEY"])
def test_the_key_is_taken_from_either_header_in_any_case(sandbox: Sandbox, header: str) -> None:
    response = requests.get(f"{sandbox.url}/api/lists", headers={header: sandbox.api_key}, timeout=10)
    assert response.status_code == 200


def test_a_key_in_the_query_is_not_taken(sandbox: Sandbox) -> None:
    response = requests.get(f"{sandbox.url}/api/lists", params={"api_key": sandbox.api_key}, timeout=10)
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/nothing"), ("PUT", "/api/lists"), ("POST", "/"), ("GET", "/api/lists/")]
)
def test_an_unknown_route_or_method_is_an_html_404(http: Http, method: str, path: str) -> None:
    response = http.session.request(method, http.sandbox.url + path, timeout=10)
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")
    assert "<title>Action not found</title>" in response.text


def test_what_a_client_sends_is_escaped_in_html(http: Http) -> None:
    response = http.session.get(f"{http.sandbox.url}/api/<script>", timeout=10)
    assert "<script>" not in response.text


def test_answers_carry_the_headers_of_the_real_ones(http: Http) -> None:
    headers = http.get("/api/lists").headers
    assert headers["Vary"] == "Origin"
    assert headers["Server"].startswith("iterable-ingress ")
    assert headers["Request-Time"].isdigit()


def test_a_uri_of_2048_characters_passes_and_a_longer_one_is_414_in_plain_text(http: Http) -> None:
    start = "/api/lists?x="
    assert http.get(start + "a" * (2048 - len(start))).status_code == 200
    response = http.get(start + "a" * (2049 - len(start)))
    assert response.status_code == 414
    assert response.text == "URI length exceeds the configured limit of 2048 characters"


def test_a_body_of_4_mb_passes_and_a_larger_one_is_413(http: Http) -> None:
    body = b'{"users":[{"email":"a@example.com"}]}'
    url = f"{http.sandbox.url}/api/users/bulkUpdate"
    fitting = http.session.post(url, data=body + b" " * (MAX_BODY_BYTES - len(body)), timeout=10)
    assert fitting.status_code == 200
    assert http.session.post(url, data=b" " * (MAX_BODY_BYTES + 1), timeout=10).status_code == 413


@pytest.mark.parametrize(
    "body", ["", "{", '{"users":[NaN]}', '{"users":' + "[" * 100_000 + "]" * 100_000 + "}", "[1e999]"]
)
def test_a_body_that_is_not_json_is_an_html_400(http: Http, body: str) -> None:
    response = http.session.post(f"{http.sandbox.url}/api/users/bulkUpdate", data=body, timeout=10)
    assert response.status_code == 400
    assert "<title>Bad Request</title>" in response.text
    assert "Invalid Json" in response.text


def test_a_body_of_the_wrong_shape_is_refused_whole_and_every_place_is_named(http: Http) -> None:
    users = [{"email": "a@example.com"}, {"email": 4, "preferUserId": "yes"}, 5]
    response = http.post("/api/users/bulkUpdate", {"users": users})
    assert response.status_code == 400
    assert response.json() == {
        "msg": "[/api/users/bulkUpdate] Invalid JSON body",
        "code": "BadJsonBody",
        "params": {
            "obj.users[1].email": "String value expected",
            "obj.users[1].preferUserId": "Boolean value expected",
            "obj.users[2]": "Object value expected",
        },
    }
    assert http.user("a@example.com") == {}


def test_a_number_where_a_number_is_wanted_is_no_text_and_no_boolean(http: Http) -> None:
    events = [{"email": "a@example.com", "eventName": "e", "createdAt": wrong} for wrong in ("1", True, 1.5, 2**80)]
    places = http.post("/api/events/trackBulk", {"events": events}).json()["params"]
    assert places == {f"obj.events[{row}].createdAt": "Number value expected" for row in range(4)}


def test_a_missing_field_that_is_required_is_named(http: Http) -> None:
    assert list(http.post("/api/events/trackBulk", {"events": [{}]}).json()["params"]) == ["obj.events[0].eventName"]


def test_half_a_surrogate_pair_does_no_harm(http: Http) -> None:
    url = f"{http.sandbox.url}/api/users/bulkUpdate"
    body = r'{"users":[{"email":"a@example.com","dataFields":{"name":"\ud800x"}}]}'
    assert http.session.post(url, data=body, timeout=10).status_code == 200
    assert http.user("a@example.com")["name"] == "?x"


def test_requests_over_the_limit_are_429_without_retry_after_until_the_bucket_leaks() -> None:
    clock = StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))
    with Sandbox(limits=True, clock=clock) as sandbox:
        http = Http(sandbox)
        assert [http.get("/api/export/data.json", dataTypeName="user").status_code for _ in range(5)] == [200] * 4 + [
            429
        ]
        refused = http.get("/api/export/data.json", dataTypeName="user")
        assert refused.json() == {
            "msg": "Exceeded rate limit for endpoint: /api/export/data.json, project: 8575 ",
            "code": "RateLimitExceeded",
            "params": {},
        }
        assert "Retry-After" not in refused.headers
        clock.advance(timedelta(seconds=15))
        assert http.get("/api/export/data.json", dataTypeName="user").status_code == 200
        assert http.get("/api/export/data.json", dataTypeName="user").status_code == 429
        http.session.close()


def test_different_lists_share_the_limit_of_their_endpoint() -> None:
    with Sandbox(limits=True, clock=StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))) as sandbox:
        http = Http(sandbox)
        answers = [http.get(f"/api/lists/{http.new_list()}/size").status_code for _ in range(6)]
        assert answers == [200] * 5 + [429]
        http.session.close()


def test_a_sandbox_without_limits_refuses_nobody(http: Http) -> None:
    assert {http.get("/api/export/data.json", dataTypeName="user").status_code for _ in range(10)} == {200}


def test_every_endpoint_of_the_sandbox_has_a_row_of_facts() -> None:
    assert {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS} <= FACTS.keys()
