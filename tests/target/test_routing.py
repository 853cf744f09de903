"""Routes: by name, by setting, and those that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from iterable_api.facts.identity import ProjectType
from target_iterable.config.router import Router
from target_iterable.config.setting_error import SettingError
from target_iterable.objects.registry import OBJECTS


def routing(project_type: ProjectType = ProjectType.EMAIL, /, **streams: dict[str, Any]) -> Router:
    return Router(streams, (object_.spec for object_ in OBJECTS.values()), project_type)


@pytest.mark.parametrize(
    ("stream", "object_", "mode"),
    [
        ("users", "users", "upsert"),
        ("public-users", "users", "upsert"),
        ("my-own-schema-events", "events", "track"),
        ("custom_event", "events", "track"),
        ("list_users", "list_members", "add"),
        ("analytics-list_members", "list_members", "add"),
        ("catalog_items", "catalog_items", "upsert"),
    ],
)
def test_the_last_part_of_a_streams_name_is_its_object(stream: str, object_: str, mode: str) -> None:
    route = routing().route(stream)
    assert (route.object, route.mode) == (object_, mode)


def test_a_stream_without_object_is_refused_with_what_to_do() -> None:
    with pytest.raises(SettingError, match=r"'public-orders'.*`streams`.*users, .*events, .*list_members"):
        routing().route("public-orders")


def test_the_exact_name_wins_over_globs_and_the_first_glob_over_the_next() -> None:
    routes = routing(
        **{
            "public-*": {"object": "events", "event_name": "first"},
            "*-orders": {"object": "events", "event_name": "second"},
            "public-orders": {"object": "events", "event_name": "exact"},
        }
    )
    names = [routes.route(stream).options["event_name"] for stream in ("public-orders", "public-x", "shop-orders")]
    assert names == ["exact", "first", "second"]


def test_a_route_without_object_keeps_the_one_of_its_name() -> None:
    assert routing(**{"*-list_members": {"list_id": 7}}).route("public-list_members").object == "list_members"


def test_a_null_in_a_route_is_a_key_that_is_not_set() -> None:
    assert (
        routing(users={"mode": None, "identify_by": None, "dots": None, "nulls": None}).route("users").mode == "upsert"
    )


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, r"`streams.people` needs an `object`"),
        ({"object": "user"}, r"`streams.people.object`.*'user'.*Did you mean 'users'"),
        ({"object": "users", "mode": "insert"}, r"`streams.people.mode`.*'insert'.*Did you mean 'upsert'"),
        ({"object": "users", "field": {}}, r"`streams.people`.*key 'field'.*Did you mean 'fields'"),
        ({"object": "users", "event_name": "x"}, r"`streams.people`.*key 'event_name'"),
        ({"object": "users", "identify_by": "e-mail"}, r"`streams.people.identify_by`.*Did you mean 'email'"),
        ({"object": "catalog_items", "identify_by": "email"}, r"`streams.people`.*key 'identify_by'"),
        ({"object": "users", "dots": "nested"}, r"`streams.people.dots`.*'nested'.*Did you mean 'nest'"),
        ({"object": "users", "nulls": "clean"}, r"`streams.people.nulls`.*'clean'.*Did you mean 'clear'"),
        ({"object": "users", "default": {}}, r"`streams.people`.*key 'default'.*Did you mean 'defaults'"),
        ({"object": "users", "update_only": True}, r"`streams.people.update_only` makes sense in the mode update only"),
        ({"object": "events", "event_name": " "}, r"`streams.people.event_name` must be"),
        ({"object": "list_members", "list_id": "7"}, r"`streams.people.list_id` must be"),
        ({"object": "list_members", "list_id": True}, r"`streams.people.list_id` must be"),
        ({"object": "list_members", "list_id": -7}, r"`streams.people.list_id` must be"),
        ({"object": "list_members", "list_id": 7, "list": "x"}, r"only one of list, list_id"),
        ({"object": "catalog_items", "catalog": "a.b"}, r"`streams.people.catalog` must be"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused_by_name(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        routing(people=entry)


def test_what_cannot_identify_users_in_the_project_is_refused() -> None:
    entry = {"identify_by": "email"}
    assert routing(ProjectType.HYBRID, users=entry).route("users").identify_by == "email"
    with pytest.raises(SettingError, match=r"`streams.users.identify_by` cannot be email.*only userId identifies"):
        routing(ProjectType.USER_ID, users=entry)
