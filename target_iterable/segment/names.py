"""Names of events and fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_SEPARATORS: Final = re.compile(r"[\W_]+")

UNNAMED_PAGE_EVENTS: Final[Mapping[str, str]] = {"page": "Loaded a Page", "screen": "Loaded a Screen"}
"""Type of call -> the event of pages or screens that have no name."""


def snake(name: str) -> str:
    """The name in snake case: `order_completed` for `Order Completed`."""
    return _SEPARATORS.sub("_", name.lower()).strip("_")


def page_event(type_: str, name: str) -> str:
    """The event of a page or screen that has a name: `Pricing page`."""
    return f"{name} {type_}"
