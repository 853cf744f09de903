"""Candidates: the objects that a stream could be for, best first, with what each needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from iterable_api.facts.identity import ProjectType
from target_iterable.config.route import ObjectSpec
from target_iterable.objects.base.cart_items import missing_members
from target_iterable.objects.base.event_attributes import ATTRIBUTES
from target_iterable.objects.registry import OBJECTS
from target_iterable.objects.users.subscriptions import SUBSCRIPTION_IDS
from target_iterable.proposals.project_contents import Group, ProjectContents
from target_iterable.proposals.roles import (
    CATALOG_NAME,
    CREATED_AT,
    EVENT_NAME,
    GROUP_ID,
    ID,
    IDENTITY,
    ITEM_ID,
    ITEMS,
    LIST,
    LIST_ID,
    LISTS,
    TOTAL,
    columns_of,
    squeezed,
)
from target_iterable.proposals.source_streams import SourceStream
from target_iterable.records.user_identity import ACCEPTED, USER_ID
from target_iterable.segment.call import SHAPES
from target_iterable.segment.names import snake

_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "purchases": frozenset(
        {"order", "orders", "purchase", "purchases", "transaction", "transactions", "sale", "sales"}
    ),
    "carts": frozenset({"cart", "carts", "basket", "baskets"}),
    "unsubscribe": frozenset(
        {"unsubscribe", "unsubscribes", "unsubscribed", "unsubscriptions", "optout", "optouts", "outs", "suppressions"}
    ),
    "list_members": frozenset(
        {
            "list",
            "lists",
            "audience",
            "audiences",
            "segment",
            "segments",
            "cohort",
            "cohorts",
            "membership",
            "memberships",
        }
    ),
    "events": frozenset(
        {"event", "events", "activity", "activities", "actions", "views", "clicks", "visits", "sessions", "logins"}
    ),
    "users": frozenset(
        {"user", "users", "customer", "customers", "contact", "contacts", "people", "person", "persons", "profiles"}
        | {"subscribers", "leads", "accounts", "members", "clients"}
    ),
    "catalog_items": frozenset({"product", "products", "item", "items", "catalog", "inventory", "stores", "articles"}),
}
"""Kind of stream -> last words of the names of such streams."""
_MEMBER_COLUMNS: Final = ("is_member", "member", "in_list", "in_audience", "in_segment")
_GROUP_COLUMNS: Final[Mapping[str, str]] = {
    "channel_id": "messageChannel",
    "message_type_id": "messageType",
    "list_id": "emailList",
}
"""Column with the id of what users unsubscribe from -> the `group` of the route."""
_RAW_CALL: Final = frozenset({"type", "messageId"})
_WAREHOUSE_CALL: Final = frozenset({"anonymous_id", "received_at"})
_TABLES_OF_CALLS: Final[Mapping[str, str]] = {"identifies": "identify", "pages": "page", "screens": "screen"}
_MOMENTS_OF_ROWS: Final = ("created", "createdat")
"""Times that tables of anything have."""
_DIGITS: Final = re.compile(r"v?\d+")
_NOT_IN_CATALOGS: Final = re.compile(r"[^A-Za-z0-9-]+")


@dataclass
class Candidate:
    """An object that a stream could be for.

    Attributes:
        reason: why, as the end of a sentence that begins with the stream.
        roles: role -> column.
        options: other keys of the route.
        missing: what the stream lacks, each in a sentence.
        is_named: whether the stream's name says so; then no other object is looked for.
        notes: what else is to be said of the choice.
    """

    object: str
    reason: str
    roles: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    is_named: bool = False
    notes: list[str] = field(default_factory=list)


def last_part(stream: str) -> str:
    """The part of a stream's name that routes go by."""
    return stream.rsplit("-", 1)[-1]


def best_candidate(stream: SourceStream, project: ProjectContents) -> Candidate | None:
    """The first candidate that lacks nothing; else the one that the name says, or the first; None if there is none."""
    seen: list[Candidate] = []
    for candidate in _Candidates(stream, project).all():
        if candidate.is_named or not candidate.missing:
            return candidate
        seen.append(candidate)
    return seen[0] if seen else None


