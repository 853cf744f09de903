"""Conversion of the fields that Iterable sends into a Singer record that always fits its schema.

No field is dropped: a field that the schema does not have, or whose value has another type than in the
schema, goes into the object `dataFields` under its own name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import NoneType
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from iterable_api.facts import timestamps
from iterable_api.memo import Memo
from tap_iterable.records.strict_json import loads

Record = dict[str, Any]
Schema = Mapping[str, Any]

REST: Final = "dataFields"
"""The column for fields without a column of their own. It is also Iterable's own word for custom fields."""

RECORD_ID: Final = "recordId"
"""The column with the hash of a line."""

EVENT_KEY: Final = "eventKey"
"""The column with the key that an export row and a webhook of the same event have in common."""

OWN_COLUMNS: Final = frozenset({REST, RECORD_ID, EVENT_KEY})
"""Columns of the tap's own: a field of Iterable's with such a name goes into `dataFields`."""

MISFIT: Final = object()
"""Result of a conversion for a value that does not fit its column."""

Fit = Callable[[Any], object]

_ABSENT: Final[frozenset[type]] = frozenset({NoneType, UnsetType})


class ColumnType(NamedTuple):
    """The form of the values of a column in lines.

    Attributes:
        kind: the type that a decoder checks; it includes None and UNSET.
        fit_all: the conversion of a column of decoded values; it leaves None and UNSET unchanged.
        unchanged: classes whose values `fit_all` leaves unchanged.
    """

    kind: Any
    fit_all: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    unchanged: frozenset[type] = _ABSENT


class RecordShape:
    """Turns the fields of one stream into its records.

    Args:
        schema: the stream's JSON Schema; it must have the object `dataFields`.
    """

    def __init__(self, schema: Schema) -> None:
        self._fits = {
            name: _fit_for(column) for name, column in schema["properties"].items() if name not in OWN_COLUMNS
        }

    def record(self, fields: Mapping[str, Any]) -> Record:
        """The record for `fields`; absent fields stay absent, nulls of unknown fields are kept."""
        record: Record = {}
        rest: Record = {}
        for name, value in fields.items():
            fitted = self._fitted(name, value)
            if fitted is MISFIT:
                rest[name] = value
            else:
                record[name] = fitted
        return {**record, REST: merged(rest)}

    def takes_objects(self, name: str) -> bool:
        """Whether there is a column of this name that takes objects."""
        return name in self._fits and self._fits[name]({}) is not MISFIT

    @cached_property
    def columns(self) -> Mapping[str, ColumnType]:
        """The form of the values of each column in nearly all lines."""
        return {name: _TYPES.get(fit) or ColumnType(Any, _each(fit)) for name, fit in self._fits.items()}

    def _fitted(self, name: str, value: object) -> object:
        fit = self._fits.get(name)
        if fit is None:
            return MISFIT
        return None if value is None else fit(value)


def merged(rest: Record) -> Record:
    """Merge Iterable's own `dataFields` with the fields without a column.

    Where both have a name, the field keeps it, and the member of `dataFields` gets the name `dataFields.NAME`.
    """
    inner = rest.pop(REST, None)
    if inner is None:
        return rest
    if not isinstance(inner, dict):
        return {**rest, REST: inner}
    return {**{(f"{REST}.{name}" if name in rest else name): value for name, value in inner.items()}, **rest}


def _string(value: object) -> object:
    if isinstance(value, str):
        return value
    # Ids are numbers in some data types and text in others; as text they are equal.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else MISFIT


def _integer(value: object) -> object:
    if isinstance(value, bool):
        return MISFIT
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else MISFIT


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return MISFIT
    return value if isinstance(value, int) or math.isfinite(value) else MISFIT


def _boolean(value: object) -> object:
    return value if isinstance(value, bool) else MISFIT


def _date(value: object) -> object:
    """Text in any of Iterable's spellings, or epoch milliseconds as metadata endpoints send them."""
    if isinstance(value, str):
        return DATES[value] if len(value) <= MAX_DATE_CHARACTERS else MISFIT
    moment = _from_epoch_ms(value) if isinstance(value, int) and not isinstance(value, bool) else None
    return MISFIT if moment is None else timestamps.to_rfc3339(moment)


def _date_of(text: str | UnsetType | None) -> object:
    return (timestamps.text_to_rfc3339(text) or MISFIT) if isinstance(text, str) else text


def _dates_of(texts: Sequence[Any]) -> Sequence[object] | None:
    return timestamps.texts_to_rfc3339(texts) if {str}.issuperset(map(type, texts)) else None


DATES: Final = Memo(_date_of, _dates_of, 4096)
"""A text -> its date in the form of columns. Any value but a text stays unchanged."""
MAX_DATE_CHARACTERS: Final = 64
"""No spelling of a date has nearly as many. Results are cached, so longer texts must not be tried."""


def _from_epoch_ms(value: int) -> datetime | None:
    try:
        return timestamps.from_epoch_ms(value)
    except OverflowError:
        return None


def _object(value: object) -> object:
    """An object, or text that holds one: `transactionalData` is JSON inside JSON."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = loads(value)
        except ValueError:
            return MISFIT
    return value if isinstance(value, dict) else MISFIT


def _nested(value: object) -> object:
    return value if isinstance(value, dict | list) else MISFIT


def _anything(value: object) -> object:
    return value


def _each(fit: Fit) -> Callable[[Sequence[Any]], list[Any]]:
    return lambda column: [value if value is None or value is UNSET else fit(value) for value in column]


def _array_of(fit: Fit) -> Fit:
    def array(value: object) -> object:
        if not isinstance(value, list):
            return MISFIT
        items = [item if item is None else fit(item) for item in value]
        return MISFIT if MISFIT in items else items

    return array


_FITS: Final[dict[str, Fit]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date-time": _date,
    "object": _object,
    "nested": _nested,
}
_INT64: Final = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_DATE_TEXT: Final = Annotated[str, msgspec.Meta(max_length=MAX_DATE_CHARACTERS)]
TEXT: Final = ColumnType(str | None | UnsetType)
NUMBER_AS_TEXT: Final = ColumnType(str | int | None | UnsetType, _each(_string), _ABSENT.union([str]))
"""The form of a text column in lines that hold whole numbers there, such as the ids of some data types."""
_TYPES: Final[dict[Fit, ColumnType]] = {
    _string: TEXT,
    _integer: ColumnType(_INT64 | None | UnsetType),
    _boolean: ColumnType(bool | None | UnsetType),
    _date: ColumnType(_DATE_TEXT | None | UnsetType, DATES.of_all),
    _number: ColumnType(Any, _each(_number), _ABSENT.union([float])),
    _object: ColumnType(Any, _each(_object), _ABSENT.union([dict])),
    _nested: ColumnType(Any, _each(_nested), _ABSENT.union([dict, list])),
    _anything: ColumnType(Any),
}


def _fit_for(column: Schema) -> Fit:
    kinds = [kind for kind in column["type"] if kind != "null"]
    if kinds == ["array"]:
        return _array_of(_fit_for(column["items"]) if "items" in column else _anything)
    if len(kinds) > 1:
        return _nested if set(kinds) == {"object", "array"} else _anything
    return _FITS[column.get("format", kinds[0])]
