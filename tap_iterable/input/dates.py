"""Dates that people write: in settings, and in states by hand."""

from __future__ import annotations

import re
from datetime import datetime
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

    A text without a zone is in UTC, and a day without a time begins at midnight. A number is no date, since it could be
    seconds or milliseconds.

    Raises:
        ValueError: if it is not a date.
    """
    if (found := timestamps.parse(text)) is not None:
        return found
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a date")
    return datetime.fromisoformat(f"{match['date']}T{match['time'] or '00'}{(match['zone'] or 'Z').upper()}")
