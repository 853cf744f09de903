"""Makers of candidates: one for each object that has roles for columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from iterable_api.facts.identity import ProjectType
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
from target_iterable.proposals.source_streams import ITEM_ID as VALID_ITEM_ID
from target_iterable.proposals.source_streams import SourceStream
from target_iterable.proposals.stream_words import WORDS, last_part, words_of
from target_iterable.records.user_identity import ACCEPTED, USER_ID
from target_iterable.segment.call import SHAPES
from target_iterable.segment.names import snake

_MEMBER_COLUMNS: Final = ("is_member", "member", "in_list", "in_audience", "in_segment")
_GROUP_COLUMNS: Final[Mapping[str, str]] = {
    "channel_id": "messageChannel",
    "message_type_id": "messageType",
    "list_id": "emailList",
}
"""Column with the id of what users unsubscribe from -> the `group` of the route."""
_TABLES_OF_CALLS: Final[Mapping[str, str]] = {
    "identifies": "identify",
    "users": "user",
    "pages": "page",
    "screens": "screen",
}
"""Last word of a table's name -> the `call` of its rows; all others hold a track call if they name an event."""
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


class CandidateMakers:
    """Makes candidates for one stream. Each maker takes the reason, see `Candidate`."""

    def __init__(self, stream: SourceStream, project: ProjectContents) -> None:
        self._stream = stream
        self._columns = stream.columns
        self._project = project
        self._words = words_of(stream.name)

    def _about_users(self, object_: str, reason: str, *roles: str) -> Candidate:
        candidate = Candidate(object_, reason, columns_of((*IDENTITY, *roles), self._columns))
        accepted = ACCEPTED[self._project.type]
        if not candidate.roles.keys() & {*accepted}:
            candidate.missing.append(f"No column identifies users by {' or '.join(accepted)}.")
        return candidate

    def plain(self, object_: str, reason: str) -> Candidate:
        """A candidate for an object of which no column has a role, but those that identify users."""
        if OBJECTS[object_].example.keys() & {*IDENTITY}:
            return self._about_users(object_, reason)
        return Candidate(object_, reason)

    def single_items(self, reason: str) -> Candidate:
        """A candidate for `purchases` whose items are rows of their own."""
        missing = "A record of `purchases` must hold all items of the purchase, as an array: join them in the source."
        return Candidate("purchases", reason, missing=[missing], is_named=True)

    def users(self, reason: str) -> Candidate:
        """A candidate for `users`."""
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

    def events(self, reason: str) -> Candidate:
        """A candidate for `events`, all of one name if no column names them."""
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

    def purchases(self, reason: str) -> Candidate:
        """A candidate for `purchases`."""
        candidate = self._about_users("purchases", reason, ITEMS, TOTAL, *ATTRIBUTES)
        candidate.missing += self._without_items(candidate, "all of them")
        candidate.missing += self._without(candidate, TOTAL, "the total")
        return candidate

    def carts(self, reason: str) -> Candidate:
        """A candidate for `carts`."""
        candidate = self._about_users("carts", reason, ITEMS)
        candidate.missing += self._without_items(candidate, "the whole cart")
        return candidate

    def _without_items(self, candidate: Candidate, all_: str) -> Sequence[str]:
        if ITEMS not in candidate.roles:
            return self._without(candidate, ITEMS, f"an array of the items: one record must hold {all_}")
        lacking = missing_members(self._columns[candidate.roles[ITEMS]].schema)
        return [f"Each of the items must have {named(lacking)}: name them so in the source."] if lacking else []

    @staticmethod
    def _without(candidate: Candidate, role: str, what: str) -> Sequence[str]:
        return [] if role in candidate.roles else [f"No column is `{role}`, {what}."]

    def memberships(self, reason: str) -> Candidate:
        """A candidate for `list_memberships`."""
        candidate = self._about_users("list_memberships", reason, LISTS)
        candidate.missing += self._without(candidate, LISTS, "an array of the names of lists")
        return candidate

    def list_members(self, reason: str) -> Candidate:
        """A candidate for `list_members`: of the lists in a column, or of the one that the stream names."""
        candidate = self._about_users("list_members", reason, LIST_ID, LIST)
        flags = [name for name in self._columns if snake(name) in _MEMBER_COLUMNS]
        if flags and self._columns[flags[0]].type == "boolean":
            candidate.options["member_column"] = flags[0]
        if LIST not in candidate.roles and LIST_ID not in candidate.roles:
            self._name_list(candidate)
        return candidate

    def _name_list(self, candidate: Candidate) -> None:
        """Name the list by the stream: one that the project has, or a new one."""
        words = self._words[:-1] if self._words[-1] in WORDS["list_members"] else self._words
        names = {squeezed(name): name for name in self._project.lists}
        known = next((names[at] for at in map("".join, (self._words, words)) if at in names), None)
        name = known or " ".join(words)
        if not name:
            candidate.missing.append("Neither a column nor the stream's name names a list: set `list` of the route.")
            return
        candidate.options["list"] = name
        about = "is a list of the project" if known else "would be a new list"
        candidate.notes.append(f"No column names a list. `{name}` {about}.")

    def subscriptions(self, reason: str) -> Candidate:
        """A candidate for `subscriptions` that are overwritten."""
        candidate = self._about_users("subscriptions", reason)
        squeezed_ids = {squeezed(name): name for name in SUBSCRIPTION_IDS}
        found = {squeezed_ids[squeezed(name)]: name for name in self._columns if squeezed(name) in squeezed_ids}
        candidate.roles |= found
        if not found:
            candidate.missing.append(f"No column is one of {named(SUBSCRIPTION_IDS)}.")
        return candidate

    def unsubscribes(self, reason: str) -> Candidate:
        """A candidate for `subscriptions` that end."""
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

    def items(self, reason: str) -> Candidate:
        """A candidate for `catalog_items`."""
        candidate = Candidate("catalog_items", reason, columns_of((CATALOG_NAME,), self._columns))
        if len(self._stream.key) != 1:
            candidate.roles |= columns_of((ITEM_ID,), self._columns)
            candidate.missing += self._without(candidate, ITEM_ID, "the id of items, and the key is not one column")
        self._mend_ids(candidate)
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

    def _mend_ids(self, candidate: Candidate) -> None:
        """Let ids be changed if some of the sample cannot be those of items."""
        name = candidate.roles.get(ITEM_ID) or next(iter(self._stream.key), "")
        column = self._columns.get(name)
        if column is not None and column.passed[VALID_ITEM_ID] < column.filled:
            candidate.options["unsafe_ids"] = "replace"
            bad = column.filled - column.passed[VALID_ITEM_ID]
            candidate.notes.append(f"`{name}` cannot be the id of an item in {bad} of {column.filled} records.")

    def segment(self, reason: str) -> Candidate:
        """A candidate for `segment`: calls in raw form, or of a table in a warehouse."""
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
        if not names & {*SHAPES[call or "track"].user_id, "email", "context_traits_email"}:
            candidate.missing.append("No column identifies users.")
        if self._words[-1:] == ["tracks"]:
            candidate.notes.append(
                "The table `tracks` has no properties: take the tables of the single events instead."
            )
        candidate.options["anonymous"] = "skip"
        candidate.notes.append("Calls of anonymous users are skipped, since Iterable knows nobody without a name.")
        return candidate


def named(names: Sequence[str]) -> str:
    """The names, as a sentence lists them."""
    return ", ".join(f"`{name}`" for name in names)


def _listed(groups: Sequence[Group]) -> str:
    return ", ".join(f"{group.id} ({group.name})" for group in groups) or "none that the key may read"
