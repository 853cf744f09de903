"""Hashes of rows: the keys of the things that they write, and of their contents."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Envelope, Operation
from target_iterable.ledger.ledger import Ledger

_CACHED_HASHERS: Final = 20_000
"""Bounded, since some scopes are those of a single thing, such as a purchase."""


class RowHashes(NamedTuple):
    """Hashes of a row: one key for each name, and the content."""

    keys: tuple[bytes, ...]
    content: bytes


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
                digest, part = hasher.copy(), row.part
                digest.update(len(part).to_bytes(8) + part)
                hashes[row] = RowHashes(tuple(self._keys(scope, row)), digest.digest())
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
                    digest, name = hasher.copy(), value.encode()
                    digest.update(len(name).to_bytes(8) + name)
                    keys.add(prefix + digest.digest())
        return keys

    def _keys(self, scope: str, row: Operation) -> list[bytes]:
        keys = []
        for kind, value in row.names:
            prefix, hasher = self._key_hasher(scope, kind)
            digest, name = hasher.copy(), value.encode()
            digest.update(len(name).to_bytes(8) + name)
            keys.append(prefix + digest.digest())
        return keys

    def _make_key_hasher(self, scope: str, kind: str) -> tuple[bytes, blake2b]:
        return self._ledger.scope_prefix(scope), self._ledger.hasher(kind.encode())

    def _make_content_hasher(self, endpoint: Endpoint, envelope: Envelope) -> blake2b:
        request = endpoint.method, endpoint.path, envelope.path_params, envelope.query
        return self._ledger.hasher(dumps(request), envelope.members)
