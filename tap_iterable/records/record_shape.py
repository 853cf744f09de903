"""From what Iterable sends to a Singer record that its schema always describes.

Nothing is dropped: a field that the schema does not know, or whose value has another type than the
schema says, goes to the object `dataFields` under its own name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property, lru_cache, partial
from types import NoneType
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from iterable_api.facts import timestamps
from tap_iterable.records.strict_json import loads

Record = dict[str, Any]
Schema = Mapping[str, Any]

REST: Final = "dataFields"
"""Where fields go that have no column. It is also Iterable's own word for custom fields."""

RECORD_ID: Final = "recordId"
"""The column with the hash of a line."""

OWN_COLUMNS: Final = frozenset({REST, RECORD_ID})
"""Columns that no field of Iterable's fills, should one have this name."""

MISFIT: Final = object()
"""What a fit says of a value that is not for its column."""

Fit = Callable[[Any], object]

_ABSENT: Final[frozenset[type]] = frozenset({NoneType, UnsetType})


class ColumnType(NamedTuple):
    """How the values of a column come.

    Attributes:
        kind: the type that they have where a decoder checks it; None and UNSET are of each.
        fit: what has to be asked of them besides; None and UNSET stay as they are.
        unchanged: classes whose values `fit` leaves as they are.
    """

    kind: Any
    fit: Fit | None = None
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
        """Whether there is a column of this name, and objects are for it."""
        return name in self._fits and self._fits[name]({}) is not MISFIT

    @cached_property
    def columns(self) -> Mapping[str, ColumnType]:
        """How the values of each column come, nearly always."""
        return {
            name: _TYPES.get(fit) or ColumnType(Any, partial(_fit_unless_absent, fit))
            for name, fit in self._fits.items()
        }

    def _fitted(self, name: str, value: object) -> object:
        fit = self._fits.get(name)
        if fit is None:
            return MISFIT
        return None if value is None else fit(value)


def merged(rest: Record) -> Record:
    """Iterable's own `dataFields` and the fields without a column, side by side.

    Where both have a name, the object keeps its place and its own value of that name wins nothing:
    the outer one is put beside it under `dataFields.NAME`.
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
    # Ids come as numbers in some data types and as text in others; the text says the same.
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
        return date_of(value) if len(value) <= _MAX_DATE_CHARACTERS else MISFIT
    moment = _from_epoch_ms(value) if isinstance(value, int) and not isinstance(value, bool) else None
    return MISFIT if moment is None else timestamps.to_rfc3339(moment)


@lru_cache(maxsize=4096)  # what a campaign sends bears the same few seconds over and over
def date_of(text: str | UnsetType | None) -> object:
    """The moment that a text names, as columns want it; what is no text stays as it is."""
    return (timestamps.text_to_rfc3339(text) or MISFIT) if isinstance(text, str) else text


_MAX_DATE_CHARACTERS: Final = 64
"""Characters; no spelling of a moment has nearly as many. Moments are remembered, so longer texts must not be tried."""


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


def _fit_unless_absent(fit: Fit, value: object) -> object:
    return value if value is None or value is UNSET else fit(value)


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
_DATE_TEXT: Final = Annotated[str, msgspec.Meta(max_length=_MAX_DATE_CHARACTERS)]
TEXT: Final = ColumnType(str | None | UnsetType)
NUMBER_AS_TEXT: Final = ColumnType(
    str | int | None | UnsetType, partial(_fit_unless_absent, _string), _ABSENT.union([str])
)
"""A text column of a stream whose lines hold whole numbers there, as some data types do with ids."""
_TYPES: Final[dict[Fit, ColumnType]] = {
    _string: TEXT,
    _integer: ColumnType(_INT64 | None | UnsetType),
    _boolean: ColumnType(bool | None | UnsetType),
    _date: ColumnType(_DATE_TEXT | None | UnsetType, date_of),
    _number: ColumnType(Any, partial(_fit_unless_absent, _number), _ABSENT.union([float])),
    _object: ColumnType(Any, partial(_fit_unless_absent, _object), _ABSENT.union([dict])),
    _nested: ColumnType(Any, partial(_fit_unless_absent, _nested), _ABSENT.union([dict, list])),
    _anything: ColumnType(Any),
}


def _fit_for(column: Schema) -> Fit:
    kinds = [kind for kind in column["type"] if kind != "null"]
    if kinds == ["array"]:
        return _array_of(_fit_for(column["items"]) if "items" in column else _anything)
    if len(kinds) > 1:
        return _nested if set(kinds) == {"object", "array"} else _anything
    return _FITS[column.get("format", kinds[0])]
