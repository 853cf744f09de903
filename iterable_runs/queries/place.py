"""Where the history is."""

from __future__ import annotations

from typing import Final

DEFAULT_PLACE: Final = "iterable-runs.db"


def has_password(place: str) -> bool:
    return False
