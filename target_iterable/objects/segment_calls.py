"""Calls of the Segment spec, each of which is a record of another object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, NamedTuple

from iterable_api.facts.identity import ProjectType
from target_iterable.columnar.columns import attempt
from target_iterable.columnar.record_block import RecordBlock
from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordAlreadyWrittenError, RecordSkippedError
from target_iterable.objects.base.base import Destination, IterableObject, Outcome
from target_iterable.objects.base.columnar_object import BlockObject
from target_iterable.objects.base.user_part import MERGE
from target_iterable.objects.events.carts import Carts
from target_iterable.objects.events.events import Events
from target_iterable.objects.events.purchases import Purchases
from target_iterable.objects.users.list_members import ListMembers
from target_iterable.objects.users.user_emails import UserEmails
from target_iterable.objects.users.users import Users
from target_iterable.records.column_mapping import Row
from target_iterable.records.user_identity import USER_ID
from target_iterable.segment.call import SHAPES, read_call
from target_iterable.segment.calls import mapped
from target_iterable.segment.mapping import MappingRules
from target_iterable.segment.traits import TraitsReader

_OBJECTS: Final[Mapping[str, type[IterableObject]]] = {
    object_.spec.name: object_ for object_ in (Users, UserEmails, Events, Purchases, Carts, ListMembers)
}


def _choice(must_be: str, *choices: str) -> Option:
    return Option(str, must_be, "|".join(choices))


class _Part(NamedTuple):
    """A record of another object, to be made together with others."""

    object: IterableObject
    row: Row


class Segment(BlockObject):
    """Calls of the Segment spec, each of which becomes a record of another object.

    A call is written as `analytics.js` sends it, or as warehouses of Segment and RudderStack keep it. There its parts
    are columns such as `user_id`, `event_text` and `id` (the messageId), and all other columns are traits or
    properties; null ones were not sent. Of a call as it was sent, members that the spec does not know are left out,
    such as `rudderId` and `request_ip`, unless `spread` is `all`. What is skipped by an option counts as unchanged.

    type: `identify`, `track`, `page`, `screen`, `alias` or `group`. Tables without it need the option `call`.
    userId: whom it is about. In e-mail-based projects it may be the address.
    traits: of identify calls: the fields of the user, `email` among them. `phone` is written to `phoneNumber`, too.
    event: of track calls: the name of the event. `Order Completed` is a purchase; `Cart Updated` is the cart, and so
        are `Product Added` and `Product Removed` if they have all `products`.
    properties: of track, page and screen calls: the fields of the event.
    name: of page and screen calls: `Pricing` is the event `Pricing page`.
    previousId: of alias calls: the address that the one in `userId` replaces.
    messageId: the id of the event, so that calls that come again change nothing; in a warehouse the column `id`. A
        property `message_id`, such as the message that was opened, is only taken for it where there is neither.
    timestamp: when it happened; else `originalTimestamp`, `sentAt` or `receivedAt`.
    context: its `traits.email` tells the address, its `personas` the audience. The rest is left out, but for the
        traits of an identify call that has none of its own: RudderStack sends them there.

    Orders need `total` and `products`, and have `order_id` as their id; products need `product_id`, `name`, `price` and
    `quantity`, and their other properties become data fields of the items. A call that tells one product only would
    destroy the cart: `cart_deltas` makes an event of it, or adds it to what the stream has told of the cart before. For
    that the stream must be read from its beginning in each run, sorted by time, and name users by their ids.

    Of a warehouse, take the tables `identifies`, `pages`, `screens` and those of the single events, for example by
    `"*-order_completed": {object: segment, call: track}`: the table `tracks` has no properties. Where addresses change
    by alias calls, read only new rows in each run: an identify call of old would make a user of the old address.

    A call about an audience (`context.personas`, or `Audience Entered` and `Audience Exited`) can become a field such
    as `first_buyers`, one of these events, or the membership of a list with the audience's name.
    """

    spec = ObjectSpec(
        "segment",
        streams=("segment",),
        makes_users=True,
        modes=("call",),
        # Without `skip_unchanged`: each call may undo one before it, which then would have to be sent again, too.
        of_state=False,
        clears=True,
        options={
            **MERGE,
            "call": _choice(
                "the type of all calls of the stream, or `user` for the table `users` of a warehouse: "
                f"{', '.join(f'`{type_}`' for type_ in SHAPES)}",
                *SHAPES,
            ),
            "anonymous": _choice(
                "what becomes of calls with an anonymousId alone: `reject` or `skip`", "reject", "skip"
            ),
            "pages": _choice(
                "which pages and screens are events: `all`, only `named` ones, or all by one `common` name",
                *("all", "named", "common"),
            ),
            "audiences": _choice(
                "how members of audiences are written: `as_sent`, or each as a `trait`, an `event` or by a `list`",
                *("as_sent", "trait", "event", "list"),
            ),
            "cart_deltas": _choice(
                "what becomes of single products: `reject`, `skip`, `event`, or the cart of the stream's `history`",
                *("reject", "skip", "event", "history"),
            ),
            "spread": _choice(
                "what are traits or properties of a call as it was sent: what stands where the `spec` wants them, or "
                "`all` other members of the call, too",
                *("spec", "all"),
            ),
            "groups": _choice(
                "what becomes of group calls: `reject`, `skip`, or a field `group` of the `profile`",
                *("reject", "skip", "profile"),
            ),
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
        # A call keeps nothing of its columns where they were, so of a key it is not known what is stored.
        self._to = replace(to, key_columns=[replace(column, field=None) for column in to.key_columns])
        options = dict(self.route.options)
        self._call = options.pop("call", None)
        self._spreads = options.pop("spread", "spec") == "all"
        self._shared = {name: options.pop(name) for name in MERGE if name in options}
        by_address = self.project.type is ProjectType.EMAIL and self.route.identify_by != USER_ID
        people = TraitsReader(by_address=by_address, skips_anonymous=options.pop("anonymous", "reject") == "skip")
        self._rules = MappingRules(people, self.project.open_carts[self.stream], self.duplicates, **options)
        self._made: dict[tuple[str, str], IterableObject] = {}

    def operations(self, block: RecordBlock) -> list[Outcome]:
        """See `IterableObject`. Calls that become records of one object are a block of it.

        All others are made in the order in which they come: what a call says of a cart counts for those behind it.
        """
        outcomes: dict[int, Outcome] = {}
        waiting: defaultdict[IterableObject, list[tuple[int, Row]]] = defaultdict(list)
        for place, (row, key) in enumerate(zip(block.records(), block.keys, strict=True)):
            try:
                outcome = attempt(self._made_of, row, key)
            except (RecordSkippedError, RecordAlreadyWrittenError) as reason:
                outcome = reason
            if isinstance(outcome, _Part):
                waiting[outcome.object].append((place, outcome.row))
            else:
                outcomes[place] = outcome
        for object_, calls in waiting.items():
            some = RecordBlock([block.keys[place] for place, _ in calls], rows=[row for _, row in calls])
            outcomes |= dict(zip((place for place, _ in calls), object_.operations(some), strict=True))
        return [outcomes[place] for place in range(len(block))]

    def _made_of(self, row: Row, key: Sequence[Any]) -> Operation | _Part:
        """The operation of one call, or the record of another object that it becomes."""
        call = read_call(row, self._call, self.duplicates, spreads=self._spreads)
        becomes = mapped(call, self._rules)
        object_ = self._object(becomes.object, becomes.mode)
        made = _Part(object_, becomes.row) if object_.takes_blocks else object_.operation(becomes.row, key)
        if becomes.cart is not None:
            self._rules.carts.keep(*becomes.cart)
        self.leave_out(dict.fromkeys(call.strangers))
        return made

    def _object(self, name: str, mode: str) -> IterableObject:
        if (name, mode) not in self._made:
            self._made[name, mode] = _OBJECTS[name](self._to.of(name, mode, **self._shared))
        return self._made[name, mode]
