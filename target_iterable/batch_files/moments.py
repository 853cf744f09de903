"""Columns of timestamps as Unix seconds, and as texts in Iterable's format."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

UNITS: Final[Mapping[str, int]] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""Unit -> how many of them a second has."""
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
"""The first day of Unix time, counted from the first day of the year 1."""
_DAY_SECONDS: Final = 86_400
_FIRST: Final = (date(1000, 1, 1).toordinal() - EPOCH_DAY) * _DAY_SECONDS
_LAST: Final = (date(9999, 12, 31).toordinal() - EPOCH_DAY + 1) * _DAY_SECONDS - 1
_MINUTES: Final = pa.array([f" {minute // 60:02}:{minute % 60:02}:" for minute in range(1440)])
_SECONDS: Final = pa.array([f"{second:02} +00:00" for second in range(60)])


def floored(moments: pa.Array) -> pa.Array:
    """Return timestamps as whole Unix seconds."""
    values = moments.view(pa.int64())
    return _divided(values, UNITS[moments.type.unit])[0]


def are_writable(seconds: pa.Array) -> bool:
    """Whether all of these Unix seconds are in the years from 1000 to 9999, if there are any."""
    ends = pc.min_max(seconds)
    first, last = ends["min"].as_py(), ends["max"].as_py()
    return first is None or (first >= _FIRST and last <= _LAST)


def iterable_texts(seconds: pa.Array) -> pa.Array:
    """Return Unix seconds as `timestamps.to_iterable` writes them; they must be writable."""
    days, clocks = _divided(seconds, _DAY_SECONDS)
    minutes, rest = _divided(clocks, 60)
    found = days.dictionary_encode()
    names = pa.array([date.fromordinal(EPOCH_DAY + day).isoformat() for day in found.dictionary.to_pylist()]).cast(
        pa.string()
    )
    return pc.binary_join_element_wise(names.take(found.indices), _MINUTES.take(minutes), _SECONDS.take(rest), "")


def _divided(values: pa.Array, by: int) -> tuple[pa.Array, pa.Array]:
    """Return quotients that are rounded down, and remainders."""
    if by == 1:
        return values, pc.subtract(values, values)
    quotients = pc.divide(values, by)
    rests = pc.subtract(values, pc.multiply(quotients, by))
    if (least := pc.min(rests).as_py()) is not None and least < 0:
        is_below = pc.less(rests, 0).cast(pa.int64())
        quotients = pc.subtract(quotients, is_below)
        rests = pc.add(rests, pc.multiply(is_below, by))
    return quotients, rests
