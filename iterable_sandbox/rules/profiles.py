"""User profiles: fields that Iterable sets, merging of writes, and the form in which a profile is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import phonenumbers

from iterable_api.facts.identity import ProjectType
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.wire import dates
from iterable_sandbox.wire.clock import Clock
from iterable_sandbox.wire.json_text import without_nulls

INTERNAL: Final = "itblInternal."
CREATED: Final = f"{INTERNAL}documentCreatedAt"
UPDATED: Final = f"{INTERNAL}documentUpdatedAt"
_DOMAIN: Final = f"{INTERNAL}emailDomain"
_REGION: Final = f"{INTERNAL}regionCode"
_SYSTEM_OBJECTS: Final = ("itblInternal", "itblDS")
_SET_BY_ITERABLE: Final = frozenset(
    {*_SYSTEM_OBJECTS, "itblUserId", "profileUpdatedAt", "signupSource", "devices", "browserTokens"}
)
"""Fields that only Iterable sets. Its treatment of them in a request is not known; here they are ignored."""

_CART_FIELDS: Final[Mapping[str, str]] = {
    "shoppingCartItems": "object",
    "shoppingCartItems.id": "string",
    "shoppingCartItems.sku": "string",
    "shoppingCartItems.name": "string",
    "shoppingCartItems.description": "string",
    "shoppingCartItems.categories": "string",
    "shoppingCartItems.price": "double",
    "shoppingCartItems.quantity": "long",
    "shoppingCartItems.imageUrl": "string",
    "shoppingCartItems.url": "string",
}

PURCHASE_FIELDS: Final[Mapping[str, str]] = {**_CART_FIELDS, "total": "double"}
"""Field of every purchase -> type. Fixed, as a first price without decimals would make the field a whole number."""

_SUBSCRIPTIONS: Final = ("subscribedMessageTypeIds", "unsubscribedChannelIds", "unsubscribedMessageTypeIds")

_NOT_WRITABLE: Final = _SET_BY_ITERABLE | {"email", "userId"}
_NOT_WRITABLE_WITH_OPT_IN: Final = _NOT_WRITABLE | {*_SUBSCRIPTIONS}

SYSTEM_FIELDS: Final[Mapping[str, str]] = {
    "email": "string",
    "userId": "string",
    "itblUserId": "string",
    "signupDate": "date",
    "signupSource": "string",
    "profileUpdatedAt": "date",
    "phoneNumber": "string",
    "emailListIds": "long",
    "userListIds": "long",
    "subscribedMessageTypeIds": "long",
    "unsubscribedChannelIds": "long",
    "unsubscribedMessageTypeIds": "long",
    **_CART_FIELDS,
    "itblInternal.emailDomain": "string",
    "itblInternal.regionCode": "string",
    "itblInternal.documentCreatedAt": "date",
    "itblInternal.documentUpdatedAt": "date",
}
"""Field that every project has from the start -> type."""


def list_field(project_type: ProjectType) -> str:
    """Name of the profile field that holds the ids of a user's lists."""
    return "emailListIds" if project_type is ProjectType.EMAIL else "userListIds"


def writable(fields: Mapping[str, Any], *, opt_in: bool = False) -> dict[str, Any]:
    """Data fields that a request may write, without the identifiers.

    With `opt_in` (users opt in to message types), only the subscription endpoints write the subscription fields.
    """
    taken = _NOT_WRITABLE_WITH_OPT_IN if opt_in else _NOT_WRITABLE
    return {name: value for name, value in fields.items() if _root(name) not in taken}


@lru_cache(10_000)
def _root(name: str) -> str:
    return name.partition(".")[0]


def merged(old: Mapping[str, Any], new: Mapping[str, Any], *, nested: bool) -> dict[str, Any]:
    """Merge new fields over old ones. A null removes a field; `nested` merges objects instead of replacing them.

    Unless `nested`, the objects in `new` must not contain nulls.
    """
    if not nested and None not in new.values():
        return {**old, **new}
    result = dict(old)
    for name, value in new.items():
        if value is None:
            result.pop(name, None)
        elif nested and isinstance(value, dict) and isinstance(before := result.get(name), dict):
            result[name] = merged(before, value, nested=True)
        else:
            result[name] = without_nulls(value) if nested else value
    return result


def identifiers(user: User) -> dict[str, str]:
    """Identifiers of a user, as its profile and its events show them."""
    named = {}
    if user.email is not None:
        named["email"] = user.email
    if user.user_id is not None:
        named["userId"] = user.user_id
    if (unique := user.profile.get("itblUserId")) is not None:
        named["itblUserId"] = unique
    return named


def touch(user: User, clock: Clock, project_type: ProjectType, *, signup_source: str) -> None:
    """Update the fields that Iterable sets. Every write does so, even one that changes no other field."""
    user.updated_at = clock.seconds()
    now = dates.export_form(user.updated_at)
    profile = user.profile
    if CREATED not in profile:
        profile.setdefault("signupDate", now)
        profile.setdefault("signupSource", signup_source)
        profile[CREATED] = now
        if project_type is not ProjectType.EMAIL:
            profile.setdefault("itblUserId", uuid5(NAMESPACE_URL, f"{user.email}/{user.user_id}").hex)
    profile.update(identifiers(user))
    profile["profileUpdatedAt"] = profile[UPDATED] = now
    if user.email is not None:
        profile[_DOMAIN] = user.email.rpartition("@")[2]
    _set_region(profile)


def reset_creation(user: User) -> None:
    """Remove the creation time: after a change of address or a merge, the profile counts as a new document."""
    user.profile.pop(CREATED, None)


def _set_region(profile: dict[str, Any]) -> None:
    """Set the region of the phone number, or remove it if the number has none."""
    number = profile.get("phoneNumber")
    region = _region(number) if isinstance(number, str) else None
    if region is None:
        profile.pop(_REGION, None)
    else:
        profile[_REGION] = region


@lru_cache(4096)
def _region(number: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


def show_lists(user: User, project_type: ProjectType, list_ids: Iterable[int]) -> None:
    """Set the list ids of a profile. All four subscription fields appear as soon as one of them does."""
    for name in _SUBSCRIPTIONS:
        user.profile.setdefault(name, [])
    user.profile[list_field(project_type)] = sorted(list_ids)


def nested(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Profile as a GET returns it: Iterable's own fields are in objects, not under dotted keys."""
    shown: dict[str, Any] = {}
    for name, value in profile.items():
        owner, _, inner = name.partition(".")
        if inner and owner in _SYSTEM_OBJECTS:
            shown.setdefault(owner, {})[inner] = value
        else:
            shown[name] = value
    return shown
