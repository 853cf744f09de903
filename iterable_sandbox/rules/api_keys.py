"""API keys: the endpoints that each type may call, and the identifier that stands for a key."""

from __future__ import annotations

from hashlib import sha256

from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.key_types import KeyType


def may_call(key_type: KeyType, method: str, path: str, *, typed: bool = True) -> bool:
    """Whether a key of a type may call an endpoint, named by its contract template.

    Unless keys are `typed`, all that are not disabled may call everything, as before 2018.
    """
    return key_type in facts_of(method, path).key_types if typed else key_type != KeyType.DISABLED


def identifier(key: str) -> str:
    """A short name for a key that gives nothing of it away."""
    return sha256(key.encode()).hexdigest()[:8]
