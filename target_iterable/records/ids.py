"""Ids: databases have numbers where Iterable has texts, and texts where it has numbers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from target_iterable.core.rejection import RecordRejectedError

ENOUGH: Final = 10**18
"""No id has more digits; a Decimal can, and turning it into an integer could take all memory."""


def key_text(value: Any) -> str | None:
    """`value` as a text, if it is one or is a whole number (`17.0` is); else None."""
    if isinstance(value, str):
        return value
    if isinstance(value, float | Decimal) and -ENOUGH < value < ENOUGH and value == int(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def whole_number(field: str, value: Any) -> int:
    """`value` as an id that Iterable keeps as a number.

    Raises:
        RecordRefusedError: if it is not a whole number, or is negative, or does not fit 64 bits.
    """
    if value.__class__ is int and 0 <= value < ENOUGH:
        return int(value)
    text = key_text(value)
    if text is None or not re.fullmatch(r"[0-9]{1,18}", text):
        raise RecordRejectedError("invalidNumber", f"`{field}` is not a whole number", field)
    return int(text)


def needed_text(field: str, value: Any) -> str:
    """`value` as a text that must be there.

    Raises:
        RecordRefusedError: if it is empty, or no text.
    """
    if not isinstance(value, str) or not value.strip():
        raise RecordRejectedError("missingField", f"`{field}` is empty, or not a text", field)
    return value
