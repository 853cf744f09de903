"""Candidates: the objects that a stream could be for, best first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Final, TypeAlias

from target_iterable.config.route import ObjectSpec
from target_iterable.objects.registry import OBJECTS
from target_iterable.objects.users.subscriptions import SUBSCRIPTION_IDS
from target_iterable.proposals.candidate_makers import Candidate, CandidateMakers, named
from target_iterable.proposals.project_contents import ProjectContents
from target_iterable.proposals.roles import (
    CREATED_AT,
    EVENT_NAME,
    ID,
    IDENTITY,
    ITEMS,
    LIST,
    LISTS,
    ROLES,
    TOTAL,
    columns_of,
    squeezed,
)
from target_iterable.proposals.source_streams import SourceStream
from target_iterable.proposals.stream_words import WORDS, last_part, words_of

_RAW_CALL: Final = frozenset({"type", "messageId"})
_WAREHOUSE_CALL: Final = frozenset({"id", "received_at"})
_MOMENTS_OF_ROWS: Final = ("created", "createdat")
"""Times that tables of anything have."""
_Maker: TypeAlias = Callable[[str], Candidate]
"""Takes the reason, and returns the candidate."""


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
        self._make = CandidateMakers(stream, project)
        self._identity = columns_of(IDENTITY, stream.columns)

    def all(self) -> Iterator[Candidate]:
        """Yield the candidates, best first."""
        yield from self._calls()
        yield from self._by_name()
        yield from self._by_members()
        yield from self._by_last_word()
        yield from self._by_columns()

    def _by_name(self) -> Iterator[Candidate]:
        part = last_part(self._stream.name)
        for spec in (object_.spec for object_ in OBJECTS.values()):
            if part in spec.streams:
                reason = f"{spec.name!r} is what streams of its name go to"
                make = self._makers.get(spec.name)
                candidate = self._make.plain(spec.name, reason) if make is None else make(reason)
                candidate.is_named = True
                yield candidate

    def _by_members(self) -> Iterator[Candidate]:
        """Objects of which the stream has all columns of the example, if these belong to no other object."""
        for name, object_ in OBJECTS.items():
            members = object_.example.keys() - {*IDENTITY, ID, "name"}
            if name not in self._makers and len(members) > 1 and members <= self._columns.keys():
                yield self._make.plain(name, f"it has the columns {named(sorted(members))}")

    def _by_last_word(self) -> Iterator[Candidate]:
        words_ = words_of(self._stream.name)
        last = words_[-1] if words_ else ""
        if words_[:-1] and "".join(words_[-2:]) in map(squeezed, ROLES[ITEMS].aliases):
            yield self._make.single_items(f"its name ends with {' '.join(words_[-2:])!r}")
            return
        for kind, words in WORDS.items():
            if last in words:
                reason = f"its name ends with {last!r}"
                candidate = self._make.unsubscribes(reason) if kind == "unsubscribe" else self._makers[kind](reason)
                candidate.is_named = True
                yield candidate

    def _by_columns(self) -> Iterator[Candidate]:
        has = columns_of((*IDENTITY, EVENT_NAME, ITEMS, TOTAL, LIST, LISTS, CREATED_AT), self._columns)
        if any(squeezed(name) == squeezed(id_) for name in self._columns for id_ in SUBSCRIPTION_IDS):
            yield self._make.subscriptions("it has arrays of subscriptions")
        if ITEMS in has and TOTAL in has:
            yield self._make.purchases("it has items and a total")
        if LISTS in has:
            yield self._make.memberships("it has an array of lists")
        if LIST in has and self._identity:
            yield self._make.list_members(f"its column {has[LIST]!r} names lists")
        if EVENT_NAME in has and self._identity:
            yield self._make.events(f"its column {has[EVENT_NAME]!r} names events")
        if self._identity:
            yield from self._of_users(has.get(CREATED_AT))
        if squeezed(last_part(self._stream.name)) in map(squeezed, self._project.catalogs):
            yield self._make.items("the project has a catalog of its name")

    def _of_users(self, moment: str | None) -> Iterator[Candidate]:
        """Rows with a column that identifies users: one for each user, or many, which the key tells."""
        key = {*self._stream.key} - {*self._identity.values()}
        has_own_moment = squeezed(moment or "created") not in _MOMENTS_OF_ROWS
        if key and moment and (has_own_moment or key != {ID}):
            yield self._make.events("it has users, times, and a key that is not the user's")
            return
        candidate = self._make.users("it has a column that identifies users")
        if key == {ID}:
            candidate.notes.append("If a user can have several of its rows, they are `events`.")
        elif key:
            candidate.missing.append("Its key is not the user's, so a user may have several rows, and one would stay.")
        yield candidate

    @cached_property
    def _makers(self) -> Mapping[str, _Maker]:
        """Object -> its maker."""
        make = self._make
        return {
            "users": make.users,
            "events": make.events,
            "purchases": make.purchases,
            "carts": make.carts,
            "list_members": make.list_members,
            "list_memberships": make.memberships,
            "subscriptions": make.subscriptions,
            "catalog_items": make.items,
            "segment": make.segment,
        }

    def _calls(self) -> Iterator[Candidate]:
        """Calls of Segment or RudderStack: raw, or from a warehouse."""
        names = self._columns.keys()
        if names >= _RAW_CALL and names & {"anonymousId", "userId"}:
            yield self._make.segment("it has the members of Segment's calls")
        elif names >= _WAREHOUSE_CALL and any(name.startswith("context_") for name in names):
            yield self._make.segment("it has the columns of Segment's tables")


def permission_of(object_: str) -> str:
    """The setting that allows the object; empty if none is needed."""
    spec: ObjectSpec = OBJECTS[object_].spec
    return spec.permission