class _Candidates:
    def __init__(self, stream: SourceStream, project: ProjectContents) -> None:
        self._stream = stream
        self._columns = stream.columns
        self._project = project
        self._words = [word for word in snake(last_part(stream.name)).split("_") if not _DIGITS.fullmatch(word)]
        self._identity = columns_of(IDENTITY, stream.columns)

    def all(self) -> Iterator[Candidate]:
        """Yield the candidates, best first."""
        yield from self._by_name()
        yield from self._calls()
        yield from self._by_members()
        yield from self._by_last_word()
        yield from self._by_columns()

    def _by_name(self) -> Iterator[Candidate]:
        part = last_part(self._stream.name)
        for spec in (object_.spec for object_ in OBJECTS.values()):
            if part in spec.streams:
                reason = f"{spec.name!r} is what streams of its name go to"
                make = self._makers.get(spec.name)
                candidate = Candidate(spec.name, reason) if make is None else make(reason)
                candidate.is_named = True
                yield candidate

    def _by_members(self) -> Iterator[Candidate]:
        """Objects of which the stream has all columns of the example, if these belong to no other object."""
        for name, object_ in OBJECTS.items():
            members = object_.example.keys() - {*IDENTITY, ID, "name"}
            if name not in self._makers and len(members) > 1 and members <= self._columns.keys():
                yield Candidate(name, f"it has the columns {_named(sorted(members))}")

    def _by_last_word(self) -> Iterator[Candidate]:
        last = self._words[-1] if self._words else ""
        for kind, words in _WORDS.items():
            if last in words:
                reason = f"its name ends with {last!r}"
                candidate = self._unsubscribes(reason) if kind == "unsubscribe" else self._makers[kind](reason)
                candidate.is_named = True
                yield candidate

    def _by_columns(self) -> Iterator[Candidate]:
        has = columns_of((*IDENTITY, EVENT_NAME, ITEMS, TOTAL, LIST, LISTS, CREATED_AT), self._columns)
        if any(squeezed(name) == squeezed(id_) for name in self._columns for id_ in SUBSCRIPTION_IDS):
            yield self._subscriptions("it has arrays of subscriptions")
        if ITEMS in has and TOTAL in has:
            yield self._purchases("it has items and a total")
        if LISTS in has:
            yield self._memberships("it has an array of lists")
        if LIST in has and self._identity:
            yield self._list_members(f"its column {has[LIST]!r} names lists")
        if EVENT_NAME in has and self._identity:
            yield self._events(f"its column {has[EVENT_NAME]!r} names events")
        key_is_user = bool(self._stream.key) and {*self._stream.key} <= {*self._identity.values()}
        has_moment = squeezed(has.get(CREATED_AT, "created")) not in _MOMENTS_OF_ROWS
        if has_moment and self._identity and self._stream.key and not key_is_user:
            yield self._events("it has users, times, and a key that is not the user's")
        if self._identity:
            yield self._users("it has a column that identifies users")
        if squeezed(last_part(self._stream.name)) in map(squeezed, self._project.catalogs):
            yield self._items("the project has a catalog of its name")

    @property
    def _makers(self) -> Mapping[str, Any]:
        return {
            "users": self._users,
            "events": self._events,
            "purchases": self._purchases,
            "carts": self._carts,
            "list_members": self._list_members,
            "list_memberships": self._memberships,
            "subscriptions": self._subscriptions,
            "catalog_items": self._items,
            "segment": self._segment,
        }

    def _about_users(self, object_: str, reason: str, *roles: str) -> Candidate:
        candidate = Candidate(object_, reason, columns_of((*IDENTITY, *roles), self._columns))
        accepted = ACCEPTED[self._project.type]
        if not candidate.roles.keys() & {*accepted}:
            candidate.missing.append(f"No column identifies users by {' or '.join(accepted)}.")
        return candidate

    def _users(self, reason: str) -> Candidate:
        candidate = self._about_users("users", reason)
        # The key of a table of users is their id, if no column says so.
        is_by_id = self._project.type is not ProjectType.EMAIL or not candidate.roles
        if USER_ID not in candidate.roles and is_by_id and len(self._stream.key) == 1:
            (key,) = self._stream.key
            if squeezed(key) == ID and self._columns[key].type in ("long", "string", None):
                candidate.roles[USER_ID] = key
                candidate.missing.clear()
                return candidate
        if USER_ID not in candidate.roles and ID in self._columns:
            candidate.notes.append("If `id` is the userId by which events name the user, set `id: userId` in `fields`.")
        return candidate

    def _events(self, reason: str) -> Candidate:
        candidate = self._about_users("events", reason, EVENT_NAME, *ATTRIBUTES)
        if candidate.roles.get(ID) not in (None, ID):
            del candidate.roles[ID]  # of an order, say, which may have several events
        if EVENT_NAME not in candidate.roles:
            candidate.options["event_name"] = " ".join(self._words)
            candidate.notes.append(
                "No column names the event, so all have the name of the stream: choose a better one."
            )
        if CREATED_AT not in candidate.roles:
            candidate.notes.append("No column says when it happened, so events get the time at which they are sent.")
        return candidate

    def _purchases(self, reason: str) -> Candidate:
        candidate = self._about_users("purchases", reason, ITEMS, TOTAL, *ATTRIBUTES)
        candidate.missing += self._without_items(candidate, "all of them")
        candidate.missing += self._without(candidate, TOTAL, "the total")
        return candidate

    def _carts(self, reason: str) -> Candidate:
        candidate = self._about_users("carts", reason, ITEMS)
        candidate.missing += self._without_items(candidate, "the whole cart")
        return candidate

    def _without_items(self, candidate: Candidate, all_: str) -> Sequence[str]:
        if ITEMS not in candidate.roles:
            return self._without(candidate, ITEMS, f"an array of the items: one record must hold {all_}")
        lacking = missing_members(self._columns[candidate.roles[ITEMS]].schema)
        return [f"Each of the items must have {_named(lacking)}: name them so in the source."] if lacking else []

    @staticmethod
    def _without(candidate: Candidate, role: str, what: str) -> Sequence[str]:
        return [] if role in candidate.roles else [f"No column is `{role}`, {what}."]

    def _memberships(self, reason: str) -> Candidate:
        candidate = self._about_users("list_memberships", reason, LISTS)
        candidate.missing += self._without(candidate, LISTS, "an array of the names of lists")
        return candidate

    def _list_members(self, reason: str) -> Candidate:
        candidate = self._about_users("list_members", reason, LIST_ID, LIST)
        flags = [name for name in self._columns if snake(name) in _MEMBER_COLUMNS]
        if flags and self._columns[flags[0]].type == "boolean":
            candidate.options["member_column"] = flags[0]
        if LIST not in candidate.roles and LIST_ID not in candidate.roles:
            self._name_list(candidate)
        return candidate

    def _name_list(self, candidate: Candidate) -> None:
        """Name the list by the stream: one that the project has, or a new one."""
        words = self._words[:-1] if self._words[-1] in _WORDS["list_members"] else self._words
        names = {squeezed(name): name for name in self._project.lists}
        known = next((names[at] for at in map("".join, (self._words, words)) if at in names), None)
        name = known or " ".join(words)
        if not name:
            candidate.missing.append("Neither a column nor the stream's name names a list: set `list` of the route.")
            return
        candidate.options["list"] = name
        about = "is a list of the project" if known else "would be a new list"
        candidate.notes.append(f"No column names a list. `{name}` {about}.")

    def _subscriptions(self, reason: str) -> Candidate:
        candidate = self._about_users("subscriptions", reason)
        squeezed_ids = {squeezed(name): name for name in SUBSCRIPTION_IDS}
        found = {squeezed_ids[squeezed(name)]: name for name in self._columns if squeezed(name) in squeezed_ids}
        candidate.roles |= found
        if not found:
            candidate.missing.append(f"No column is one of {_named(SUBSCRIPTION_IDS)}.")
        return candidate

    def _unsubscribes(self, reason: str) -> Candidate:
        candidate = self._about_users("subscriptions", reason)
        candidate.options["mode"] = "unsubscribe"
        candidate.notes.append("The mode `unsubscribe` works only if Iterable has switched it on for the project.")
        for column in self._columns:
            if (group := _GROUP_COLUMNS.get(snake(column))) is not None:
                candidate.options["group"] = group
                candidate.roles[GROUP_ID] = column
                return candidate
        self._choose_channel(candidate)
        return candidate

    def _choose_channel(self, candidate: Candidate) -> None:
        """Take the only channel of marketing mails; else the reader has to choose."""
        channels = [channel for channel in self._project.channels if channel.is_marketing]
        candidate.options["group"] = "messageChannel"
        if len(channels) == 1:
            candidate.options["group_id"] = channels[0].id
            candidate.notes.append(f"{channels[0].name!r} is the only channel of marketing mails.")
            return
        candidate.missing.append(
            "No column says from which list, channel or message type: set `group` and `group_id` of the route. "
            f"Channels: {_listed(self._project.channels)}. Message types: {_listed(self._project.message_types)}."
        )

    def _items(self, reason: str) -> Candidate:
        candidate = Candidate("catalog_items", reason, columns_of((CATALOG_NAME,), self._columns))
        if len(self._stream.key) != 1:
            candidate.roles |= columns_of((ITEM_ID,), self._columns)
            candidate.missing += self._without(candidate, ITEM_ID, "the id of items, and the key is not one column")
        if CATALOG_NAME not in candidate.roles:
            part = last_part(self._stream.name)
            names = {squeezed(name): name for name in self._project.catalogs}
            known = names.get(squeezed(part))
            name = candidate.options["catalog"] = known or _NOT_IN_CATALOGS.sub("-", part)
            candidate.notes.append(f"`{name}` {'is a catalog of the project' if known else 'would be a new catalog'}.")
            if not known:
                candidate.options["define_field_types"] = True
                candidate.notes.append("`define_field_types` gives its fields the types of the schema, for ever.")
        return candidate

    def _calls(self) -> Iterator[Candidate]:
        """Calls of Segment or RudderStack: raw, or from a warehouse."""
        names = self._columns.keys()
        if names >= _RAW_CALL and names & {"anonymousId", "userId"}:
            yield self._segment("it has the members of Segment's calls")
        elif names >= _WAREHOUSE_CALL and any(name.startswith("context_") for name in names):
            yield self._segment("it has the columns of Segment's tables")

    def _segment(self, reason: str) -> Candidate:
        candidate = Candidate("segment", reason, is_named=True)
        names = self._columns.keys()
        if "type" in names:
            return candidate
        call = _TABLES_OF_CALLS.get(self._words[-1] if self._words else "")
        if call is None and names & {*SHAPES["track"].subject}:
            call = "track"
        if call is None:
            candidate.missing.append("Nothing says which calls these are: set `call` of the route.")
        else:
            candidate.options["call"] = call
        if not names & {*SHAPES["track"].user_id, "email", "context_traits_email"}:
            candidate.missing.append("No column identifies users.")
        if self._words[-1:] == ["tracks"]:
            candidate.notes.append(
                "The table `tracks` has no properties: take the tables of the single events instead."
            )
        candidate.options["anonymous"] = "skip"
        candidate.notes.append("Calls of anonymous users are skipped, since Iterable knows nobody without a name.")
        return candidate


def permission_of(object_: str) -> str:
    """The setting that allows the object; empty if none is needed."""
    spec: ObjectSpec = OBJECTS[object_].spec
    return spec.permission


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _listed(groups: Sequence[Group]) -> str:
    return ", ".join(f"{group.id} ({group.name})" for group in groups) or "none that the key may read"
