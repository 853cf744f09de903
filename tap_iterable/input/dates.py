"""Dates that people write: in settings, and in states by hand."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from iterable_api.facts import timestamps

_ISO: Final = re.compile(
    r"""(?P<date>\d{4}-\d{2}-\d{2}|\d{8})
        ([Tt\ ](?P<time>\d{2}(:?\d{2}(:?\d{2}([.,]\d+)?)?)?)
            \ ?(?P<zone>[Zz]|[+-]\d{2}(:?\d{2})?)?
        )?""",
    re.VERBOSE | re.ASCII,
)


def parse_date(text: str) -> datetime:
    """The moment that a text names in ISO 8601, long or compact, or as Iterable writes it.

    A text without a zone is in UTC, and a day without a time begins at midnight. A number is no date: see
    `parse_epoch`.

    Raises:
        ValueError: if it is not a date.
    """
    if (found := timestamps.parse(text)) is not None:
        return found
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a date")
    return datetime.fromisoformat(f"{match['date']}T{match['time'] or '00'}{(match['zone'] or 'Z').upper()}")


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_END: Final = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


def parse_epoch(number: float | Decimal) -> datetime:
    """The moment of an epoch in seconds or milliseconds, without fractions of a second.

    Only one of the two can be in the years from 2000 to 2099, so there is nothing to guess.

    Raises:
        ValueError: if neither is.
    """
    for seconds in (number, number / 1000):
        if _FIRST <= seconds < _END:
            return _EPOCH + timedelta(seconds=math.floor(seconds))
    raise ValueError("not an epoch of this century")
