"""The keyed hash by which a user or an item is found, though the history holds nothing personal in clear."""

from __future__ import annotations

import hashlib
import hmac


def identity_hash(key: bytes, identity: str) -> bytes:
    """The keyed hash of an address or an id. Addresses are the same in any case, so all is compared in lower case."""
    return hmac.digest(key, identity.strip().casefold().encode("utf-8", "surrogatepass"), hashlib.sha256)
