"""Every request that the tap and the target send is one that the contract knows: path, method, parameters and body."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from jsonschema import Draft4Validator

from iterable_api.facts.key_types import KeyType
from iterable_sandbox.project.request_log import Entry
from iterable_sandbox.server import Sandbox
from target_iterable.objects.content.metadata import Metadata
from target_iterable.objects.content.snippets import Snippets
from target_iterable.objects.events.carts import Carts
from target_iterable.objects.events.purchases import Purchases
from target_iterable.objects.segment_calls import Segment
from target_iterable.objects.users.browsers import Browsers
from target_iterable.objects.users.devices import Devices
from tests.contract.published_api import Contract, Operation, Parameter, segments
from tests.tap.reading import TapRun
from tests.target.loading import Loader, stream
from tests.target.scenery import APP_KEY

CASELESS = {"dataTypeName"}
"""Parameters whose values the real one takes in any case, as every public tap shows."""

_ORDER = {"total": 9, "products": [{"product_id": 1, "name": "Mug", "price": 4.5, "quantity": 2, "brand": "Clay"}]}
CALLS = [
    {"type": "identify", "userId": "U1", "traits": {"email": "u1@example.com", "phone": "+41310000000"}},
    {"type": "page", "userId": "U1", "name": "Pricing"},
    {"type": "track", "userId": "U1", "event": "Order Completed", "properties": _ORDER},
    {"type": "track", "userId": "U1", "event": "Cart Updated", "properties": _ORDER},
    {"type": "alias", "previousId": "u1@example.com", "userId": "new@example.com"},
]
RECORDS = [
    *stream("users", [{"email": f"u{row}@example.com", "age": row, "tags": ["a"]} for row in range(3)]),
    *stream(
        "custom_events",
        [{"email": "u1@example.com", "eventName": "read", "pages": 3, "createdAt": "2026-10-01T00:00:00Z"}],
    ),
    *stream("existing", [{"email": "u1@example.com", "address.city": "Bern"}]),
    *stream("list_members", [{"email": "u1@example.com"}]),
    *stream("leavers", [{"email": "u2@example.com"}]),
    *stream("lists", [{"name": "New", "description": "Made here"}]),
    *stream("catalog_field_mappings", [{"catalogName": "Products", "fieldName": "size.w", "fieldType": "long"}]),
    *stream("user_unforgets", [{"email": "u1@example.com"}]),
    *stream("catalog_items", [{"itemId": "P-9", "catalogName": "Products", "price": 3.5}]),
    *stream("purchases", [{**Purchases.example, "user": {"city": "Bern"}, "campaignId": 5}, Purchases.example]),
    *stream("carts", [Carts.example, {"userId": "U1", "items": []}]),
    *stream("subscriptions", [{"email": "u1@example.com", "unsubscribedChannelIds": [], "campaignId": 5}]),
    *stream("subscribed", [{"email": "u1@example.com"}, {"userId": "U1"}]),
    *stream("user_emails", [{"currentEmail": "u2@example.com", "newEmail": "u3@example.com"}]),
    *stream("segment", [Segment.example, *CALLS]),
    *stream("metadata", [Metadata.example]),
    *stream("snippets", [Snippets.example]),
]
OF_APPS = [
    *stream("devices", [Devices.example, {**Devices.example, "email": None, "userId": "U2"}]),
    *stream("gone", [{"token": Devices.example["token"]}]),
    *stream("browsers", [Browsers.example]),
]
"""What servers may not write."""

ROUTES: Mapping[str, Any] = {
    "users": {"object": "users"},
    "custom_events": {"object": "events"},
    "existing": {"object": "users", "mode": "update", "merge_nested_objects": True},
    "list_members": {"object": "list_members", "list": "VIP"},
    "leavers": {"object": "list_members", "mode": "remove", "list": "VIP", "channel_unsubscribe": True},
    "catalog_items": {"object": "catalog_items", "catalog": "Products"},
    "subscribed": {"object": "subscriptions", "mode": "subscribe", "group": "messageChannel"},
    "gone": {"object": "devices", "mode": "disable"},
}


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory, seeded_database: Path) -> list[Entry]:
    """All requests of one run of the tap, with every stream, and of one run of the target."""
    folder = tmp_path_factory.mktemp("runs")
    shutil.copy(seeded_database, folder / "project.db")
    with Sandbox(
        database=str(folder / "project.db"),
        log_personal_data=True,
        subscription_endpoints=True,
        keys={APP_KEY: KeyType.MOBILE},
    ) as sandbox:
        tap = TapRun(sandbox.url, sandbox.api_key, folder)
        assert tap(*(entry["tap_stream_id"] for entry in tap.catalog()["streams"])).code == 0
        channel = sandbox.store.resources.all("channel")[0]["id"]
        routes = {**ROUTES, "subscribed": {**ROUTES["subscribed"], "group_id": channel}}
        Loader(sandbox, folder)(RECORDS, streams=routes, placeholder_users=True)
        Loader(sandbox, folder)(OF_APPS, streams=routes, api_key=APP_KEY, placeholder_users=True)
        return sandbox.requests("* /api/*")


def test_every_request_is_published(published: Contract, sent: list[Entry]) -> None:
    wrong = {problem for entry in sent for problem in problems(published, entry)}
    assert sorted(wrong) == []


def test_the_runs_sent_requests_of_every_kind(sent: list[Entry]) -> None:
    routes = {f"{entry.method} {entry.path}" for entry in sent}
    assert {"GET /api/export/data.json", "GET /api/lists/getUsers", "GET /api/campaigns"} <= routes
    assert {"POST /api/users/bulkUpdate", "POST /api/events/trackBulk", "POST /api/lists/subscribe"} <= routes
    assert "POST /api/catalogs/{catalogName}/items" in routes
    assert {"POST /api/commerce/trackPurchase", "POST /api/commerce/updateCart"} <= routes
    assert "POST /api/users/updateEmail" in routes
    assert {"POST /api/users/bulkUpdateSubscriptions", "PUT /api/metadata/{table}/{key}"} <= routes
    assert {"PUT /api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}"} <= routes
    assert {"PUT /api/snippets/{identifier}", "POST /api/users/disableDevice"} <= routes
    assert {"POST /api/users/registerDeviceToken", "POST /api/users/registerBrowserToken"} <= routes
    assert {entry.status for entry in sent} <= {200, 201, 202}


def problems(contract: Contract, entry: Entry) -> Iterator[str]:
    path, _, query = str(entry.uri).partition("?")
    operation = contract.operation(entry.method, path)
    if operation is None:
        yield f"{entry.method} {path}: no such operation"
        return
    found = [*in_parameters(operation, path, parse_qsl(query, keep_blank_values=True))]
    if operation.body is not None:
        found += [
            f"{one.place}: {one.message}" for one in contract.problems(operation.body, json.loads(entry.body or ""))
        ]
    elif entry.body:
        found.append("a body where there should be none")
    yield from (f"{operation.route}: {one}" for one in found)


def in_parameters(operation: Operation, path: str, query: list[tuple[str, str]]) -> Iterator[str]:
    given = [*segments(operation.path, path).items(), *query]
    for name, one in operation.parameters.items():
        if one.required and name not in dict(given):
            yield f"{name} is missing"
    for name, text in given:
        parameter = operation.parameters.get(name)
        if parameter is None:
            yield f"there is no parameter {name}"
        elif not Draft4Validator(_schema(parameter)).is_valid(_value(parameter, text)):
            yield f"{name} may not be what it is"


def _schema(parameter: Parameter) -> Mapping[str, Any]:
    return {"type": "string"} if parameter.name in CASELESS else parameter.one


def _value(parameter: Parameter, text: str) -> Any:
    """The text of a parameter as the type that it should have, or as text if it does not look like that."""
    return text if parameter.one.get("type") == "string" else json.loads(text)
