"""Dates as Iterable recognises them: in field values, and in the parameters of a request.

`is_date` is deliberately a second reading of the rule in `target_iterable/field_types`: a sandbox that
shared the target's code could not disprove it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final

from iterable_api.facts import timestamps

_ZONE: Final = r"(?:Z|[+-]\d{2}:?\d{2})"
_DATE_VALUE: Final = re.compile(
    rf"\d{{4}}-\d{{2}}-\d{{2}}(?: \d{{2}}:\d{{2}}:\d{{2}}(?: {_ZONE})?|T\d{{2}}:\d{{2}}:\d{{2}}\.\d{{3}}{_ZONE})?",
    re.ASCII,
)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FORMATS: Final = "ISO8601 with/without millis, and yyyy-MM-dd HH:mm:ss [ZZ]"


def is_date(text: str) -> bool:
    """Whether Iterable stores a text as a date.

    It does so for four formats: a date; date and time after a blank, with or without a zone; and ISO 8601 with
    milliseconds and zone. Fractions of a second after a blank, and ISO 8601 without fractions, make a string.
    """
    if _DATE_VALUE.fullmatch(text) is None:
        return False
    return timestamps.text_to_epoch_seconds(text) is not None or _parse(text) is not None


def stored_form(text: str) -> str:
    """Date value as Iterable returns it: ISO 8601 is rewritten, the other three formats stay as sent."""
    return (timestamps.text_to_iterable(text) if "T" in text else None) or text


@lru_cache(10_000)
def export_form(at: int) -> str:
    """Format epoch seconds as exports do. Cached, as rows of one request mostly share their times."""
    return timestamps.to_iterable(datetime.fromtimestamp(at, UTC))


def utc_form(moment: datetime) -> str:
    """Format a time as snippets have it: in UTC with milliseconds and `Z`, which Iterable's own client insists on."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def request_parameter(text: str) -> datetime:
    """Parse a date parameter of a request into UTC and whole seconds.

    Raises:
        ValueError: the text is no date; the message is that of Iterable's HTML page.
    """
    moment = _parse(text.strip())
    if moment is None:
        raise ValueError(f"Unable to bind {text} into a date time! Acceptable formats are {_FORMATS}")
    return moment.replace(microsecond=0)


def _parse(text: str) -> datetime | None:
    moment = timestamps.parse(text)
    if moment is not None:
        return moment
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
