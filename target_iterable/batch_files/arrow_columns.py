"""Columns of Arrow as the values that RECORD messages of the same rows would have.

- Numbers with a point, and decimals, are `Decimal`; a decimal without digits behind the point is an `int`.
- Moments are texts of RFC 3339 in UTC, without a zone where the column has none; dates and times of day are texts.
- Structs and maps are objects, lists are arrays.
- NaN and infinity stay `float`, since no number of JSON stands for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET
from pyarrow import types

from target_iterable.batch_files.moments import EPOCH_DAY, UNITS
from target_iterable.columnar.columns import Column

_MICROSECONDS: Final = 10**6
_DAY_SECONDS: Final = 86_400
_MINUTES: Final = [f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440)]
_SECONDS: Final = [f"{second:02}.000000" for second in range(60)]


def values_of(array: pa.Array) -> Column:
    """Return the values of an array.

    Raises:
        TypeError: for binary data, durations, maps whose keys are no texts, and structs with members of one name.
    """
    if isinstance(array.type, pa.BaseExtensionType):
        return values_of(array.storage)
    for is_type, read in _READERS:
        if is_type(array.type):
            return read(array)
    raise TypeError(f"of the type {array.type}")


def classes_of_array(array: pa.Array, class_: type, null: Any) -> frozenset[type]:
    """Return the classes of values that are all of one class, or `null`."""
    found = {class_} if array.null_count < len(array) else set[type]()
    return frozenset(found | ({type(null)} if array.null_count else set()))


def with_nulls(null: Any, values: list[Any], array: pa.Array) -> list[Any]:
    """Return the values of an array with `null` in place of None."""
    return [null if value is None else value for value in values] if null is UNSET and array.null_count else values


def copy_of(value: Any) -> Any:
    """Return a copy of a value, which shares no object or array with it."""
    if value.__class__ is dict:
        return {name: copy_of(member) for name, member in value.items()}
    return [*map(copy_of, value)] if value.__class__ is list else value


def holds_no_number(array: pa.Array) -> bool:
    """Whether there is NaN or infinity in an array, at any depth."""
    if isinstance(array.type, pa.BaseExtensionType):
        return holds_no_number(array.storage)
    if types.is_floating(array.type):
        return not pc.all(pc.is_finite(array), min_count=0).as_py()
    if types.is_dictionary(array.type):
        return holds_no_number(array.dictionary)
    if types.is_struct(array.type) or types.is_map(array.type) or _is_list(array.type):
        return any(map(holds_no_number, _parts(array)))
    return False


def _parts(array: pa.Array) -> list[pa.Array]:
    if types.is_struct(array.type):
        return list(array.flatten())
    return [array.keys, array.items] if types.is_map(array.type) else [array.flatten()]


def _plain(array: pa.Array) -> Column:
    values: Column = array.to_pylist()
    return values


def _numbers(array: pa.Array) -> Column:
    values = _plain(array)
    if types.is_float32(array.type) or types.is_float16(array.type):
        # The shortest text that is this number there, not that of the nearest one with more digits.
        values = [
            None if text is None else float(text) for text in array.cast(pa.float32()).cast(pa.string()).to_pylist()
        ]
    return [value if value is None or not math.isfinite(value) else Decimal(repr(value)) for value in values]


def _decimals(array: pa.Array) -> Column:
    values = _plain(array)
    if array.type.scale > 0:
        return values
    return [None if value is None else int(value) for value in values]


def _moments(array: pa.Array) -> Column:
    end = "" if array.type.tz is None else "+00:00"
    per_second = UNITS[array.type.unit]
    return [None if value is None else _moment(value, per_second, end) for value in array.view(pa.int64()).to_pylist()]


def _moment(value: int, per_second: int, end: str) -> str:
    seconds, rest = divmod(value, per_second)
    day, clock = divmod(seconds, _DAY_SECONDS)
    minute, second = divmod(clock, 60)
    if not rest:
        return f"{_day(day)}{_MINUTES[minute]}{_SECONDS[second]}{end}"
    return f"{_day(day)}{_MINUTES[minute]}{second:02}.{rest * _MICROSECONDS // per_second:06}{end}"


@lru_cache(10_000)
def _day(number: int) -> str:
    """Return a day, given by the number of days since 1970."""
    try:
        return date.fromordinal(EPOCH_DAY + number).isoformat()
    except (ValueError, OverflowError):
        # No text of RFC 3339 names it, so its record is rejected as one without a date.
        return f"{number} days from 1970"


def _texts(array: pa.Array) -> Column:
    return _plain(array.cast(pa.string()))


def _days(array: pa.Array) -> Column:
    return _texts(array.cast(pa.date32()))


def _in_dictionary(array: pa.Array) -> Column:
    known = values_of(array.dictionary)
    return [None if place is None else known[place] for place in array.indices.to_pylist()]


def _objects(array: pa.Array) -> Column:
    names = [array.type.field(number).name for number in range(array.type.num_fields)]
    if len({*names}) < len(names):
        raise TypeError("a struct with two members of one name")
    columns = [values_of(column) for column in array.flatten()]
    rows: Iterator[Sequence[Any]] = zip(*columns, strict=True) if columns else iter([()] * len(array))
    return [
        dict(zip(names, row, strict=True)) if is_there else None
        for row, is_there in zip(rows, array.is_valid().to_pylist(), strict=True)
    ]


def _lists(array: pa.Array) -> Column:
    return _regrouped(array, iter(values_of(array.flatten())))


def _maps(array: pa.Array) -> Column:
    if not (types.is_string(array.type.key_type) or types.is_large_string(array.type.key_type)):
        raise TypeError(f"a map whose keys are of the type {array.type.key_type}")
    ends = array.offsets.to_pylist()
    # The keys and items of a slice are those of the whole.
    keys, items = (values_of(part.slice(ends[0], ends[-1] - ends[0])) for part in (array.keys, array.items))
    pairs = zip(keys, items, strict=True)
    lengths = [end - start for start, end in pairwise(ends)]
    rows = [dict(islice(pairs, length)) for length in lengths]
    return [row if is_there else None for row, is_there in zip(rows, array.is_valid().to_pylist(), strict=True)]


def _regrouped(array: pa.Array, items: Iterator[Any]) -> Column:
    lengths = pc.list_value_length(array).to_pylist()
    return [None if length is None else [*islice(items, length)] for length in lengths]


def _is_list(kind: pa.DataType) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _is_plain(kind: pa.DataType) -> bool:
    return any(is_type(kind) for is_type in _PLAIN)


_PLAIN: Final = (
    types.is_string,
    types.is_large_string,
    types.is_string_view,
    types.is_integer,
    types.is_boolean,
    types.is_null,
)


_READERS: Final[Sequence[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], Column]]]] = (
    (_is_plain, _plain),
    (types.is_floating, _numbers),
    (types.is_decimal, _decimals),
    (types.is_timestamp, _moments),
    (types.is_date, _days),
    (types.is_time, _texts),
    (types.is_dictionary, _in_dictionary),
    (types.is_struct, _objects),
    (types.is_map, _maps),
    (_is_list, _lists),
)
"""Whether a type is of a kind, and what reads its arrays."""
