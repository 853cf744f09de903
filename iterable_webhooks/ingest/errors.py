"""Why a delivery is not taken now; the sender may try again."""

from __future__ import annotations


class NotTakenError(Exception):
    """The delivery cannot be taken now."""


class OverloadedError(NotTakenError):
    """More bodies are in memory than may be."""


class StoreSlowError(NotTakenError):
    """The store did not commit in time. The delivery may be stored later all the same."""
