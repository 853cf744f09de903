"""Profile fields that Iterable sets itself."""

from __future__ import annotations

from typing import Final

RESERVED: Final = frozenset(
    {"itblInternal", "itblDS", "itblUserId", "profileUpdatedAt", "signupSource", "devices", "browserTokens"}
)
"""Profile fields that Iterable sets itself. Their effect in a request is not documented."""
