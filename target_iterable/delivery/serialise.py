"""JSON as Iterable reads it: exact numbers, Iterable's spelling of dates, UTF-8, no blanks."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final

import simplejson

from iterable_api import times
from target_iterable.delivery.refusal import RecordRefusedError


def dumps(value: Any, *, sort_keys: bool = False) -> bytes:
    """The JSON of `value`. A `Decimal` keeps every digit.

    Raises:
        RecordRefusedError: for what JSON or UTF-8 cannot hold: NaN, infinity, half a surrogate pair.
    """
    try:
        return _ENCODERS[sort_keys].encode(value).encode()
    except UnicodeEncodeError:
        raise RecordRefusedError("invalidText", "a text is not valid Unicode") from None
    except ValueError:
        raise RecordRefusedError("invalidNumber", "a number is infinite or not a number") from None


def _spell(value: object) -> str:
    """Dates and times that a stream map has made; the columns of a record hold text."""
    if isinstance(value, datetime):
        return times.to_iterable(value)
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} is not JSON")


def _encoder(*, sort_keys: bool) -> simplejson.JSONEncoder:
    return simplejson.JSONEncoder(
        use_decimal=True,
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
        default=_spell,
        sort_keys=sort_keys,
    )


_ENCODERS: Final = {sort_keys: _encoder(sort_keys=sort_keys) for sort_keys in (False, True)}
