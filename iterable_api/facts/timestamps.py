"""Iterable's date formats, for reading and writing.

Iterable writes `2021-07-01 18:00:44 +00:00` in users and exports, epoch milliseconds in metadata, and
now and then another form (`+0000`, `2025-12-19T22:43:34.134105.000Z`). It reads Unix seconds in
`createdAt` of events, and `yyyy-MM-dd HH:mm:ss` (UTC) in the ranges of an export.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from iterable_api.joint_pattern import JointPattern

_TIMESTAMP: Final = re.compile(
    r"""(?P<date>\d{4}-\d{2}-\d{2})
        [Tt ](?P<time>\d{2}:\d{2}:\d{2})
        (?:\.(?P<fraction>\d{1,9}))?(?:\.\d+)?
        \s?(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)?""",
    re.VERBOSE | re.ASCII,
)
_SEPARATORS: Final = frozenset("T ")
_MINUTES: Final = {f"{minute // 60:02}:{minute % 60:02}:": minute * 60 for minute in range(24 * 60)}
_UTC: Final = ("", "Z", "+00:00", " +00:00", ".000Z", ".000000Z", ".000000+00:00")
_UTC_SECONDS: Final = {f"{second:02}{zone}": second for second in range(60) for zone in _UTC}
_FRACTION: Final = re.compile(r"\.\d{1,9}Z", re.ASCII)
"""What is cut off a moment of UTC, as JavaScript writes it."""
_FRACTIONS: Final = JointPattern(rf"\d\d{_FRACTION.pattern}", re.ASCII)
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


def parse(text: str) -> datetime | None:
    """The moment that `text` names, in UTC, or None if it is not a timestamp with a time of day.

    A timestamp without a zone is UTC, as everywhere at Iterable. A leap second, `23:59:60` of UTC in RFC 3339, is the
    first second of the next day.
    """
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        return None
    zone = (match["zone"] or "Z").upper().replace("Z", "+00:00")
    fraction = (match["fraction"] or "0")[:6].ljust(6, "0")
    is_leap = match["time"].endswith(":60")
    clock = f"{match['time'][:-2]}59" if is_leap else match["time"]
    try:
        moment = datetime.fromisoformat(f"{match['date']}T{clock}.{fraction}{zone}").astimezone(UTC)
        return _after_leap(moment) if is_leap else moment
    except (ValueError, OverflowError):
        return None


def _after_leap(moment: datetime) -> datetime | None:
    """The second after the last one of a day; None for any other second, since only that one may be a leap."""
    is_last = (moment.hour, moment.minute) == (23, 59)
    return moment + timedelta(seconds=1) if is_last else None


def to_rfc3339(moment: datetime) -> str:
    """UTC with microseconds, always of one length, so that text sorts as time does."""
    return _utc(moment).isoformat(timespec="microseconds")


def text_to_rfc3339(text: str) -> str | None:
    """The moment that `text` names as `to_rfc3339` writes it; None if `parse` makes nothing of it.

    Exports are full of dates, nearly all in one spelling. That one is rewritten by look-up: the calendar is needed
    only once for each day.
    """
    day, clock, end = _days.get(text[:11]), _CLOCKS.get(text[11:17]), _SECONDS.get(text[17:])
    if day is not None and clock is not None and end is not None:
        return f"{day}{clock}{end}"
    return _parsed_to_rfc3339(text)


def _parsed_to_rfc3339(text: str) -> str | None:
    moment = parse(text)
    if moment is None:
        return None
    if text == to_iterable(moment):
        if len(_days) >= _MAX_DAYS:
            _days.clear()
        _days[text[:11]] = f"{text[:10]}T"
    return to_rfc3339(moment)


_days: Final[dict[str, str]] = {}
"""Cache of days: the beginning of a `to_iterable` text -> the beginning of its `to_rfc3339` text."""
_MAX_DAYS: Final = 10_000
_CLOCKS: Final = {clock: clock for clock in _MINUTES}
_SECONDS: Final = {f"{second:02} +00:00": f"{second:02}.000000+00:00" for second in range(60)}
"""End of a `to_iterable` text -> end of its `to_rfc3339` text."""


def from_epoch_ms(milliseconds: int) -> datetime:
    """The moment of an epoch in milliseconds, as metadata endpoints write it.

    Raises:
        OverflowError: if it is before the year 1 or after the year 9999.
    """
    return _EPOCH + timedelta(milliseconds=milliseconds)


def to_epoch_seconds(moment: datetime) -> int:
    """Unix seconds, as `createdAt` of events and purchases wants them; fractions are cut off."""
    return (_utc(moment) - _EPOCH) // timedelta(seconds=1)


def to_iterable(moment: datetime) -> str:
    """Iterable's own form of a date, `2021-07-01 18:00:44 +00:00`, which it always reads as a date."""
    return f"{to_export_bound(moment)} +00:00"


