"""The keyed hash by which a user or an item is found, though the history holds nothing personal in clear."""

from __future__ import annotations

import hashlib
from typing import Final

_BYTES: Final = 16


def identity_hash(key: bytes, identity: str) -> bytes:
    """The keyed hash of an address or an id. Addresses are the same in any case, so all is compared in lower case."""
    folded = identity.strip().casefold().encode("utf-8", "surrogatepass")
    return hashlib.blake2b(folded, digest_size=_BYTES, key=key).digest()
