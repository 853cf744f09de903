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


def floored(moments: pa.Array) -> pa.Array:
    """Return timestamps as whole Unix seconds."""
    values, by = moments.view(pa.int64()), UNITS[moments.type.unit]
    if by == 1:
        return values
    quotients = pc.divide(values, by)
    is_above = pc.greater(pc.multiply(quotients, by), values)
    return pc.subtract(quotients, is_above.cast(pa.int64())) if pc.any(is_above).as_py() else quotients


def are_writable(seconds: pa.Array) -> bool:
    """Whether all of these Unix seconds are in the years from 1000 to 9999, if there are any."""
    ends = pc.min_max(seconds)
    first, last = ends["min"].as_py(), ends["max"].as_py()
    return first is None or (first >= _FIRST and last <= _LAST)


def iterable_texts(seconds: pa.Array) -> pa.Array:
    """Return Unix seconds as `timestamps.to_iterable` writes them; they must be writable."""
    return pc.binary_join_element_wise(seconds.view(pa.timestamp("s")).cast(pa.string()), " +00:00", "")
