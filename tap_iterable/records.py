"""From what Iterable sends to a Singer record that its schema always describes.

Nothing is dropped: a field that the schema does not know, or whose value has another type than the
schema says, goes to the object `dataFields` under its own name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from iterable_api import times

Record = dict[str, Any]
Schema = Mapping[str, Any]

REST: Final = "dataFields"
"""Where fields go that have no column. It is also Iterable's own word for custom fields."""

_MISFIT: Final = object()


class Shape:
    """Turns the fields of one stream into its records.

    Args:
        schema: the stream's JSON Schema; it must have the object `dataFields`.
    """

    def __init__(self, schema: Schema) -> None:
        self._fits = {name: _fit_for(column) for name, column in schema["properties"].items() if name != REST}

    def record(self, fields: Mapping[str, Any]) -> Record:
        """The record for `fields`; absent fields stay absent, nulls of unknown fields are kept."""
        record: Record = {}
        rest: Record = {}
        for name, value in fields.items():
            fitted = self._fitted(name, value)
            if fitted is _MISFIT:
                rest[name] = value
            else:
                record[name] = fitted
        return {**record, REST: _merged(rest)}

    def _fitted(self, name: str, value: object) -> object:
        fit = self._fits.get(name)
        if fit is None:
            return _MISFIT
        return None if value is None else fit(value)


def _merged(rest: Record) -> Record:
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
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _MISFIT


def _integer(value: object) -> object:
    if isinstance(value, bool):
        return _MISFIT
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else _MISFIT


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _MISFIT
    return value if math.isfinite(value) else _MISFIT


def _boolean(value: object) -> object:
    return value if isinstance(value, bool) else _MISFIT


def _moment(value: object) -> object:
    """Text in any of Iterable's spellings, or epoch milliseconds as metadata endpoints send them."""
    moment: datetime | None = None
    if isinstance(value, str):
        moment = times.parse(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        moment = _from_epoch_ms(value)
    return _MISFIT if moment is None else times.to_rfc3339(moment)


def _from_epoch_ms(value: int) -> datetime | None:
    try:
        return times.from_epoch_ms(value)
    except OverflowError:
        return None


def _object(value: object) -> object:
    """An object, or text that holds one: `transactionalData` is JSON inside JSON."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value, parse_constant=str)
        except ValueError:
            return _MISFIT
    return value if isinstance(value, dict) else _MISFIT


def _nested(value: object) -> object:
    return value if isinstance(value, dict | list) else _MISFIT


def _array_of(fit: Callable[[object], object]) -> Callable[[object], object]:
    def array(value: object) -> object:
        if not isinstance(value, list):
            return _MISFIT
        items = [item if item is None else fit(item) for item in value]
        return _MISFIT if _MISFIT in items else items

    return array


_FITS: Final[dict[str, Callable[[object], object]]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date-time": _moment,
    "object": _object,
    "nested": _nested,
}


def _fit_for(column: Schema) -> Callable[[object], object]:
    kinds = [kind for kind in column["type"] if kind != "null"]
    if kinds == ["array"]:
        return _array_of(_fit_for(column["items"])) if "items" in column else _array_of(lambda item: item)
    if len(kinds) > 1:
        return _FITS["nested"] if set(kinds) == {"object", "array"} else lambda value: value
    return _FITS[column.get("format", kinds[0])]
