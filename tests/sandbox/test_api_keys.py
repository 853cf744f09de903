"""Endpoints that API keys of each type may call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from iterable_api.facts.key_types import KeyType
from iterable_sandbox.routes.table import ENDPOINTS
from iterable_sandbox.rules.api_keys import may_call
from tests.sandbox.conftest import Http, opened

KEYS = {kind: f"{number:032x}" for number, kind in enumerate(KeyType)}


@pytest.fixture
def keyed() -> Iterator[Http]:
    """A project with a key of each type."""
    with opened(keys={key: kind for kind, key in KEYS.items()}) as http:
        yield http


def get(http: Http, kind: KeyType, path: str, **params: str) -> requests.Response:
    return requests.get(http.sandbox.url + path, headers={"Api-Key": KEYS[kind]}, params=params, timeout=10)


def test_a_server_key_may_not_register_a_device_and_hears_so_as_recorded(keyed: Http) -> None:
    response = keyed.post("/api/users/registerDeviceToken", {"email": "a@example.com"})
    assert response.status_code == 401
    answer = response.json()
    identifier = answer["params"].pop("apiKeyIdentifier")
    assert answer == {
        "msg": "Disabled API key or insufficient privileges",
        "code": "BadApiKey",
        "params": {"ip": "127.0.0.1", "endpoint": "/api/users/registerDeviceToken", "apiKeyType": "ServerSide"},
    }
    assert len(identifier) == 8
    assert identifier not in keyed.sandbox.api_key


@pytest.mark.parametrize("path", ["/api/lists", "/api/campaigns", "/api/users/getFields", "/api/templates"])
def test_a_read_only_key_reads_what_describes_the_project(keyed: Http, path: str) -> None:
    assert get(keyed, KeyType.READ_ONLY, path).status_code == 200


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/api/export/data.json", {"dataTypeName": "user"}),
        ("/api/lists/getUsers", {"listId": "1"}),
        ("/api/users/getByEmail", {"email": "a@example.com"}),
    ],
)
def test_a_read_only_key_neither_exports_nor_reads_users(keyed: Http, path: str, params: dict[str, str]) -> None:
    response = get(keyed, KeyType.READ_ONLY, path, **params)
    assert (response.status_code, response.json()["code"]) == (401, "BadApiKey")


def test_a_disabled_key_may_nothing(keyed: Http) -> None:
    response = get(keyed, KeyType.DISABLED, "/api/lists")
    assert (response.status_code, response.json()["params"]["apiKeyType"]) == (401, "Disabled")


def test_keys_of_apps_read_a_profile_but_no_list(keyed: Http) -> None:
    assert get(keyed, KeyType.MOBILE, "/api/users/getByEmail", email="a@example.com").status_code == 200
    assert get(keyed, KeyType.JAVASCRIPT, "/api/lists").status_code == 401


def test_every_endpoint_is_open_to_some_key() -> None:
    closed = [row.path for row in ENDPOINTS if not any(may_call(kind, row.method, row.path) for kind in KeyType)]
    assert closed == []


def test_a_read_only_key_may_write_nothing() -> None:
    assert not [
        row.path for row in ENDPOINTS if row.method != "GET" and may_call(KeyType.READ_ONLY, row.method, row.path)
    ]
