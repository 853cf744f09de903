"""Audience memberships: a call tells them as a trait or as an event, and the route says what they become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import Row
from target_iterable.segment.call import Call
from target_iterable.segment.mapping import MappedCall, MappingRules, event, profile
from target_iterable.segment.names import snake

_ENTERED: Final = "Audience Entered"
_EXITED: Final = "Audience Exited"
_KEY: Final = "audience_key"


@dataclass(frozen=True)
class _Membership:
    """The membership of a user in an audience.

    Attributes:
        key: the name of the audience in calls.
        is_member: whether the user is in it.
        other_traits: the user's other traits.
    """

    key: str
    is_member: bool
    other_traits: Row


def of_traits(call: Call, rules: MappingRules) -> MappedCall:
    """Map an identify call that is about an audience.

    Raises:
        RecordRejectedError: if it does not name the audience, or does not say whether the user is in it.
    """
    key = _audience_key(call, call.context.get("computation_key"), "context.personas.computation_key")
    # In warehouses the column of the trait is in snake case.
    trait = key if key in call.body else snake(key)
    is_member = call.body.get(trait)
    if not isinstance(is_member, bool):
        raise RecordRejectedError(
            "invalidAudience", "the trait of an audience must be true or false", call.path_to(key)
        )
    other_traits = {name: value for name, value in call.body.items() if name not in (trait, "email")}
    return _MAPPINGS[rules.audiences](call, rules, _Membership(key, is_member, other_traits))


def of_event(call: Call, rules: MappingRules) -> MappedCall:
    """Map an `Audience Entered` or `Audience Exited` event.

    Raises:
        RecordRejectedError: if it does not name the audience.
    """
    key = _audience_key(call, call.body.get(_KEY) or call.context.get("computation_key"), call.path_to(_KEY))
    is_member = snake(str(call.subject)) == snake(_ENTERED)
    return _MAPPINGS[rules.audiences](call, rules, _Membership(key, is_member, {}))


def _audience_key(call: Call, key: object, path: str) -> str:
    if not isinstance(key, str) or not snake(key):
        raise call.missing(path)
    return key


def _as_trait(call: Call, rules: MappingRules, membership: _Membership) -> MappedCall:
    return profile(rules.users.user_of(call), {**membership.other_traits, snake(membership.key): membership.is_member})


def _as_event(call: Call, rules: MappingRules, membership: _Membership) -> MappedCall:
    fields = call.body if call.type == "track" else membership.other_traits
    name = _ENTERED if membership.is_member else _EXITED
    return event(rules.users.user_of(call), name, call, rules, {**fields, _KEY: membership.key})


def _as_member(call: Call, rules: MappingRules, membership: _Membership) -> MappedCall:
    user = rules.users.user_of(call)
    mode = "add" if membership.is_member else "remove"
    return MappedCall("list_members", mode, {**user, "list": membership.key, "dataFields": membership.other_traits})


_MAPPINGS: Final[Mapping[str, Callable[[Call, MappingRules, _Membership], MappedCall]]] = {
    "trait": _as_trait,
    "event": _as_event,
    "list": _as_member,
}
"""By the value of the option `audiences`."""
