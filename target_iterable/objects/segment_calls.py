"""Calls of the Segment spec, each of which is a record of another object."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, NamedTuple

from iterable_api.facts.identity import ProjectType
from target_iterable.columnar.calls.call_reader import CallReader
from target_iterable.columnar.calls.iterable_calls import from_iterable
from target_iterable.columnar.calls.plain_calls import PlainCalls, turns_of
from target_iterable.columnar.columns import attempt
from target_iterable.columnar.record_block import RecordBlock
from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordAlreadyWrittenError, RecordSkippedError
from target_iterable.objects.base.base import Destination, IterableObject, OperationGroup, Outcome
from target_iterable.objects.base.columnar_object import BlockObject
from target_iterable.objects.base.user_part import MERGE
from target_iterable.objects.events.carts import Carts
from target_iterable.objects.events.events import Events
from target_iterable.objects.events.purchases import Purchases
from target_iterable.objects.users.devices import Devices
from target_iterable.objects.users.list_members import ListMembers
from target_iterable.objects.users.user_emails import UserEmails
from target_iterable.objects.users.users import Users
from target_iterable.records.column_mapping import Row
from target_iterable.records.user_identity import USER_ID
from target_iterable.schemas.schema_types import Schemas, members_of, variants_of
from target_iterable.segment.call import SHAPES, Call
from target_iterable.segment.calls import map_call
from target_iterable.segment.mapping import MappingRules
from target_iterable.segment.traits import TraitsReader

_OBJECTS: Final[Mapping[str, type[IterableObject]]] = {
    object_.spec.name: object_ for object_ in (Users, UserEmails, Events, Purchases, Carts, ListMembers, Devices)
}


def _choice(must_be: str, *choices: str) -> Option:
    return Option(str, must_be, "|".join(choices))


def _schemas_of_bodies(schemas: Schemas) -> Schemas:
    """The JSON Schema of each trait and property: in raw calls they are members of an object."""
    bodies = (schemas[body,] for body in {shape.body for shape in SHAPES.values()} if (body,) in schemas)
    parts = (members_of(variant) for schema in bodies for variant in variants_of(schema))
    return {(name,): part for members in parts for name, part in members.items() if isinstance(part, Mapping)}


class _Part(NamedTuple):
    """Records of another object, to be made together with others."""

    object: IterableObject
    rows: Sequence[Row]


class Segment(BlockObject):
    """Calls of the Segment spec, each of which becomes a record of another object.

    A call is either raw, as `analytics.js` sends it, or a row of a warehouse of Segment or RudderStack. A row has
    columns such as `user_id`, `event_text` and `id` (the messageId), and all other columns are traits or properties;
    those with null were not sent. Members of a raw call that the spec does not know, such as `rudderId` and
    `request_ip`, are left out unless `spread` is `all`. Calls that an option skips count as unchanged.

    type: `identify`, `track`, `page`, `screen`, `alias` or `group`. Tables without this column need the option `call`.
    userId: the user. In e-mail-based projects it may be the address.
    traits: of identify calls: the fields of the user, `email` among them. `phone` is written to `phoneNumber`, too.
    event: of track calls: the name of the event. `Order Completed` becomes a purchase, `Cart Updated` a cart. So do
        `Product Added` and `Product Removed` if they have all `products` of the cart.
    properties: of track, page and screen calls: the fields of the event.
    name: of page and screen calls: `Pricing` becomes the event `Pricing page`.
    previousId: of alias calls: the address that is replaced by the one in `userId`.
    messageId: the id of the event, so sending a call again changes nothing; in a warehouse it is the column `id`. A
        property `message_id`, such as the message that was opened, is used only where there is neither.
    campaignId, templateId: of the properties, else of `context.campaign`: what an event or a purchase is attributed to,
        if it is a number of 32 bits, or a text of one. Anything else stays a property.
    timestamp: when it happened; otherwise `originalTimestamp`, `sentAt` or `receivedAt`.
    context: the address is taken from its `traits.email`, the audience from its `personas`. All else is left out,
        except the traits of an identify call that has no other traits: RudderStack sends them in the context. The
        option `context_traits` writes all traits, and `device_tokens` registers the token of `device`. Addresses in
        `externalIds` (of the type `email`, not hashed) are the user's, too: in an e-mail-based project an identify
        call writes a profile for each, and each counts as a record. Other calls go to one, the first if there is no
        other.

    Orders need `total` and `products`, and their id is `order_id` or `orderId`; an order that comes again replaces the
    first. `orders_without_products` says what becomes of those that have none. Products need a `product_id`,
    `productId` or `id`, and `name`, `price` and `quantity`; their other properties become data fields of the items. A
    call that has only one product would overwrite
    the whole cart. `cart_deltas` can turn it into an event, or apply it to the cart that the earlier calls of the
    stream have left. For that, each run must read the stream from its beginning, sorted by time, and users need
    userIds.

    From a warehouse, take the tables `identifies`, `pages`, `screens` and those of the single events, for example with
    `"*-order_completed": {object: segment, call: track}`: the table `tracks` has no properties. If alias calls change
    addresses, read only new rows in each run: an old identify call would create a user with the old address.

    A call about an audience (`context.personas`, or `Audience Entered` and `Audience Exited`) can become a field such
    as `first_buyers`, one of these events, or the membership of a list with the audience's name.

    Only keys of apps can register tokens, and they can write little else. So tokens need a run of their own over the
    same calls, with such a key in `api_key` and `device_tokens` in the route. `type` of the device must be `ios` or
    `android`. Calls without a token count as unchanged, and so do those with a token that an earlier call of the run
    has told.

    Iterable is also a source of Segment and of RudderStack: their tables `email_opened`, `email_link_clicked` and so on
    hold what happened in Iterable. Written back, each row would be one more custom event of the project. So calls with
    `Iterable` in `context_integration_name` (or `context.integration.name`) are passed over: they count as unchanged,
    and the log says so once. The same is true of a call without it whose event has a name of Iterable's source and
    whose `email_id` Iterable has made, such as `c12:t34:ann@example.com`; so do not drop both columns. With
    `iterable_events: write` they are written like all others.
    """

    reads_lines: ClassVar[bool] = True
    spec = ObjectSpec(
        "segment",
        streams=("segment",),
        creates_users=True,
        modes=("call",),
        # Without `skip_unchanged`: each call may undo one before it, which then would have to be sent again, too.
        describes_state=False,
        clears_fields=True,
        options={
            **MERGE,
            "call": _choice(
                "the type of all calls of the stream, or `user` for the table `users` of a warehouse: "
                f"{', '.join(f'`{type_}`' for type_ in SHAPES)}",
                *SHAPES,
            ),
            "anonymous": _choice(
                "what to do with calls that have only an anonymousId: `reject` or `skip`", "reject", "skip"
            ),
            "pages": _choice(
                "which pages and screens become events: `all`, only `named` ones, only `categorised` ones (`Docs Index "
                "page`, by category and name), or all under one `common` name",
                *("all", "named", "categorised", "common"),
            ),
            "audiences": _choice(
                "how audience members are written: `as_sent`, or as a `trait`, an `event`, or members of a `list`",
                *("as_sent", "trait", "event", "list"),
            ),
            "cart_deltas": _choice(
                "what to do with single products: `reject`, `skip`, `event`, or the cart by the stream's `history`",
                *("reject", "skip", "event", "history"),
            ),
            "orders_without_products": _choice(
                "what to do with orders that have no products: `reject`, `skip`, an `event`, or a `purchase` without "
                "items",
                *("reject", "skip", "event", "purchase"),
            ),
            "attribution": _choice(
                "what to do with properties `campaignId` and `templateId`: `write` events and purchases as attributed "
                "to them, the default, or `keep` them as properties",
                *("write", "keep"),
            ),
            "context_traits": _choice(
                "what to do with the traits in the context of identify calls, orders and carts: `write` them into the "
                "profile, or `leave_out` all but the address, the default",
                *("write", "leave_out"),
            ),
            "device_tokens": Option(
                str,
                "the name of the push integration for which the tokens in `context.device` are registered; calls then "
                "become devices, and nothing else",
            ),
            "spread": _choice(
                "which members of a raw call are traits or properties: those that the `spec` defines, or `all` others, "
                "too",
                *("spec", "all"),
            ),
            "groups": _choice(
                "what to do with group calls: `reject`, `skip`, or write the field `group` of the `profile`",
                *("reject", "skip", "profile"),
            ),
            "iterable_events": _choice(
                "what to do with calls that come from Iterable's own source: `skip`, the default, or `write`",
                *("skip", "write"),
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
        keys = [replace(column, field=None) for column in to.key_columns]
        self._to = replace(to, key_columns=keys, schemas={**_schemas_of_bodies(to.schemas), **to.schemas})
        options = dict(self.route.options)
        spreads = options.pop("spread", "spec") == "all"
        self._reader = CallReader(options.pop("call", None), self.duplicates, all_members=spreads)
        self._writes_back = options.pop("iterable_events", "skip") == "write"
        self._has_passed_over = False
        self._shared = {name: options.pop(name) for name in MERGE if name in options}
        by_address = self.project.type is ProjectType.EMAIL and self.route.identify_by != USER_ID
        people = TraitsReader(by_address=by_address, skips_anonymous=options.pop("anonymous", "reject") == "skip")
        self._rules = MappingRules(people, self.project.open_carts[self.stream], self.duplicates, **options)
        self._made: dict[tuple[str, str], IterableObject] = {}

    def operations(self, block: RecordBlock) -> list[Outcome]:
        """See `IterableObject`. Plain calls stay columns; all others are mapped one by one.

        What a call says of its user or of a cart counts for the calls behind it.
        """
        outcomes: defaultdict[int, list[Outcome]] = defaultdict(list)
        waiting: defaultdict[IterableObject, list[tuple[int, Row]]] = defaultdict(list)
        places: Sequence[int] = range(len(block))
        if not self._writes_back and (passed_over := from_iterable(block)):
            outcomes |= {place: [self._passed_over()] for place in passed_over}
            places = [place for place in places if place not in passed_over]
        read, rejects = self._reader.read(block, places)
        outcomes |= {place: [reason] for place, reason in rejects.items()}
        forms = [PlainCalls(calls, self._rules) for calls in read]
        for form, at, is_odd in turns_of(forms):
            if not is_odd:
                form.find_addresses(at)
                continue
            for one in at:
                place = form.calls.places[one]
                outcome = self._made_of(form.calls.call(one), block.keys[place])
                if isinstance(outcome, _Part):
                    waiting[outcome.object] += [(place, row) for row in outcome.rows]
                else:
                    outcomes[place].append(outcome)
        for object_, rows in waiting.items():
            some = RecordBlock([block.keys[place] for place, _ in rows], rows=[row for _, row in rows])
            for (place, _), made in zip(rows, object_.operations(some), strict=True):
                outcomes[place].append(made)
        found = {place: OperationGroup.of(several) for place, several in outcomes.items()}
        for form in forms:
            found |= self._plain(form)
        return [found[place] for place in range(len(block))]

    def _plain(self, form: PlainCalls) -> dict[int, Outcome]:
        """Place -> outcome of the plain calls of one form."""
        plain = form.plain
        if not plain:
            return {}
        self.leave_out(dict.fromkeys(form.calls.unknown(plain)))
        places = form.calls.places
        return dict(zip((places[at] for at in plain), self._object(*form.object).operations(form.block()), strict=True))

    def _made_of(self, call: Call, key: Sequence[Any]) -> Outcome | _Part:
        """The outcome of one call, or the records of another object that it becomes."""
        try:
            outcome: Outcome | _Part = attempt(self._mapped, call, key)
        except (RecordSkippedError, RecordAlreadyWrittenError) as reason:
            return reason
        return outcome

    def _mapped(self, call: Call, key: Sequence[Any]) -> Operation | _Part:
        becomes = map_call(call, self._rules)
        object_ = self._object(becomes.object, becomes.mode)
        made = (
            _Part(object_, [becomes.row, *becomes.others])
            if object_.takes_blocks
            else object_.operation(becomes.row, key)
        )
        if becomes.cart is not None:
            self._rules.carts.replace(*becomes.cart)
        self.leave_out(dict.fromkeys(call.unknown_members))
        return made

    def _passed_over(self) -> RecordSkippedError:
        """What becomes of a call that Iterable has made; logged once."""
        if not self._has_passed_over:
            self._has_passed_over = True
            logging.getLogger(f"target-iterable.{self.stream}").warning(
                "The stream %r has events that come from Iterable itself. They are passed over, and count as "
                "unchanged. To write them as custom events nevertheless, set `iterable_events: write` in the route.",
                self.stream,
            )
        return RecordSkippedError()

    def _object(self, name: str, mode: str) -> IterableObject:
        if (name, mode) not in self._made:
            self._made[name, mode] = _OBJECTS[name](self._to.of(name, mode, **self._shared))
        return self._made[name, mode]
