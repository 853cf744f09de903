"""What many requests share is prepared once, and each of them is what it would be alone."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from iterable_api.http.client import IterableClient
from iterable_api.http.prepared_requests import PreparedRequests
from tests.api.conftest import Connect
from tests.scripted_server import ScriptedServer

BODIES = (b'{"email":"ann@example.com"}', '{"name":"Zoë Åkesson"}'.encode(), b'{"n":1}')


@pytest.mark.parametrize("path_params", [{}, {"itemId": "a/b c", "catalogName": "Things"}])
def test_each_request_has_its_own_body_and_length_and_the_same_headers(
    client: IterableClient, server: ScriptedServer, path_params: dict[str, Any]
) -> None:
    path = "/api/catalogs/{catalogName}/items/{itemId}" if path_params else "/api/users/update"
    for body in (*BODIES, *reversed(BODIES)):
        client.request("POST", path, path_params=path_params, data=body)
    client.request("POST", path, path_params=path_params, json={"n": 1})
    sent, alone = server.requests[:-1], server.requests[-1]
    assert [request.body for request in sent] == [*BODIES, *reversed(BODIES)]
    assert {request.target for request in sent} == {alone.target}
    for request in sent:
        assert request.headers["Content-Length"] == str(len(request.body))
        others = {name: value for name, value in request.headers.items() if name != "Content-Length"}
        assert others == {name: value for name, value in alone.headers.items() if name != "Content-Length"}


QUERIES: tuple[dict[str, Any] | None, ...] = (
    {"email": "ann+1@example.com"},
    None,
    {"email": "Zoë & co/x=y", "limit": 5, "cursor": None},
    {"ids": [1, 2]},
)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_request_without_a_body_is_what_requests_makes_of_it_whatever_was_prepared_before(method: str) -> None:
    url = "https://127.0.0.1/api/users/getByEmail"
    with requests.Session() as session:
        session.headers["User-Agent"] = "test"
        prepared = PreparedRequests(session)
        prepared.prepare(method, url, params=None, json=None, data=BODIES[0])
        for query in (*QUERIES, *reversed(QUERIES)):
            made = prepared.prepare(method, url, params=query, json=None, data=None)
            alone = session.prepare_request(requests.Request(method, url, params=query))
            assert (made.method, made.url, made.body) == (alone.method, alone.url, alone.body)
            assert dict(made.headers) == dict(alone.headers)


def test_requests_that_are_prepared_at_the_same_time_do_not_change_each_other() -> None:
    with requests.Session() as session:
        prepared = PreparedRequests(session)
        url = "http://127.0.0.1/api/users/update"
        made = [prepared.prepare("POST", url, params=None, json=None, data=body) for body in BODIES]
    assert [request.body for request in made] == [*BODIES]
    assert [request.headers["Content-Length"] for request in made] == [str(len(body)) for body in BODIES]


def test_the_proxy_of_the_environment_is_that_of_the_start(
    connect: Connect, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect()
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    client.request("POST", "/api/users/update", data=BODIES[0])
    client.get_json("/api/lists")
    assert len(server.requests) == 2
