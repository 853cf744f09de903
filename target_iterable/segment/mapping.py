"""What all mappings of calls have in common."""

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
    """What the cart of a user holds."""

    user_id: str
    items: list[Row]


class MappedCall(NamedTuple):
    """A record of an object of Iterable, and what to do with it; `cart` is kept when Iterable can take the record."""

    object: str
    mode: str
    row: Row
    cart: Cart | None = None


@dataclass(frozen=True)
class MappingRules:
    """What the route says about calls; see the options of the object."""

    people: TraitsReader
    carts: OpenCarts
    duplicates: DuplicateFields
    pages: str = "all"
    audiences: str = "as_sent"
    cart_deltas: str = "reject"
    groups: str = "reject"

    def cart_of(self, call: Call, items: list[Row]) -> Cart | None:
        """What is to be remembered if the call leaves `items` in the cart; nothing unless deltas need it.

        Raises:
            RecordRejectedError: see `owner`.
        """
        return Cart(owner(call), items) if self.cart_deltas == "history" else None


def owner(call: Call) -> str:
    """The userId of the call, by which its cart is remembered.

    Raises:
        RecordRejectedError: if it has none. An address would not do: other calls may name the user by the id.
    """
    user_id = key_text(call.user_id)
    if not user_id:
        raise call.missing("userId")
    return user_id


def profile(person_: Row, traits: Row) -> MappedCall:
    """A user with these traits."""
    return MappedCall("users", "upsert", {**person_, "dataFields": traits})


def event(person_: Row, name: str, call: Call, fields: Row | None = None) -> MappedCall:
    """An event that the call tells of, with the call's own properties unless `fields` are given.

    The messageId is its id, so that a call that comes again changes nothing.
    """
    about = {"eventName": name, "id": call.message_id, "createdAt": call.moment}
    return MappedCall("events", "track", {**person_, **about, "dataFields": call.body if fields is None else fields})


def skipped(_call: Call, _rules: MappingRules) -> MappedCall:
    """A call that the route does not want.

    Raises:
        RecordSkippedError: always.
    """
    raise RecordSkippedError
