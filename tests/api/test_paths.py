"""A value in a path stays one value in one place, whatever is in it."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.errors import UnaddressableError
from iterable_api.http.api_request import expand_path
from iterable_api.http.client import IterableClient
from tests.api.conftest import OVER_HTTP
from tests.scripted_server import ScriptedServer

BY_USER_ID = "/api/users/byUserId/{userId}"


@pytest.mark.parametrize(
    ("value", "on_the_wire"),
    [
        ("ana+spring@example.com", "ana%2Bspring@example.com"),
        ("a/b", "a%2Fb"),
        ("../lists", "..%2Flists"),
        ("a b", "a%20b"),
        ("...", "..."),
        ("..a", "..a"),
        ("%2e%2e", "%252e%252e"),
        ("a?b#c&d=e;f", "a%3Fb%23c%26d%3De%3Bf"),
        ("back\\slash", "back%5Cslash"),
        ("jürgen", "j%C3%BCrgen"),
        ("中", "%E4%B8%AD"),
        ("~_-.", "~_-."),
        (7, "7"),
    ],
)
def test_a_path_parameter_arrives_quoted_whole(
    client: IterableClient, server: ScriptedServer, value: str | int, on_the_wire: str
) -> None:
    client.get_json(BY_USER_ID, path_params={"userId": value})
    assert server.last.target == f"/api/users/byUserId/{on_the_wire}"


@pytest.mark.parametrize("value", ["", ".", "..", "\ud800"])
@pytest.mark.parametrize("path", [BY_USER_ID, "/api/catalogs/{catalogName}/items/{userId}"])
def test_a_value_that_would_lead_to_another_endpoint_is_refused_and_nothing_is_sent(
    client: IterableClient, server: ScriptedServer, naps: list[float], path: str, value: str
) -> None:
    with pytest.raises(UnaddressableError, match="`userId` is empty"):
        client.request("DELETE", path, path_params={"catalogName": "shop", "userId": value})
    assert server.requests == []
    assert naps == []


@OVER_HTTP
@given(st.text(min_size=1, max_size=20) | st.text("./%\\", min_size=1, max_size=4))
def test_any_user_id_arrives_as_itself_at_its_own_endpoint_or_is_refused(
    client: IterableClient, server: ScriptedServer, user_id: str
) -> None:
    sent = len(server.requests)
    try:
        client.request("DELETE", BY_USER_ID, path_params={"userId": user_id})
    except UnaddressableError:
        assert len(server.requests) == sent
    else:
        *parents, last = server.last.target.split("/")
        assert "/".join(parents) == "/api/users/byUserId"
        assert unquote(last) == user_id


@given(st.text("./ab", max_size=5))
def test_dots_are_refused_only_where_they_would_be_resolved(value: str) -> None:
    try:
        filled = expand_path("/api/users/{email}", {"email": value})
    except UnaddressableError:
        assert value in ("", ".", "..")
    else:
        assert unquote(filled) == f"/api/users/{value}"


def test_a_forgotten_path_parameter_is_not_sent_as_a_brace(client: IterableClient, server: ScriptedServer) -> None:
    with pytest.raises(KeyError, match="userId"):
        client.get_json(BY_USER_ID)
    assert server.requests == []


def test_query_parameters_are_quoted_and_may_repeat(client: IterableClient, server: ScriptedServer) -> None:
    client.get_json("/api/users/getByEmail", params={"email": "ana+1@example.com", "campaignId": [1, 2]})
    assert server.last.target == "/api/users/getByEmail?email=ana%2B1%40example.com&campaignId=1&campaignId=2"


def test_bytes_are_sent_as_they_are_and_named_json(client: IterableClient, server: ScriptedServer) -> None:
    body = b'{"users": [ {"email":"ana@example.com"} ]}'
    client.request("POST", "/api/users/bulkUpdate", data=body)
    assert server.last.body == body
    assert server.last.headers["Content-Type"] == "application/json"
    assert server.last.headers["Content-Length"] == str(len(body))