def text_to_iterable(text: str) -> str | None:
    """The moment that `text` names as `to_iterable` writes it; None if `parse` makes nothing of it."""
    if _common_seconds(text) is not None:
        return f"{text[:10]} {text[11:19]} +00:00"
    moment = parse(text)
    return None if moment is None else to_iterable(moment)


def text_to_epoch_seconds(text: str) -> int | None:
    """The moment that `text` names as Unix seconds; None if `parse` makes nothing of it."""
    if (seconds := _common_seconds(text)) is not None:
        return seconds
    moment = parse(text)
    return None if moment is None else to_epoch_seconds(moment)


def texts_to_iterable(texts: Sequence[str]) -> list[str] | None:
    """What `text_to_iterable` makes of each text, if all have common spellings of UTC; else None.

    They are read together, which takes a third of the time of one after the other.
    """
    parts = _common_parts(texts)
    return None if parts is None else [f"{day} {clock} +00:00" for day, clock in parts]


def texts_to_epoch_seconds(texts: Sequence[str]) -> list[int] | None:
    """What `text_to_epoch_seconds` makes of each text, if all have common spellings of UTC; else None."""
    try:
        return [
            _MIDNIGHTS[text[:11]] + _MINUTES[text[11:17]] + _UTC_SECONDS[second]
            for text, second in zip(texts, _without_fractions([text[17:] for text in texts]), strict=True)
        ]
    except KeyError:
        parts = _common_parts(texts)
    if parts is None:
        return None
    midnights = {day: _midnight(day) or 0 for day, _ in parts}
    return [midnights[day] + _MINUTES[clock[:6]] + int(clock[6:]) for day, clock in parts]


def _without_fractions(seconds: list[str]) -> list[str]:
    """The ends of timestamps, without fractions if all are as JavaScript writes them."""
    return [second[:2] for second in seconds] if _FRACTIONS.matches_all(seconds) else seconds


def texts_to_rfc3339(texts: Sequence[str]) -> list[str] | None:
    """What `text_to_rfc3339` makes of each text, if all have the spelling and the days that it has seen; else None."""
    try:
        return [_days[text[:11]] + _CLOCKS[text[11:17]] + _SECONDS[text[17:]] for text in texts]
    except KeyError:
        return None


def _common_parts(texts: Sequence[str]) -> list[tuple[str, str]] | None:
    """Day and clock of each text; None unless all are in common spellings of UTC."""
    lines = "\n".join(texts)
    parts: list[tuple[str, str]] = _COMMON.findall(lines)
    if len(parts) != len(texts) or lines.count("\n") >= max(len(texts), 1):
        return None
    return None if None in map(_midnight, {day for day, _ in parts}) else parts


_COMMON: Final = re.compile(
    r"^(\d{4}-\d{2}-\d{2})[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.\d{1,9})?(?:Z|\ ?\+00:00)?$",
    re.ASCII | re.MULTILINE,
)


def _common_seconds(text: str) -> int | None:
    """Unix seconds of a timestamp in one of the common spellings, looked up part by part; None for any other text."""
    clock, second = _MINUTES.get(text[11:17]), _UTC_SECONDS.get(text[17:])
    if second is None and text[-1:] == "Z" and _FRACTION.fullmatch(text, 19):
        second = _UTC_SECONDS.get(text[17:19])
    if clock is None or second is None or text[10:11] not in _SEPARATORS or (day := _midnight(text[:10])) is None:
        return None
    return day + clock + second


@lru_cache(_MAX_DAYS)
def _midnight(day: str) -> int | None:
    """Unix seconds at the beginning of a day like `2021-07-01`; None if there is no such day."""
    try:
        midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(midnight.timestamp()) if midnight.date().isoformat() == day else None


class _Midnights(dict[str, int]):
    """Beginning of a timestamp, with its separator -> `_midnight`; KeyError where that is None."""

    def __missing__(self, beginning: str) -> int:
        midnight = _midnight(beginning[:10]) if beginning[10:] in _SEPARATORS else None
        if midnight is None:
            raise KeyError
        if len(self) >= _MAX_DAYS:
            self.clear()
        self[beginning] = midnight
        return midnight


_MIDNIGHTS: Final = _Midnights()


def to_export_bound(moment: datetime) -> str:
    """`2021-07-01 18:00:44` in UTC, for the range of an export; the seconds are whole."""
    # Not strftime: it writes the year 1 as "1", and databases like 0001-01-01.
    return _utc(moment).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def _utc(moment: datetime) -> datetime:
    """The moment in UTC; one without a zone is taken for UTC, not for the local time of this machine."""
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
