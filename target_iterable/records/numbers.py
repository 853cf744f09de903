"""Numbers, which databases may write as texts: prices, totals, quantities."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeGuard

Number: TypeAlias = int | float | Decimal

WHOLE_LIMIT: Final = 10**18
"""Whole numbers are below it, so that they fit 64 bits. A Decimal can have so many digits that an integer of them would
take all memory."""
_DECIMAL: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)


def is_number(value: object) -> TypeGuard[Number]:
    """Whether `value` is a number. Booleans are integers in Python, and not here."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def decimal_of(text: str) -> Decimal | None:
    """The exact number in a text of plain digits, without separators or a currency; None for any other text."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def number_of(value: Any) -> Number | None:
    """`value` as a number, if it is one or a text of one; else None."""
    if isinstance(value, str):
        return decimal_of(value.strip())
    return value if is_number(value) else None


def whole_number(value: Any) -> int | None:
    """`value` as a whole number below `WHOLE_LIMIT`, if it is one (`2.0` is) or a text of one; else None."""
    number = number_of(value)
    if number is None or not -WHOLE_LIMIT < number < WHOLE_LIMIT or number != int(number):
        return None
    return int(number)
