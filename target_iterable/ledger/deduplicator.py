"""Deduplication by a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from threading import Lock
from typing import ClassVar, Final, NamedTuple

from target_iterable.core.json_encoding import dumps
from target_iterable.core.keyed_hash import update_hash
from target_iterable.core.operation import BatchResult, Endpoint, Envelope, Operation
from target_iterable.ledger.deduplication import Deduplication
from target_iterable.ledger.ledger import Ledger

_COMMIT_KEYS: Final = 1000
"""Keys with a result that are stored together while later requests are still being sent."""
_CACHED_HASHERS: Final = 20_000
"""Bounded, since some scopes are those of a single thing, such as a purchase."""


class RowHashes(NamedTuple):
    """Hashes of a row: one key for each name, and the content."""

    keys: tuple[bytes, ...]
    content: bytes


_NO_HASHES: Final = RowHashes((), b"")


class Deduplicator(Deduplication):
    """Deduplication whose contents are hashes in a ledger.

    Keys are claimed before their rows are sent, and committed after the rows were accepted. So the ledger never says
    that Iterable holds a content which it no longer holds, whenever the run ends.
    """

    row_memory: ClassVar[int] = 600

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # Held also while the ledger is written: no commit may overtake a claim that is made at the same moment.
        self._lock = Lock()
        self._hashes: dict[Operation, RowHashes] = {}
        self._hasher = RowHasher(ledger)
        # Key to accepted content, or to None where the last row was not accepted.
        self._results: dict[bytes, bytes | None] = {}
        # Key to the number of its rows that have no result yet.
        self._open_rows: Counter[bytes] = Counter()
        # By the id of the list: the next load may be prefetched before the last one is consumed.
        self._prefetched: dict[int, tuple[Sequence[Operation], AbstractSet[Operation]]] = {}

    def prefetch(self, rows: Sequence[Operation]) -> None:
        """Look `rows` up, and claim the keys of the changed ones, before `unchanged` is called with the same list.

        Raises:
            LedgerError: if the ledger cannot be read or written.
        """
        self._prefetched[id(rows)] = rows, self._claim_changed(rows)

    def unchanged(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        """Return the rows whose content is in the ledger, and claim the keys of all others.

        No row counts as unchanged behind a changed one about the same identity.

        Raises:
            LedgerError: if the ledger cannot be read or written.
        """
        prefetched = self._prefetched.pop(id(rows), None)
        return self._claim_changed(rows) if prefetched is None else prefetched[1]

    def _claim_changed(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        hashes = self._hasher.hash_rows(rows)
        keys = {key for keys, _ in hashes.values() for key in keys}
        known = self._ledger.read(keys)
        unchanged = _unchanged(hashes, known) if known else frozenset()
        changed = {row: of_row for row, of_row in hashes.items() if row not in unchanged} if unchanged else hashes
        with self._lock:
            self._hashes |= changed
            self._open_rows.update(chain.from_iterable(keys_of_row for keys_of_row, _ in changed.values()))
            self._ledger.claim(
                {key for keys_of_row, _ in changed.values() for key in keys_of_row} if unchanged else keys
            )
        return unchanged

    def record(self, result: BatchResult) -> None:
        """Record which rows of a batch were accepted, and commit when enough of them are complete.

        A row without some of its fields does not count as accepted. Where Iterable has dropped fields, no row of the
        batch does: the response does not say which rows lost them.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        is_whole = not result.results.dropped_fields
        accepted = set(result.results.written) - result.results.trimmed.keys() if is_whole else set()
        with self._lock:
            self._record_rows(result.batch.rows, accepted)
        if len(self._results) >= _COMMIT_KEYS:
            self._commit_complete()

    def commit(self, rows: Iterable[Operation] | None = None) -> None:
        """Store the recorded results. Of `rows`, by default of all, those without a result count as not accepted.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        with self._lock:
            self._record_rows([*self._hashes] if rows is None else rows, frozenset())
        self._commit_complete()

    def close(self) -> None:
        """Store the recorded results. All other rows, prefetched ones included, count as not accepted.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self.commit()

    def _record_rows(self, rows: Iterable[Operation], accepted: AbstractSet[Operation]) -> None:
        for row in rows:
            keys, content = self._hashes.pop(row, _NO_HASHES)
            for key in keys:
                self._results[key] = content if row in accepted else None
                self._open_rows[key] -= 1

    def _commit_complete(self) -> None:
        """Commit the keys all of whose rows have a result. The claims of others stay."""
        with self._lock:
            complete = {key: content for key, content in self._results.items() if not self._open_rows[key]}
            for key in complete:
                del self._results[key], self._open_rows[key]
            self._ledger.commit(complete)

    def invalidate(self, rows: Collection[Operation]) -> None:
        """Put tombstones in place of the contents that `rows` have removed.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._ledger.invalidate(self._hasher.keys(rows))


def _unchanged(hashes: Mapping[Operation, RowHashes], known: Mapping[bytes, bytes]) -> AbstractSet[Operation]:
    """Rows whose content is known, unless a changed row with the same key comes before them."""
    unchanged, sent = set[Operation](), set[bytes]()
    for row, (keys, content) in hashes.items():
        if sent.isdisjoint(keys) and all(known.get(key) == content for key in keys):
            unchanged.add(row)
        else:
            sent.update(keys)
    return unchanged


class RowHasher:
    """Hashes rows. Parts that many rows share are hashed once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._key_hasher = lru_cache(_CACHED_HASHERS)(self._make_key_hasher)
        self._content_hasher = lru_cache(_CACHED_HASHERS)(self._make_content_hasher)

    def hash_rows(self, rows: Iterable[Operation]) -> dict[Operation, RowHashes]:
        """Hash the rows that have a scope of deduplication; all others are left out."""
        hashes: dict[Operation, RowHashes] = {}
        endpoint, envelope, hasher = None, None, self._ledger.hasher()
        for row in rows:
            if row.endpoint is not endpoint or row.envelope is not envelope:
                endpoint, envelope = row.endpoint, row.envelope
                hasher = self._content_hasher(endpoint, envelope)
            if scope := row.dedup_scope:
                hashes[row] = RowHashes(tuple(self._keys(scope, row)), _digest(hasher, row.part))
        return hashes

    def keys(self, rows: Iterable[Operation]) -> set[bytes]:
        """Return the keys of the rows that have a scope of deduplication: `Ledger.key` of each of their names."""
        keys: set[bytes] = set()
        group, (prefix, hasher) = ("", ""), self._key_hasher("", "")
        for row in rows:
            if scope := row.dedup_scope:
                for kind, value in row.names:
                    if (scope, kind) != group:
                        group, (prefix, hasher) = (scope, kind), self._key_hasher(scope, kind)
                    keys.add(prefix + _digest(hasher, value.encode()))
        return keys

    def _keys(self, scope: str, row: Operation) -> list[bytes]:
        keys = []
        for kind, value in row.names:
            prefix, hasher = self._key_hasher(scope, kind)
            keys.append(prefix + _digest(hasher, value.encode()))
        return keys

    def _make_key_hasher(self, scope: str, kind: str) -> tuple[bytes, blake2b]:
        return self._ledger.scope_prefix(scope), self._ledger.hasher(kind.encode())

    def _make_content_hasher(self, endpoint: Endpoint, envelope: Envelope) -> blake2b:
        request = endpoint.method, endpoint.path, envelope.path_params, envelope.query
        return self._ledger.hasher(dumps(request), envelope.members)


def _digest(hasher: blake2b, part: bytes) -> bytes:
    """Hash one more part behind what `hasher` has hashed already."""
    return update_hash(hasher.copy(), part).digest()
