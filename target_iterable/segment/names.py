"""Names that Iterable's events and fields get."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NOT_OF_A_NAME: Final = re.compile(r"[\W_]+")

NAMELESS: Final[Mapping[str, str]] = {"page": "Loaded a Page", "screen": "Loaded a Screen"}
"""What pages and screens without a name of their own are called."""


def snake(name: str) -> str:
    """In lower case, with `_` between the words: `Order Completed` is `order_completed`."""
    return _NOT_OF_A_NAME.sub("_", name.lower()).strip("_")


def viewed(type_: str, name: str) -> str:
    """The event of a page or screen with a name: `Pricing page`."""
    return f"{name} {type_}"
