"""Numbers, sizes, spans and moments as texts. What is not known is a dash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

UNKNOWN: Final = "-"

_SPANS: Final[Sequence[tuple[int, str]]] = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_SIZES: Final[Sequence[tuple[int, str]]] = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))
_THOUSANDS: Final[Sequence[tuple[int, str]]] = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))
_LEAST_SECONDS: Final = 10
"""Shorter spans have a decimal."""


def number(value: float | None) -> str:
    """`1,234,567`; at most one decimal."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def short_number(value: float | None) -> str:
    """A number for the axis of a chart: `400k`, `2.5M`, `12`."""
    if value is None:
        return UNKNOWN
    for unit, name in _THOUSANDS:
        if abs(value) >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def share(value: float | None) -> str:
    """A share of 1 as a percentage: `87 %`. What is not nothing never shows as nothing."""
    if value is None:
        return UNKNOWN
    return "< 1 %" if 0 < value < 0.01 else f"{value:.0%}".replace("%", " %")  # noqa: PLR2004 (one hundredth)


def size(count: float | None) -> str:
    """Bytes: `1.2 MB`."""
    if count is None:
        return UNKNOWN
    for unit, name in _SIZES:
        if count >= unit:
            return f"{count / unit:,.1f} {name}"
    return f"{count:,.0f} B"


def span(seconds: float | None) -> str:
    """A span of time in its two largest units: `2 h 5 min`, `45 s`, `3.2 s`."""
    if seconds is None:
        return UNKNOWN
    if seconds < _LEAST_SECONDS:
        return f"{max(seconds, 0):.1f} s"
    rest = round(seconds)
    days, rest = divmod(rest, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago a moment was: `3 minutes ago`, `just now`; `in 5 minutes` where clocks differ."""
    if moment is None:
        return UNKNOWN
    seconds = (now - moment).total_seconds()
    for length, name in _SPANS:
        count = int(abs(seconds) // length)
        if count and not (name == "second" and count < _LEAST_SECONDS):
            text = f"{count} {name}{'' if count == 1 else 's'}"
            return f"{text} ago" if seconds > 0 else f"in {text}"
    return "just now"


def moment(value: datetime | None) -> str:
    """A moment in UTC: `2026-11-29 06:41:03`."""
    return UNKNOWN if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


def count_of(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 run`, `2 runs`, `1,000 retries`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
