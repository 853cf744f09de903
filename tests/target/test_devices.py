"""Devices and browsers that take push messages, from records to profiles."""

from __future__ import annotations

from typing import Any

import pytest

from iterable_api.facts.key_types import KeyType
from target_iterable.delivery.errors import DeliveryFailedError
from tests.target.conftest import NewProject, Project
from tests.target.loading import Message, stream
from tests.target.scenery import APP_KEY

ANN, BOB = "ann@example.com", "bob@example.com"
TOKEN = "740f4707bebcf74f9b7c25d48e335894"  # noqa: S105 (a device, not a secret)
DISABLE = {"gone": {"object": "devices", "mode": "disable"}}


@pytest.fixture
def app(new_project: NewProject) -> Project:
    """A project with a key for apps, and two users."""
    project = new_project(keys={APP_KEY: KeyType.MOBILE})
    project.load(stream("users", [{"email": who, "userId": who[0].upper()} for who in (ANN, BOB)]))
    return project


def load(app: Project, messages: list[Message], **settings: Any) -> dict[str, Any]:
    return dict(next(iter(app.load(messages, api_key=APP_KEY, max_rejects="100%", **settings).values())))


def device(**more: Any) -> dict[str, Any]:
    return {"email": ANN, "token": TOKEN, "platform": "APNS", "applicationName": "com.example.shop"} | more


def devices(app: Project, email: str = ANN) -> list[dict[str, Any]]:
    names = ("token", "platform", "applicationName", "endpointEnabled", "appVersion", "locale")
    found = app.holds.user(email=email).get("devices", [])
    return [{name: one[name] for name in names if name in one} for one in found]


def test_a_device_is_registered_and_columns_are_its_data(app: Project) -> None:
    load(app, stream("devices", [device(appVersion="5.1", dataFields={"locale": "de"})]))
    own = {key: value for key, value in device().items() if key != "email"}
    assert devices(app) == [own | {"endpointEnabled": True, "appVersion": "5.1", "locale": "de"}]


def test_a_device_that_is_known_is_brought_up_to_date(app: Project) -> None:
    records = [device(appVersion="5.1", locale="de"), device(appVersion="5.2"), device(token="another")]
    assert load(app, stream("devices", records))["written"] == 3
    found = {one["token"]: one for one in devices(app)}
    assert (found[TOKEN]["appVersion"], found[TOKEN]["locale"]) == ("5.2", "de")
    assert len(found) == 2


def test_a_user_id_that_is_new_gets_a_user(app: Project) -> None:
    made = load(app, stream("devices", [device(email=None, userId="N1")]), placeholder_users=True)
    assert made["written"] == 1
    assert app.holds.user(userId="N1")["devices"][0]["token"] == TOKEN


def test_a_device_is_disabled_for_one_user_or_where_no_user_is_named_for_all(app: Project) -> None:
    load(app, stream("devices", [device(email=who) for who in (ANN, BOB)]))
    load(app, stream("gone", [{"email": ANN, "token": TOKEN}]), streams=DISABLE)
    assert [devices(app, who)[0]["endpointEnabled"] for who in (ANN, BOB)] == [False, True]
    load(app, stream("devices", [device()]))
    assert devices(app)[0]["endpointEnabled"]
    load(app, stream("gone", [{"token": TOKEN}]), streams=DISABLE)
    assert [devices(app, who)[0]["endpointEnabled"] for who in (ANN, BOB)] == [False, False]


def test_a_user_who_is_not_named_by_chance_does_not_disable_the_device_of_all(app: Project) -> None:
    load(app, stream("devices", [device()]))
    assert load(app, stream("gone", [{"email": None, "token": TOKEN}]), streams=DISABLE)["reasons"] == {
        "missingIdentity": 1
    }
    assert devices(app)[0]["endpointEnabled"]


def test_what_is_said_of_a_device_keeps_its_order_whosever_it_is(app: Project) -> None:
    records = [device(email=who, appVersion=str(n)) for n in range(10) for who in (ANN, BOB)]
    load(app, stream("devices", records))
    assert [devices(app, who)[0]["appVersion"] for who in (ANN, BOB)] == ["9", "9"]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (device(platform="ios"), "invalidPlatform"),
        (device(platform=None), "invalidPlatform"),
        (device(platform=["APNS"]), "invalidPlatform"),
        (device(token=""), "missingField"),
        (device(token=5), "missingField"),
        (device(applicationName=None), "missingField"),
        (device(email=None), "missingIdentity"),
        (device(dataFields="no object"), "invalidObject"),
    ],
)
def test_a_device_that_is_not_one_is_rejected(app: Project, record: dict[str, Any], code: str) -> None:
    app.sandbox.project.log.clear()
    assert load(app, stream("devices", [record]))["reasons"] == {code: 1}
    assert app.sandbox.requests("POST *") == []


def test_one_device_too_many_is_a_reject(app: Project) -> None:
    records = [device(token=str(number)) for number in range(501)]
    summary = load(app, stream("devices", records))
    assert (summary["written"], summary["reasons"]) == (500, {"BadParams": 1})


def test_unchanged_devices_and_browsers_cost_no_request(app: Project) -> None:
    records = {
        "devices": [device(token=token) for token in ("1", "2")],
        "browsers": [{"email": ANN, "browserToken": token} for token in ("1", "2")],
    }
    for name, rows in records.items():
        route = {name: {"skip_unchanged": True}}
        for unchanged in (0, 2):
            summary = load(app, stream(name, rows), streams=route)
            assert (summary["written"], summary["unchanged"]) == (2 - unchanged, unchanged)
    gone = {"gone": {"object": "devices", "mode": "disable", "skip_unchanged": True}}
    assert load(app, stream("gone", [{"token": "1"}]), streams=gone)["written"] == 1
    summary = load(app, stream("devices", records["devices"]), streams={"devices": {"skip_unchanged": True}})
    assert (summary["written"], summary["unchanged"]) == (1, 1)
    assert all(one["endpointEnabled"] for one in devices(app))


def test_a_browser_is_registered_once(app: Project) -> None:
    records = [{"email": ANN, "browserToken": token} for token in ("one", "two", "one")]
    assert load(app, stream("browsers", [*records, {"userId": "B", "browserToken": "three"}]))["written"] == 4
    assert sorted(app.holds.user(email=ANN)["browserTokens"]) == ["one", "two"]
    assert app.holds.user(email=BOB)["browserTokens"] == ["three"]


def test_a_browser_that_is_not_one_is_rejected(app: Project) -> None:
    records = [{"email": ANN}, {"browserToken": "x"}, {"userId": "nobody", "browserToken": "x"}]
    reasons = load(app, stream("browsers", records))["reasons"]
    assert reasons == {"missingField": 1, "missingIdentity": 1, "UnknownUserIdError": 1}


def test_a_key_for_servers_is_refused_with_what_to_do(app: Project) -> None:
    with pytest.raises(DeliveryFailedError, match="a server-side key can, but it cannot register devices and browsers"):
        app.load(stream("devices", [device()]))
