"""Keyed hashes of several parts."""

from __future__ import annotations

from hashlib import blake2b


def length_prefix(part: bytes) -> bytes:
    """Encode the length of a part: hashed in front of each part, it tells apart lists whose joined bytes are equal."""
    return len(part).to_bytes(8)


def update_hash(hasher: blake2b, *parts: bytes) -> blake2b:
    """Feed `parts` to `hasher`, each behind its length, and return it."""
    for part in parts:
        hasher.update(length_prefix(part))
        hasher.update(part)
    return hasher


def digest_behind(hasher: blake2b, part: bytes) -> bytes:
    """Return the digest of what `hasher` was fed and of one more part; `hasher` stays as it is."""
    fed = hasher.copy()
    fed.update(length_prefix(part) + part)
    return fed.digest()
