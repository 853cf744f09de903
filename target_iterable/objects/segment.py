"""Calls of the Segment spec, each of which is a record of another object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from iterable_api.identity import ProjectType
from target_iterable.columns import Row
from target_iterable.delivery.operations import Operation
from target_iterable.identities import USER_ID
from target_iterable.objects.base import Destination, IterableObject
from target_iterable.objects.carts import Carts
from target_iterable.objects.events import Events
from target_iterable.objects.list_members import ListMembers
from target_iterable.objects.purchases import Purchases
from target_iterable.objects.user_emails import UserEmails
from target_iterable.objects.users import Users
from target_iterable.routes import ObjectSpec, Option
from target_iterable.segment.call import SHAPES, read_call
from target_iterable.segment.calls import mapped
from target_iterable.segment.mapping import Rules

_OBJECTS: Final[Mapping[str, type[IterableObject]]] = {
    object_.spec.name: object_ for object_ in (Users, UserEmails, Events, Purchases, Carts, ListMembers)
}


def _one_of(*choices: str) -> Option:
    return Option(str, f"one of {', '.join(choices)}", "|".join(choices))


class Segment(IterableObject):
    """One record is one call, as `analytics.js` sends it, or as a warehouse of Segment or RudderStack keeps it.

    There columns of the call are spelt `user_id`, `event_text`; `id` is the messageId, and all that is neither part
    of the call nor its context is a trait or property, unless it is null.

    type: `identify`, `track`, `page`, `screen`, `alias` or `group`. The option `call` says it where tables have no
        such column; there `user` is a row of the table `users`, whose `id` is the userId.
    userId: whom it is about; in e-mail-based projects it may be the address. Calls with an anonymousId alone are
        rejected.
    traits: of identify calls: the fields of the user, `email` among them. `phone` is `phoneNumber`, too.
    event, properties: of track calls: the name and the fields of an event. `Order Completed` is a purchase, and
        `Cart Updated`, or `Product Added` and `Product Removed` with all `products`, are the cart.
    name: of page and screen calls: `Pricing` is the event `Pricing page`.
    previousId: of alias calls: the address that is `userId` from now on.
    messageId: the id of the event, so that calls that come again change nothing.
    timestamp: when it happened; else `originalTimestamp`, `sentAt`, `receivedAt`.
    context: its `traits.email` tells the address; the rest is left out.
    """

    spec = ObjectSpec(
        "segment",
        streams=("segment",),
        modes=("call",),
        of_state=False,
        clears=True,
        options={
            "call": _one_of(*SHAPES),
            "pages": _one_of("all", "named", "common"),
            "audiences": _one_of("as_sent", "trait", "event", "list"),
            "cart_deltas": _one_of("reject", "event", "history"),
            "groups": _one_of("reject", "profile"),
        },
    )
    example: ClassVar[Mapping[str, Any]] = {
        "type": "track",
        "event": "Signed Up",
        "userId": "u-1",
        "messageId": "ajs-1f2e",
        "timestamp": "2026-03-03T08:01:02.000Z",
        "context": {"traits": {"email": "ann@example.com"}},
        "properties": {"plan": "pro"},
    }

    def __init__(self, to: Destination) -> None:
        super().__init__(to)
        self._to = to
        options = dict(self.route.options)
        self._call = options.pop("call", None)
        by_address = self.project.type is ProjectType.EMAIL and self.route.identify_by != USER_ID
        self._rules = Rules(**options, ids_can_be_addresses=by_address, carts=self.project.open_carts[self.stream])
        self._made: dict[tuple[str, str], IterableObject] = {}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One call."""
        becomes = mapped(read_call(row, self._call), self._rules)
        operation = self._object(becomes.object, becomes.mode).operation(becomes.row, key)
        if becomes.cart is not None:
            self._rules.carts.keep(*becomes.cart)
        return operation

    def _object(self, name: str, mode: str) -> IterableObject:
        if (name, mode) not in self._made:
            self._made[name, mode] = _OBJECTS[name](self._to.of(name, mode))
        return self._made[name, mode]
