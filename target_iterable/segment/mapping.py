"""Shared parts of the mappings of calls: the rules of the route, and the records that calls become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from target_iterable.core.rejection import RecordSkippedError
from target_iterable.records.column_mapping import Row
from target_iterable.records.duplicate_fields import DuplicateFields
from target_iterable.records.ids import key_text
from target_iterable.records.numbers import whole_number
from target_iterable.records.user_identity import KINDS
from target_iterable.segment.call import Call
from target_iterable.segment.known_tokens import KnownTokens
from target_iterable.segment.open_carts import OpenCarts
from target_iterable.segment.traits import TraitsReader

ATTRIBUTION: Final[Mapping[str, tuple[str, ...]]] = {
    "campaignId": ("campaignId", "campaign_id"),
    "templateId": ("templateId", "template_id"),
}
"""Attribute of an event -> properties that may hold it; the second name is that of a warehouse's column."""
EVENT_MEMBERS: Final[Mapping[str, str]] = {"id": "message_id", "createdAt": "moment"}
"""Member of an event -> attribute of the call. By this id a call that comes again changes nothing."""
COPIED_TRAITS: Final[Mapping[str, str]] = {"phoneNumber": "phone"}
"""Field of a profile, to which Iterable sends -> trait of the spec that it is without a trait of its own name."""
_LARGEST_ID: Final = 2**31 - 1
"""The contract has these ids as numbers of 32 bits; those of advertisements are larger."""


class Cart(NamedTuple):
    """The items in the cart of a user."""

    user_id: str
    items: list[Row]


class MappedCall(NamedTuple):
    """The record that a call becomes.

    Attributes:
        object: the object of Iterable.
        mode: the mode of the object.
        row: the record.
        cart: the cart to remember once the record has become an operation; None for none.
        others: further records of the object, of the same call.
    """

    object: str
    mode: str
    row: Row
    cart: Cart | None = None
    others: Sequence[Row] = ()


@dataclass(frozen=True)
class MappingRules:
    """The options of the route, and the state that mappings need; see the options of the object."""

    users: TraitsReader
    carts: OpenCarts
    duplicates: DuplicateFields
    pages: str = "all"
    audiences: str = "as_sent"
    cart_deltas: str = "reject"
    groups: str = "reject"
    orders_without_products: str = "reject"
    attribution: str = "write"
    context_traits: str = "leave_out"
    device_tokens: str = ""
    tokens: KnownTokens = field(default_factory=KnownTokens)

    def cart_of(self, call: Call, items: list[Row]) -> Cart | None:
        """The cart to remember if the call leaves `items` in it; None unless `cart_deltas` is `history`.

        Raises:
            RecordRejectedError: see `cart_user_id`.
        """
        return Cart(cart_user_id(call), items) if self.cart_deltas == "history" else None

    def traits_of(self, call: Call) -> Row:
        """The traits in the context of the call, if they are written."""
        return call.context_traits if self.context_traits == "write" else {}

    def with_traits(self, user: Row, call: Call) -> Row:
        """The user of an order or a cart, with the traits in the context of the call if they are written."""
        traits = {name: value for name, value in self.traits_of(call).items() if name not in KINDS}
        return {**user, "user": with_phone_number(traits)} if traits else user

    def pop_attribution(self, context: Mapping[str, Any], fields: Row) -> Row:
        """Remove the ids of campaign and template from `fields`, and return them; else those in `Call.context`.

        What can be no id of Iterable is another system's, and stays a property.
        """
        found: Row = {}
        if self.attribution == "keep":
            return found
        for name, members in ATTRIBUTION.items():
            for member in members:
                if (id_ := _campaign_id(fields.get(member))) is not None:
                    del fields[member]
                    found.setdefault(name, id_)
            if name not in found and (id_ := _campaign_id(context.get(name))) is not None:
                found[name] = id_
        return found


def cart_user_id(call: Call) -> str:
    """The userId of the call, under which its cart is remembered.

    Raises:
        RecordRejectedError: if it has none. An address is not enough: other calls may name the user by the id.
    """
    user_id = key_text(call.user_id)
    if not user_id:
        raise call.missing("userId")
    return user_id


def profile(user: Row, traits: Row) -> MappedCall:
    """The record of a user with these traits."""
    return MappedCall("users", "upsert", {**user, "dataFields": traits})


def with_phone_number(traits: Row) -> Row:
    """Traits, and the fields of `COPIED_TRAITS`."""
    return {**{field: traits[trait] for field, trait in COPIED_TRAITS.items() if trait in traits}, **traits}


def event(user: Row, name: str, call: Call, rules: MappingRules, fields: Row | None = None) -> MappedCall:
    """The record of an event, with the call's own properties unless `fields` are given."""
    event_fields = dict(call.body if fields is None else fields)
    event_members = {"eventName": name, **{member: getattr(call, part) for member, part in EVENT_MEMBERS.items()}}
    event_members |= rules.pop_attribution(call.context, event_fields)
    return MappedCall("events", "track", {**user, **event_members, "dataFields": event_fields})


def skipped(_call: Call, _rules: MappingRules) -> MappedCall:
    """Skip the call.

    Raises:
        RecordSkippedError: always.
    """
    raise RecordSkippedError


def _campaign_id(value: Any) -> int | None:
    """The id of a campaign or template in `value`, a number or a text of one; None for anything else."""
    id_ = whole_number(value)
    return id_ if id_ is not None and 0 < id_ <= _LARGEST_ID else None
