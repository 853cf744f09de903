"""The types of API keys, and which of them may call an endpoint.

Iterable documents the types by families of endpoints, not method by method, so the edges are a reading of that.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class KeyType(StrEnum):
    """The types; the values are what a refusal calls them. Only the first was seen in one."""

    SERVER = "ServerSide"
    READ_ONLY = "ServerSideReadOnly"
    MOBILE = "Mobile"
    JAVASCRIPT = "JavaScript"
    DISABLED = "Disabled"


SERVERS: Final = frozenset({KeyType.SERVER})
"""Everything that is in none of the other sets. Exports are here: a read-only key cannot export."""
READERS: Final = frozenset({KeyType.SERVER, KeyType.READ_ONLY})
"""Reading what describes a project: campaigns, templates, journeys, lists without their members, and the like."""
CLIENTS: Final = frozenset({KeyType.SERVER, KeyType.MOBILE, KeyType.JAVASCRIPT})
"""A user's own profile, events and in-app messages, for apps and web pages too."""
DEVICES: Final = frozenset({KeyType.MOBILE, KeyType.JAVASCRIPT})
"""Calls that apps and web pages make and servers may not."""
