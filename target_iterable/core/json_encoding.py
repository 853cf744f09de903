"""JSON encoding as Iterable reads it: exact numbers, Iterable's spelling of dates, UTF-8, no blanks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import msgspec

from iterable_api.facts import timestamps
from target_iterable.core.rejection import RecordRejectedError

MOST_DIGITS: Final = 4_300
"""Digits of an integer that Python reads. The time for more grows with their square."""
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_encode_sorted: Final = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


def dumps(value: Any, *, sort_keys: bool = False) -> bytes:
    """Encode a value that `exact` has made. A `Decimal` keeps all its digits.

    Raises:
        RecordRejectedError: for half a surrogate pair, which UTF-8 cannot hold.
    """
    try:
        return _encode_sorted(value) if sort_keys else _encode(value)
    except UnicodeEncodeError:
        raise RecordRejectedError("invalidText", "a text is not valid Unicode") from None


def dumps_all(values: Iterable[Any]) -> list[bytes]:
    """Encode each of many values that `exact` has made, and whose texts were read from UTF-8."""
    return list(map(_encode, values))


def exact(value: Any) -> Any:
    """Convert `value` for `dumps`: numbers with a point to decimals, and dates that a stream map has made to texts.

    Raises:
        RecordRejectedError: for NaN and infinity, which JSON cannot hold, and for thousands of digits.
    """
    if isinstance(value, dict):
        return {name: exact(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    if isinstance(value, float | Decimal):
        return _finite(Decimal(repr(value)) if isinstance(value, float) else value)
    if isinstance(value, datetime):
        return timestamps.to_iterable(value)
    return value.isoformat() if isinstance(value, date | time) else value


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise RecordRejectedError("invalidNumber", "a number is infinite or not a number")
    if len(number.as_tuple().digits) > MOST_DIGITS:
        raise RecordRejectedError("invalidNumber", "a number has too many digits")
    return number
