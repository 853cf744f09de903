"""Deduplication by a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from hashlib import blake2b
from threading import Lock
from typing import ClassVar, Final, TypeAlias

from target_iterable.core.json_encoding import dumps
from target_iterable.core.keyed_hash import digest_behind
from target_iterable.core.operation import BatchResult, Endpoint, Envelope, Operation
from target_iterable.ledger.deduplication import Deduplication
from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.sql import CONTENT_BYTES, KEY_BYTES
from target_iterable.ledger.write_log import split_bytes

_COMMIT_KEYS: Final = 1000
"""Keys with a result that are stored together while later requests are still being sent."""
_CACHED_HASHERS: Final = 20_000
"""Bounded, since some scopes are those of a single thing, such as a purchase."""


RowHashes: TypeAlias = bytes
"""Hashes of a row in one: a key of `KEY_BYTES` for each of its names, and behind them the hash of its content."""
_ONE_KEY_BYTES: Final = KEY_BYTES + CONTENT_BYTES


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
        keys = _keys_in(hashes.values())
        unchanged = _unchanged(hashes, self._ledger.read({*keys}))
        if unchanged:
            hashes = {row: hashed for row, hashed in hashes.items() if row not in unchanged}
            keys = _keys_in(hashes.values())
        with self._lock:
            self._hashes |= hashes
            self._open_rows.update(keys)
            self._ledger.claim({*keys})
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
        results, open_rows = self._results, self._open_rows
        for row in rows:
            if not (hashed := self._hashes.pop(row, b"")):
                continue
            content = hashed[-CONTENT_BYTES:] if row in accepted else None
            for key in _keys_of(hashed):
                results[key] = content
                if others := open_rows.pop(key) - 1:
                    open_rows[key] = others

    def _commit_complete(self) -> None:
        """Commit the keys all of whose rows have a result. The claims of others stay."""
        with self._lock:
            complete, self._results = self._results, {}
            for key in complete.keys() & self._open_rows.keys():
                self._results[key] = complete.pop(key)
            self._ledger.commit(complete)

    def invalidate(self, rows: Collection[Operation]) -> None:
        """Put tombstones in place of the contents that `rows` have removed.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._ledger.invalidate(self._hasher.keys(rows))


def _keys_of(hashed: RowHashes) -> Sequence[bytes]:
    """Return the keys of a row, in the order of its names."""
    if len(hashed) == _ONE_KEY_BYTES:
        return (hashed[:KEY_BYTES],)
    return [*split_bytes(hashed[:-CONTENT_BYTES], KEY_BYTES)]


def _keys_in(hashes: Collection[RowHashes]) -> list[bytes]:
    """Return the keys of rows, in their order."""
    if {*map(len, hashes)} <= {_ONE_KEY_BYTES}:
        return [hashed[:KEY_BYTES] for hashed in hashes]
    return [key for hashed in hashes for key in _keys_of(hashed)]


def _unchanged(hashes: Mapping[Operation, RowHashes], known: Mapping[bytes, bytes]) -> AbstractSet[Operation]:
    """Rows whose content is known, unless a changed row with the same key comes before them."""
    if not known:
        return frozenset()
    unchanged, sent = set[Operation](), set[bytes]()
    for row, hashed in hashes.items():
        keys, content = _keys_of(hashed), hashed[-CONTENT_BYTES:]
        if {*map(known.get, keys)} <= {content} and sent.isdisjoint(keys):
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
        for row, keys in self._rows_with_keys(rows):
            if row.endpoint is not endpoint or row.envelope is not envelope:
                endpoint, envelope = row.endpoint, row.envelope
                hasher = self._content_hasher(endpoint, envelope)
            hashes[row] = keys + digest_behind(hasher, row.part)
        return hashes

    def keys(self, rows: Iterable[Operation]) -> set[bytes]:
        """Return the keys of the rows that have a scope of deduplication: `Ledger.key` of each of their names."""
        return {*split_bytes(b"".join(keys for _, keys in self._rows_with_keys(rows)), KEY_BYTES)}

    def _rows_with_keys(self, rows: Iterable[Operation]) -> Iterator[tuple[Operation, bytes]]:
        """Yield the rows that have a scope of deduplication, each with its keys, concatenated."""
        group, (prefix, hasher) = ("", ""), self._key_hasher("", "")
        for row in rows:
            if scope := row.dedup_scope:
                keys = b""
                for kind, value in row.names:
                    if (scope, kind) != group:
                        group, (prefix, hasher) = (scope, kind), self._key_hasher(scope, kind)
                    keys += prefix + digest_behind(hasher, value.encode())
                yield row, keys

    def _make_key_hasher(self, scope: str, kind: str) -> tuple[bytes, blake2b]:
        return self._ledger.scope_prefix(scope), self._ledger.hasher(kind.encode())

    def _make_content_hasher(self, endpoint: Endpoint, envelope: Envelope) -> blake2b:
        request = endpoint.method, endpoint.path, envelope.path_params, envelope.query
        return self._ledger.hasher(dumps(request), envelope.members)
