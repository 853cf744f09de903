"""The claim protocol of the ledger: the table in the docstring of `write_log` is how `ReplayedLog` behaves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from target_iterable.ledger import write_log
from target_iterable.ledger.sql import CONTENT_BYTES, KEY_BYTES
from target_iterable.ledger.write_log import NOT_ACCEPTED, TOMBSTONE, WRITER_BYTES, ReplayedLog

WRITERS: Final = ("A", "B", "C")
SCOPES: Final = (b"scope--1", b"scope--2")
KEYS: Final = tuple(scope + bytes([number] * (KEY_BYTES - len(scope))) for scope in SCOPES for number in (1, 2))
CONTENTS: Final = (b"1" * CONTENT_BYTES, b"2" * CONTENT_BYTES)

FREE, CLAIMED, BY_OTHER, CONFLICT = "free", "claimed", "claimed by other", "conflict"
COMMITTED, TOMB = "committed", "tombstone"
CLAIM, COMMIT, REJECT, INVALIDATE = "claim", "commit", "reject", "invalidate"
INVALIDATE_SCOPE, COMPACT = "invalidate scope", "compact"
KINDS: Final = {
    CLAIM: write_log.CLAIM,
    COMMIT: write_log.COMMIT,
    REJECT: write_log.COMMIT,
    INVALIDATE: write_log.INVALIDATE,
    INVALIDATE_SCOPE: write_log.INVALIDATE_SCOPE,
    COMPACT: write_log.COMPACT,
}

Event = tuple[str, str, frozenset[bytes], bytes]
"""A writer, what it does, the keys (of a scope: those that share the prefix of the first), and the content."""


def documented() -> dict[tuple[str, str], str]:
    """State and event -> next state, as the docstring has them."""
    lines = re.findall(r"^ *\|(.+)\|$", write_log.__doc__ or "", re.MULTILINE)
    (_, *events), _, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    return {(row[0], event): after for row in rows for event, after in zip(events, row[1:], strict=True)}


TABLE: Final = documented()


def test_the_table_has_every_state_and_every_event() -> None:
    states = {FREE, CLAIMED, BY_OTHER, CONFLICT, COMMITTED, TOMB}
    assert TABLE.keys() == {(state, event) for state in states for event in KINDS}
    assert {*TABLE.values()} <= states


class Model:
    """Keys by the documented table: for each, the state as no writer in particular sees it, claimant, and content."""

    def __init__(self) -> None:
        self.states = dict.fromkeys(KEYS, FREE)
        self.claimants = dict.fromkeys(KEYS, "")
        self.contents = dict.fromkeys(KEYS, b"")

    def apply(self, event: Event) -> None:
        writer, what, keys, content = event
        for key in targets(what, keys):
            seen = self.states[key]
            if seen == CLAIMED and self.claimants[key] != writer:
                seen = BY_OTHER
            after = TABLE[seen, what]
            if after == CLAIMED:
                self.claimants[key] = writer
            self.states[key] = CLAIMED if after == BY_OTHER else after
            self.contents[key] = content if what == COMMIT and after == COMMITTED else self.contents[key]

    def shown(self) -> dict[bytes, tuple[str, object]]:
        said: Mapping[str, Mapping[bytes, object]] = {CLAIMED: self.claimants, COMMITTED: self.contents}
        return {key: (state, said.get(state, {}).get(key)) for key, state in self.states.items()}


def targets(what: str, keys: frozenset[bytes]) -> list[bytes]:
    if what == COMPACT:
        return [*KEYS]
    if what == INVALIDATE_SCOPE:
        return [key for key in KEYS if key.startswith(scope_of(keys))]
    return sorted(keys)


def scope_of(keys: frozenset[bytes]) -> bytes:
    return min(keys)[: len(SCOPES[0])]


def identity(writer: str) -> bytes:
    return writer.encode() * WRITER_BYTES


def append(log: ReplayedLog, connection: Connection, event: Event) -> None:
    """Do it as `Ledger` does."""
    writer, what, keys, content = event
    if what == COMPACT:
        log.replay(connection)
        log.truncate(connection, identity(writer))
    elif what == INVALIDATE_SCOPE:
        log.append(connection, KINDS[what], identity(writer), scope_of(keys))
    else:
        contents = {COMMIT: content, REJECT: NOT_ACCEPTED}.get(what, b"") * len(keys)
        log.append(connection, KINDS[what], identity(writer), b"".join(sorted(keys)), contents)


def shown(log: ReplayedLog) -> dict[bytes, tuple[str, object]]:
    return {key: _shown(log, key) for key in KEYS}


def _shown(log: ReplayedLog, key: bytes) -> tuple[str, object]:
    if (claim := log.claims.get(key)) is not None:
        return (CONFLICT, None) if claim == write_log.CONFLICT else (CLAIMED, chr(claim[0]))
    content = log.contents.get(key)
    if content is None:
        return FREE, None
    return (TOMB, None) if content == TOMBSTONE else (COMMITTED, content)


@contextmanager
def database() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as connection:
        write_log.LOG.create(connection)
        yield connection
    engine.dispose()


events = st.tuples(
    st.sampled_from(WRITERS),
    st.sampled_from([*KINDS]),
    st.frozensets(st.sampled_from(KEYS), min_size=1),
    st.sampled_from(CONTENTS),
)


@given(st.lists(events, max_size=30))
def test_after_any_events_the_replayed_log_is_where_the_table_says(happened: list[Event]) -> None:
    """Each writer replays only when it appends; one that reads along, and one that comes late, see the same."""
    logs, along, model = {writer: ReplayedLog() for writer in WRITERS}, ReplayedLog(), Model()
    with database() as connection:
        for event in happened:
            append(logs[event[0]], connection, event)
            model.apply(event)
            along.replay(connection)
            assert shown(logs[event[0]]) == shown(along) == model.shown()
        late = ReplayedLog()
        for log in (late, *logs.values()):
            log.replay(connection)
            assert shown(log) == model.shown()


WAYS: Final[Mapping[str, list[tuple[str, str]]]] = {
    FREE: [],
    CLAIMED: [("A", CLAIM)],
    BY_OTHER: [("B", CLAIM)],
    CONFLICT: [("A", CLAIM), ("B", CLAIM)],
    COMMITTED: [("B", CLAIM), ("B", COMMIT)],
    TOMB: [("B", INVALIDATE)],
}
"""How a key gets into each state, as A sees it."""


@pytest.mark.parametrize(("state", "event"), TABLE)
def test_each_transition_of_the_table_happens(state: str, event: str) -> None:
    key, log = KEYS[0], ReplayedLog()
    with database() as connection:
        for writer, what in [*WAYS[state], ("A", event)]:
            append(log, connection, (writer, what, frozenset({key}), CONTENTS[0]))
    after, by = shown(log)[key]
    assert (BY_OTHER if (after, by) == (CLAIMED, "B") else after) == TABLE[state, event]
