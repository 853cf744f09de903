"""Members of audiences, who come as a trait or as an event, and leave in the form that the route asks for."""

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
    """That somebody is in an audience, or is not.

    Attributes:
        key: what the audience is called in calls.
        beside: the user's other traits.
    """

    key: str
    inside: bool
    beside: Row


def is_about_audience(call: Call) -> bool:
    """Whether a call of traits is one that an audience has sent."""
    return call.context.get("computation_class") == "audience"


def of_traits(call: Call, rules: MappingRules) -> MappedCall:
    """What becomes of traits that are about an audience.

    Raises:
        RecordRejectedError: if the call does not say whether the user is in it.
    """
    key = _named(call, call.context.get("computation_key"), "context.personas.computation_key")
    # Warehouses have a column of the trait.
    trait = key if key in call.body else snake(key)
    inside = call.body.get(trait)
    if not isinstance(inside, bool):
        raise RecordRejectedError("invalidAudience", "the trait of an audience must be true or false", call.within(key))
    beside = {name: value for name, value in call.body.items() if name not in (trait, "email")}
    return _FORMS[rules.audiences](call, rules.people.of(call), _Membership(key, inside, beside))


def of_event(call: Call, rules: MappingRules) -> MappedCall:
    """What becomes of an event that is about an audience.

    Raises:
        RecordRejectedError: if the call does not say which.
    """
    key = _named(call, call.body.get(_KEY) or call.context.get("computation_key"), call.within(_KEY))
    inside = snake(str(call.subject)) == snake(_ENTERED)
    return _FORMS[rules.audiences](call, rules.people.of(call), _Membership(key, inside, {}))


def _named(call: Call, key: object, place: str) -> str:
    if not isinstance(key, str) or not snake(key):
        raise call.missing(place)
    return key


def _as_trait(_call: Call, person: Row, membership: _Membership) -> MappedCall:
    return profile(person, {**membership.beside, snake(membership.key): membership.inside})


def _as_event(call: Call, person: Row, membership: _Membership) -> MappedCall:
    fields = call.body if call.type == "track" else membership.beside
    name = _ENTERED if membership.inside else _EXITED
    return event(person, name, call, {**fields, _KEY: membership.key})


def _as_member(_call: Call, person: Row, membership: _Membership) -> MappedCall:
    mode = "add" if membership.inside else "remove"
    return MappedCall("list_members", mode, {**person, "list": membership.key, "dataFields": membership.beside})


_FORMS: Final[Mapping[str, Callable[[Call, Row, _Membership], MappedCall]]] = {
    "trait": _as_trait,
    "event": _as_event,
    "list": _as_member,
}
