"""Fault injection: each kind of fault as a client sees it, and which requests get it."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from iterable_sandbox.server import Sandbox
from tests.sandbox.conftest import Http

EXPORT = "GET /api/export/data.json"
UPDATE = "POST /api/users/bulkUpdate"
USERS = [{"email": f"reader{row}@example.com"} for row in range(50)]
CHUNKED = requests.exceptions.ChunkedEncodingError
LOST = requests.exceptions.ConnectionError


def exported(http: Http) -> requests.Response:
    return http.get("/api/export/data.json", dataTypeName="user", range="All")


@pytest.mark.parametrize(
    ("fault", "options", "expected", "text"),
    [
        ("rate_limit", {}, "429 application/json", '"code":"RateLimitExceeded"'),
        ("rate_limit", {"plain": True}, "429 text/plain", "Exceeded rate limit."),
        ("generic_error", {}, "500 application/json", "An error occurred. Please try again later."),
        ("gateway", {}, "502 text/html", "502 Bad Gateway"),
        ("gateway", {"status": 503}, "503 text/html", "503 Service Unavailable"),
        ("gateway", {"status": 504}, "504 text/html", "504 Gateway Timeout"),
        ("answer", {"status": 413, "body": "Too large"}, "413 text/plain", "Too large"),
        ("answer", {"status": 408}, "408 text/plain", ""),
        ("answer", {"status": 409, "body": {"code": "X"}}, "409 application/json", '{"code":"X"}'),
        ("answer", {"status": 200, "body": "<a/>", "content_type": "text/xml"}, "200 text/xml", "<a/>"),
    ],
)
def test_an_answer_comes_instead_of_the_write(
    http: Http, fault: str, options: Mapping[str, Any], expected: str, text: str
) -> None:
    http.sandbox.inject(fault, route=UPDATE, **options)
    response = http.post("/api/users/bulkUpdate", {"users": USERS})
    assert f"{response.status_code} {response.headers['Content-Type'].split(';')[0]}" == expected
    assert text in response.text
    assert http.sandbox.store.users.count() == 0
    assert http.post("/api/users/bulkUpdate", {"users": USERS}).json()["successCount"] == 50


def test_a_429_carries_retry_after_only_if_asked_to(http: Http) -> None:
    http.sandbox.inject("rate_limit", retry_after=7)
    http.sandbox.inject("rate_limit")
    assert http.get("/api/lists").headers["Retry-After"] == "7"
    assert "Retry-After" not in http.get("/api/lists").headers


@pytest.mark.parametrize(("fault", "written"), [("reset_before", 0), ("reset_after", 50)])
def test_a_reset_is_a_real_one_before_or_after_the_write(http: Http, fault: str, written: int) -> None:
    http.sandbox.inject(fault, route=UPDATE)
    with pytest.raises(LOST) as caught:
        http.post("/api/users/bulkUpdate", {"users": USERS})
    assert "ConnectionResetError" in repr(caught.value)
    assert http.sandbox.store.users.count() == written
    assert exported(http).status_code == 200


def test_a_reset_reaches_a_client_that_reads_the_socket_itself(sandbox: Sandbox) -> None:
    sandbox.inject("reset_before")
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(b"GET /api/lists HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_cut_breaks_the_chunks_and_what_came_before_it_arrives(http: Http) -> None:
    http.update(*USERS)
    whole = exported(http).content
    http.sandbox.inject("cut", route=EXPORT, bytes=777)
    url, params = f"{http.sandbox.url}/api/export/data.json", {"dataTypeName": "user", "range": "All"}
    received = bytearray()
    with http.session.get(url, params=params, stream=True, timeout=10) as response:
        assert response.headers["Transfer-Encoding"] == "chunked"
        with pytest.raises(CHUNKED):
            read_into(received, response)
    assert len(received) == 777
    assert len(whole) > 777


def read_into(received: bytearray, response: requests.Response) -> None:
    for part in response.iter_content(1):
        received += part


def test_a_cut_of_an_answer_of_known_length_leaves_bytes_missing(http: Http) -> None:
    http.sandbox.inject("cut", route="GET /api/lists", bytes=3)
    with pytest.raises(CHUNKED, match="IncompleteRead"):
        http.get("/api/lists")


@pytest.mark.parametrize("path", ["/api/export/data.json", "/api/lists"])
def test_a_stream_that_ends_early_looks_whole(http: Http, path: str) -> None:
    http.update(*USERS)
    http.sandbox.inject("end_early", bytes=7)
    response = http.get(path, dataTypeName="user", range="All")
    assert (response.status_code, len(response.content)) == (200, 7)


def test_a_slow_stream_comes_whole(http: Http) -> None:
    http.update(*USERS[:3])
    lines = sorted(exported(http).text.splitlines())
    fault = http.sandbox.inject("slow", route=EXPORT, bytes=100, seconds=0.001)
    assert sorted(exported(http).text.splitlines()) == lines
    assert fault.struck == 1


@pytest.mark.parametrize("number", [1, 30, 50])
def test_one_line_of_an_export_is_malformed_and_the_others_are_not(http: Http, number: int) -> None:
    http.update(*USERS)
    http.sandbox.inject("malformed_line", route=EXPORT, line=number)
    lines = exported(http).text.splitlines()
    broken = [row for row, line in enumerate(lines, 1) if not is_json(line)]
    assert (len(lines), broken) == (50, [number])


def is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def test_the_members_of_one_list_fail_for_ever_and_those_of_another_do_not(http: Http) -> None:
    good, bad = http.new_list(), http.new_list()
    http.sandbox.inject("generic_error", route="GET /api/lists/getUsers", where={"listId": str(bad)}, times=None)
    statuses = [http.get("/api/lists/getUsers", listId=row).status_code for row in (bad, good, bad, good, bad)]
    assert statuses == [500, 200, 500, 200, 500]


def test_a_parameter_of_the_path_chooses_too(http: Http) -> None:
    good, bad = http.new_list(), http.new_list()
    http.sandbox.inject("gateway", where={"listId": str(bad)})
    assert [http.get(f"/api/lists/{row}/size").status_code for row in (good, bad, bad)] == [200, 502, 200]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "1000000"),
        ({"times": 3}, "1110000"),
        ({"every": 3}, "0010000"),
        ({"every": 2, "times": 2}, "0101000"),
        ({"every": 3, "times": None}, "0010010"),
        ({"times": None}, "1111111"),
    ],
)
def test_a_fault_is_injected_as_often_as_it_was_asked_to(http: Http, options: Mapping[str, Any], expected: str) -> None:
    fault = http.sandbox.inject("generic_error", route="GET /api/lists", **options)
    statuses = [http.get("/api/lists").status_code for _ in expected]
    assert "".join(str(int(status == 500)) for status in statuses) == expected
    assert fault.struck == expected.count("1")


@pytest.mark.parametrize(
    ("route", "struck"), [("*", True), ("GET *", True), ("* /api/lists*", True), ("POST *", False), ("GET /api", False)]
)
def test_a_route_may_be_a_glob(http: Http, route: str, struck: bool) -> None:  # noqa: FBT001 (a table)
    http.sandbox.inject("gateway", route=route)
    assert (http.get("/api/lists").status_code == 502) is struck


def test_several_faults_for_one_route_strike_in_the_order_in_which_they_were_asked_for(http: Http) -> None:
    http.sandbox.inject("gateway", times=2)
    http.sandbox.inject("rate_limit")
    assert [http.get("/api/lists").status_code for _ in range(4)] == [502, 502, 429, 200]


def test_a_refusal_may_be_cut_too(http: Http) -> None:
    http.sandbox.inject("end_early", bytes=5)
    response = http.get("/api/lists/getUsers", listId=1)
    assert (response.status_code, response.text) == (400, '{"msg')


def test_the_files_of_export_jobs_break_too(http: Http) -> None:
    http.update(*USERS)
    start = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
    body = {"dataTypeName": "user", "outputFormat": "application/x-json-stream", "startDateTime": start}
    job = http.ok("/api/export/start", body)["jobId"]
    files: list[dict[str, str]] = []
    while not files:
        files = http.get(f"/api/export/{job}/files").json()["files"]
    http.sandbox.inject("cut", route="GET /_files/*", bytes=100)
    with pytest.raises(CHUNKED):
        requests.get(files[0]["url"], timeout=10)
    assert requests.get(files[0]["url"], timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"fault": "nothing"}, "Input tag 'nothing' found"),
        ({"fault": "cut"}, "cut.bytes: Field required"),
        ({"fault": "cut", "bytes": "9"}, "cut.bytes: Input should be a valid integer"),
        ({"fault": "gateway", "times": 0}, "gateway.times: Input should be greater than or equal to 1"),
        ({"fault": "gateway", "often": 2}, "gateway.often: Unexpected keyword argument"),
    ],
)
def test_a_fault_that_is_not_there_is_refused_and_named(
    sandbox: Sandbox, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        sandbox.inject(**options)
