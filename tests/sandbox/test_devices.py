"""Devices and browsers, which apps register with keys of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from iterable_api.facts.key_types import KeyType
from tests.sandbox.conftest import Http, opened

EMAIL = "ana@example.com"
APP_KEY = "a" * 32


@pytest.fixture
def http() -> Iterator[Http]:
    """An e-mail project with a key for its app."""
    with opened(keys={APP_KEY: KeyType.MOBILE}) as http:
        yield http


def app(http: Http, path: str, body: dict[str, Any]) -> tuple[int, str]:
    """Status and code of what an app posts."""
    url = http.sandbox.url + path
    response = http.session.post(url, json=body, headers={"Api-Key": APP_KEY}, timeout=10)
    return response.status_code, response.json()["code"]


def registered(token: str, email: str = EMAIL, **fields: Any) -> dict[str, Any]:
    device = {"applicationName": "com.example", "platform": "GCM", "token": token, "dataFields": fields}
    return {"email": email, "device": device}


def test_a_device_is_on_the_profile_and_its_fields_have_types(http: Http) -> None:
    assert app(http, "/api/users/registerDeviceToken", registered("t1", brand="x")) == (200, "Success")
    [device] = http.user(EMAIL)["devices"]
    assert (device["token"], device["platform"], device["brand"], device["endpointEnabled"]) == ("t1", "GCM", "x", True)
    fields = http.get("/api/users/getFields").json()["fields"]
    assert (fields["devices"], fields["devices.token"], fields["devices.brand"]) == ("object", "string", "string")


def test_registering_a_device_again_keeps_what_is_not_sent(http: Http) -> None:
    app(http, "/api/users/registerDeviceToken", registered("t1", brand="x"))
    app(http, "/api/users/registerDeviceToken", registered("t1", model="y"))
    [device] = http.user(EMAIL)["devices"]
    assert (device["brand"], device["model"]) == ("x", "y")


def test_a_device_is_disabled_under_one_user_or_under_everybody(http: Http) -> None:
    def enabled() -> list[bool]:
        return [http.user(email)["devices"][0]["endpointEnabled"] for email in (EMAIL, "b@example.com")]

    for email in (EMAIL, "b@example.com"):
        app(http, "/api/users/registerDeviceToken", registered("t1", email))
    assert app(http, "/api/users/disableDevice", {"token": "t1", "email": EMAIL}) == (200, "Success")
    assert enabled() == [False, True]
    app(http, "/api/users/disableDevice", {"token": "t1"})
    assert enabled() == [False, False]


def test_the_five_hundred_and_first_device_or_browser_is_400(http: Http) -> None:
    http.update({"email": EMAIL})
    user = http.sandbox.store.users.by_email(EMAIL)
    assert user is not None
    user.profile["devices"] = [{"token": f"t{number}"} for number in range(499)]
    user.profile["browserTokens"] = [f"t{number}" for number in range(499)]
    http.sandbox.store.users.save(user)
    for token, expected in (("t499", 200), ("t500", 400), ("t0", 200)):
        assert app(http, "/api/users/registerDeviceToken", registered(token))[0] == expected
        browser = {"email": EMAIL, "browserToken": token}
        assert app(http, "/api/users/registerBrowserToken", browser)[0] == expected
    assert len(http.user(EMAIL)["browserTokens"]) == 500


def test_an_unknown_platform_is_400(http: Http) -> None:
    body = registered("t1")
    body["device"]["platform"] = "CPM"
    assert app(http, "/api/users/registerDeviceToken", body) == (400, "BadParams")
