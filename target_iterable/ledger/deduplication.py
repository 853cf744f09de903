"""What was accepted before, remembered in a ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from hashlib import blake2b
from threading import Lock
from typing import Final, NamedTuple

from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import BatchResult, Endpoint, Envelope, Operation
from target_iterable.ledger.keyed_hash import length_prefix
from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.no_deduplication import NoDeduplication

_COMMIT_KEYS: Final = 1000
"""So many settled keys are brought to the disk while requests are still on their way."""


_KINDS: Final = 1000


class _Marks(NamedTuple):
    """A row in hashes: whom it is about, one for each name, and what it says."""

    keys: tuple[bytes, ...]
    content: bytes


class Deduplicator(NoDeduplication):
    """Remembers in a ledger.

    What is about to be overwritten is claimed before it is sent, and the new is kept after it was accepted.
    So whatever ends the run in between, the ledger never says that Iterable has what it has no longer.
    """

    def __init__(self, ledger: Ledger, *, skip: bool) -> None:
        self._ledger = ledger
        self._skip = skip
        # Also while the ledger is written: nothing may be kept over a claim that is made at the same moment.
        self._lock = Lock()
        self._marks: dict[Operation, _Marks] = {}
        self._hashers = _Hashers(ledger)
        self._settled: dict[bytes, bytes | None] = {}
        # How many rows are still to be settled that each key names.
        self._open: dict[bytes, int] = {}
        # By the list itself: the next one may be looked up before the last one is asked about.
        self._ahead: dict[int, tuple[Sequence[Operation], AbstractSet[Operation]]] = {}
        self._asked: list[Operation] = []

    def prefetch(self, rows: Sequence[Operation]) -> None:
        """See `NoDeduplication`.

        Raises:
            LedgerError: if the ledger cannot be read or written.
        """
        self._ahead[id(rows)] = rows, self._unchanged(rows)

    def unchanged(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        """See `NoDeduplication`. Behind a row that is sent, no other about the same identity is unchanged.

        Raises:
            LedgerError: if the ledger cannot be read or written.
        """
        self._asked += rows
        ahead = self._ahead.pop(id(rows), None)
        return self._unchanged(rows) if ahead is None else ahead[1]

    def _unchanged(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        marks = self._hashers.marks(rows)
        keys = {key for keys, _ in marks.values() for key in keys}
        known = self._ledger.read(keys) if self._skip else {}
        same = _same(marks, known) if known else frozenset()
        changed = {row: mark for row, mark in marks.items() if row not in same} if same else marks
        with self._lock:
            self._marks |= changed
            for about, _ in changed.values():
                for key in about:
                    self._open[key] = self._open.get(key, 0) + 1
            self._ledger.claim({key for about, _ in changed.values() for key in about} if same else keys)
        return same

    def record(self, outcome: BatchResult) -> None:
        """See `NoDeduplication`. A row without some of its fields counts as not accepted.

        Which rows lack those that Iterable has dropped, nobody says.
        """
        whole = not outcome.results.dropped_fields
        accepted = set(outcome.results.written) - outcome.results.trimmed.keys() if whole else set()
        with self._lock:
            self._complete_claims(outcome.batch.rows, accepted)
        if len(self._settled) >= _COMMIT_KEYS:
            self._keep_what_is_over()

    def commit(self) -> None:
        """See `NoDeduplication`. Rows that were asked about and never sent count as not accepted.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        with self._lock:
            asked, self._asked = self._asked, []
            self._complete_claims(asked, frozenset())
        self._keep_what_is_over()

    def close(self) -> None:
        """See `NoDeduplication`.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._asked += self._marks
        self.commit()

    def _complete_claims(self, rows: Iterable[Operation], accepted: AbstractSet[Operation]) -> None:
        for row in rows:
            keys, content = self._marks.pop(row, _NONE)
            for key in keys:
                self._settled[key] = content if row in accepted else None
                self._open[key] -= 1

    def _keep_what_is_over(self) -> None:
        """What is claimed for a row that is still on its way, or will be, stays claimed."""
        with self._lock:
            over = {key: content for key, content in self._settled.items() if not self._open[key]}
            for key in over:
                del self._settled[key], self._open[key]
            self._ledger.commit(over)

    def invalidate(self, rows: Collection[Operation]) -> None:
        """See `NoDeduplication`.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._ledger.invalidate({key for keys, _ in self._hashers.marks(rows).values() for key in keys})


def _same(marks: Mapping[Operation, _Marks], known: Mapping[bytes, bytes]) -> AbstractSet[Operation]:
    """The rows that say what is known; none that comes behind another one about the same, which is sent."""
    same, sent = set[Operation](), set[bytes]()
    for row, (keys, content) in marks.items():
        if sent.isdisjoint(keys) and all(known.get(key) == content for key in keys):
            same.add(row)
        else:
            sent.update(keys)
    return same


class _Hashers:
    """Makes the marks of rows. What many of them have in common is hashed once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # Bounded, since some places are those of a single thing, such as a purchase.
        self._kind = lru_cache(_KINDS)(self._kind_in)
        self._way = lru_cache(_KINDS)(self._way_to)

    def marks(self, rows: Iterable[Operation]) -> dict[Operation, _Marks]:
        """Those of the rows that leave something behind."""
        found: dict[Operation, _Marks] = {}
        endpoint, envelope, way = None, None, self._ledger.hasher()
        for row in rows:
            if row.endpoint is not endpoint or row.envelope is not envelope:
                endpoint, envelope = row.endpoint, row.envelope
                way = self._way(endpoint, envelope)
            if place := row.dedup_scope:
                keys = tuple([self._key(place, kind, value) for kind, value in row.names])
                found[row] = _Marks(keys, _finished(way, row.part))
        return found

    def _key(self, place: str, kind: str, value: str) -> bytes:
        """What `Ledger.key` makes of these."""
        prefix, hasher = self._kind(place, kind)
        return prefix + _finished(hasher, value.encode())

    def _kind_in(self, place: str, kind: str) -> tuple[bytes, blake2b]:
        return self._ledger.prefix(place), self._ledger.hasher(kind.encode())

    def _way_to(self, endpoint: Endpoint, envelope: Envelope) -> blake2b:
        request = endpoint.method, endpoint.path, envelope.path_params, envelope.query
        return self._ledger.hasher(dumps(request), envelope.members)


def _finished(hasher: blake2b, part: bytes) -> bytes:
    whole = hasher.copy()
    whole.update(length_prefix(part) + part)
    return whole.digest()


_NONE = _Marks((), b"")
