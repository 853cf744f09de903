"""Hashes that only who has a secret can make."""

from __future__ import annotations

from hashlib import blake2b


def length_prefix(part: bytes) -> bytes:
    """What stands before a part of what is hashed, so that no other parts are the same text."""
    return len(part).to_bytes(8)


def update_hash(hasher: blake2b, *parts: bytes) -> blake2b:
    """`hasher`, after it was told these parts."""
    for part in parts:
        hasher.update(length_prefix(part))
        hasher.update(part)
    return hasher
