"""In e-mail-based projects nobody gets a made-up address unless that is asked for by name."""

from __future__ import annotations

from typing import Any, Final

import pytest

from iterable_api.facts.identity import PLACEHOLDER_DOMAIN
from iterable_api.facts.key_types import KeyType
from target_iterable.config.setting_error import SettingError
from target_iterable.objects.registry import OBJECTS
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream
from tests.target.scenery import APP_KEY, FROM_APPS

NEW, ANN = "new-1", "ann@example.com"
MUG: Final = {"id": "A-1", "name": "Mug", "price": 4.5, "quantity": 2}
PRODUCT: Final = {"product_id": "A-1", "name": "Mug", "price": 4.5, "quantity": 2}
RECORDS: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("users", "upsert", {"plan": "free"}),
    ("users", "mirror", {"plan": "free"}),
    ("list_members", "add", {"list": "VIP", "plan": "free"}),
    ("list_members", "mirror", {"list": "VIP"}),
    ("purchases", "track", {"id": "o-1", "total": 9, "items": [MUG]}),
    ("carts", "replace", {"items": [MUG]}),
    ("devices", "register", {"token": "740f", "platform": "APNS", "applicationName": "com.example.shop"}),
    ("segment", "call", {"type": "identify", "messageId": "m-1", "traits": {"plan": "free"}}),
    ("list_memberships", "set", {"lists": ["VIP"]}),
    (
        "segment",
        "call",
        {
            "type": "track",
            "event": "Order Completed",
            "messageId": "m-2",
            "properties": {"order_id": "o-2", "total": 9, "products": [PRODUCT]},
        },
    ),
]
"""Object, mode and a record of it, for all that can make users."""
OTHERS: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("events", "track", {"eventName": "seen", "id": "e-1"}),
    ("subscriptions", "overwrite", {"emailListIds": []}),
    ("users", "update", {"plan": "free"}),
]
"""The same for those that make users in other projects or modes only."""


def load(project: Project, object_: str, mode: str, record: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """One record, as it is and by a route that names it."""
    route = {"object": object_, "mode": mode, **settings.pop("route", {})}
    key = APP_KEY if object_ in FROM_APPS else project.sandbox.api_key
    columns = [stream("any", [record], key=["userId"] if mode == "mirror" else [])]
    return dict(project.load(columns[0], streams={"any": route}, api_key=key, max_rejects="100%", **settings)["any"])


def placeholders(project: Project) -> list[str]:
    """All made-up addresses in the project."""
    params = {"dataTypeName": "user", "range": "All", "onlyFields": "email"}
    text = project.holds.client.request("GET", "/api/export/data.csv", params=params).text
    return [line for line in text.split() if line.strip('"').endswith(f"@{PLACEHOLDER_DOMAIN}")]


@pytest.fixture
def shop(new_project: NewProject) -> Project:
    """A project that apps may write to, too."""
    return new_project(keys={APP_KEY: KeyType.MOBILE})


def test_all_objects_that_can_make_users_are_tried() -> None:
    assert {name for name, _, _ in RECORDS} == {name for name, object_ in OBJECTS.items() if object_.spec.creates_users}


@pytest.mark.parametrize(("object_", "mode", "record"), [*RECORDS, *OTHERS])
@pytest.mark.parametrize("route", [{}, {"identify_by": "userId"}])
def test_a_user_id_that_nobody_has_makes_no_user(
    shop: Project, object_: str, mode: str, record: dict[str, Any], route: dict[str, Any]
) -> None:
    done = load(shop, object_, mode, {"userId": NEW, **record}, route=route)
    assert done["written"] == 0
    assert done["read"] == done["rejected"] + done["unchanged"]
    assert placeholders(shop) == []


@pytest.mark.parametrize(("object_", "mode", "record"), RECORDS)
@pytest.mark.parametrize("by_route", [True, False])
def test_it_makes_one_where_the_setting_or_the_route_says_so(
    shop: Project, object_: str, mode: str, record: dict[str, Any], by_route: Any
) -> None:
    options = {"route": {"placeholder_users": True}} if by_route else {"placeholder_users": True}
    assert load(shop, object_, mode, {"userId": NEW, **record}, **options)["written"] == 1
    assert len(placeholders(shop)) == 1


@pytest.mark.parametrize(("object_", "mode", "record"), [*RECORDS, *OTHERS])
def test_a_user_who_has_the_user_id_is_written_all_the_same(
    shop: Project, object_: str, mode: str, record: dict[str, Any]
) -> None:
    shop.load(stream("users", [{"email": ANN, "userId": NEW}]))
    assert load(shop, object_, mode, {"userId": NEW, **record})["written"] == 1
    assert placeholders(shop) == []


def test_a_route_can_say_no_where_the_setting_says_yes(shop: Project) -> None:
    route = {"placeholder_users": False}
    done = load(shop, "users", "upsert", {"userId": NEW}, route=route, placeholder_users=True)
    assert done["reasons"] == {"notFoundUserIds": 1}


def test_many_records_are_told_apart_in_one_request(shop: Project) -> None:
    shop.load(stream("users", [{"email": ANN, "userId": "A"}]))
    rows = [{"userId": f"{n}" if n % 2 else "A", "plan": "free"} for n in range(6)]
    done = shop.load(stream("users", rows, userId={"type": "string"}, plan={"type": "string"}), max_rejects="100%")[
        "users"
    ]
    assert (done["written"], done["reasons"]) == (3, {"notFoundUserIds": 3})
    assert placeholders(shop) == []


def test_other_types_of_projects_know_no_placeholders(new_project: NewProject) -> None:
    project = new_project(project_type="hybrid")
    assert load(project, "users", "upsert", {"userId": NEW}, project_type="hybrid")["written"] == 1
    with pytest.raises(SettingError, match=r"streams\.any\.placeholder_users.*project_type"):
        load(project, "users", "upsert", {}, project_type="hybrid", route={"placeholder_users": True})
