"""Prices, totals and quantities: numbers, which databases may write as texts."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final, TypeAlias

Number: TypeAlias = int | float | Decimal

_DECIMAL: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_ENOUGH: Final = 10**18


def decimal_of(text: str) -> Decimal | None:
    """The number that a text is, to the last digit, if it is one in plain figures: no separators, no currency."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def number_of(value: Any) -> Number | None:
    """`value` as a number, if it is one or is a text of one; else None."""
    if isinstance(value, str):
        return decimal_of(value.strip())
    return value if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


def whole_of(value: Any) -> int | None:
    """`value` as a whole number that fits 64 bits, if it is one (`2.0` is); else None."""
    number = number_of(value)
    # The range comes first: a Decimal can have so many digits that an integer of them would take all memory.
    return int(number) if number is not None and -_ENOUGH < number < _ENOUGH and number == int(number) else None
