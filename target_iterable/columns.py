"""From the columns of a Singer record to fields with Iterable's names and spellings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from iterable_api import times
from target_iterable.delivery.refusal import RecordRefusedError

Row = dict[str, Any]
"""One record: field of Iterable -> value."""

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class Columns:
    """Renames and drops columns as the route says, drops `_sdc_*`, and writes dates so that Iterable sees dates.

    Iterable takes `2024-11-25T13:37:19Z` for a text, and most taps write it. Only top-level columns
    whose schema says `date-time` or `date` are touched.
    """

    def __init__(self, schema: Mapping[str, Any], renames: Mapping[str, str | None]) -> None:
        self._renames = renames
        self._dates = {column for column, type_ in schema.get("properties", {}).items() if _is_date(type_)}

    def row(self, record: Mapping[str, Any]) -> Row:
        """The fields of `record`.

        Raises:
            RecordRefusedError: if two columns have one name now, or a date is none.
        """
        row: Row = {}
        for column, value in record.items():
            name = self._renames.get(column, column)
            if name is None or column.startswith("_sdc_"):
                continue
            if name in row:
                raise RecordRefusedError("duplicateField", f"more than one column gives the field {name!r}")
            row[name] = _spell_date(column, value) if column in self._dates and isinstance(value, str) else value
        return row


def spread(row: Row, member: str) -> Row:
    """`row` with the members of its object `member` as fields of their own; a column of the same name wins.

    Raises:
        RecordRefusedError: if the member is neither empty, nor an object, nor a text that is JSON of one.
    """
    value = row.pop(member, None)
    if isinstance(value, str) and value:
        value = _read_json(value)
    if value is None or value == "":
        return row
    if not isinstance(value, dict):
        raise RecordRefusedError("invalidObject", f"{member!r} is not an object")
    return {**value, **row}


def _read_json(text: str) -> Any:
    """Database taps write JSON columns as text, unless told otherwise."""
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        return text


def _is_date(type_: Mapping[str, Any]) -> bool:
    variants = [type_, *type_.get("anyOf", ()), *type_.get("oneOf", ())]
    return any(variant.get("format") in ("date-time", "date") for variant in variants)


def _spell_date(column: str, text: str) -> str:
    if _DATE.fullmatch(text) and _is_day(text):
        return text
    if (moment := times.parse(text)) is not None:
        return times.to_iterable(moment)
    raise RecordRefusedError("invalidDate", f"the schema calls the column {column!r} a date, but it holds none")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
