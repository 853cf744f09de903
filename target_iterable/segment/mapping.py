"""Shared parts of the mappings of calls: the rules of the route, and the records that calls become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from target_iterable.core.rejection import RecordSkippedError
from target_iterable.records.column_mapping import Row
from target_iterable.records.duplicate_fields import DuplicateFields
from target_iterable.records.ids import key_text
from target_iterable.segment.call import Call
from target_iterable.segment.open_carts import OpenCarts
from target_iterable.segment.traits import TraitsReader


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
    """

    object: str
    mode: str
    row: Row
    cart: Cart | None = None


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

    def cart_of(self, call: Call, items: list[Row]) -> Cart | None:
        """The cart to remember if the call leaves `items` in it; None unless `cart_deltas` is `history`.

        Raises:
            RecordRejectedError: see `cart_user_id`.
        """
        return Cart(cart_user_id(call), items) if self.cart_deltas == "history" else None


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


def event(user: Row, name: str, call: Call, fields: Row | None = None) -> MappedCall:
    """The record of an event, with the call's own properties unless `fields` are given.

    Its id is the messageId, so that a call that comes again changes nothing.
    """
    event_members = {"eventName": name, "id": call.message_id, "createdAt": call.moment}
    return MappedCall(
        "events", "track", {**user, **event_members, "dataFields": call.body if fields is None else fields}
    )


def skipped(_call: Call, _rules: MappingRules) -> MappedCall:
    """Skip the call.

    Raises:
        RecordSkippedError: always.
    """
    raise RecordSkippedError
