"""Inference of the types that Iterable sees in values.

The sandbox infers types and recognises dates by code of its own (`iterable_sandbox/rules/field_types.py`,
`iterable_sandbox/wire/dates.py`) on purpose: tests against a sandbox that shared this code could not find its mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, Final

from iterable_api.facts import timestamps
from target_iterable.records.numbers import is_number

_BY_CLASS: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (bool, "boolean"),
    (int, "long"),
    ((float, Decimal), "double"),
    (date, "date"),
    (time, "string"),
)
"""Python classes -> type, the first match counts; any other value is an object."""
_GEO_SUFFIX: Final = "_geo_location"
"""End of the name of a field that may hold a geo location."""
_DATE: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?: \d{2}:\d{2}:\d{2}(?: (?:Z|[+-]\d{2}:?\d{2}))?|T\d{2}:\d{2}:\d{2}\.\d{3}(?:Z|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)
"""Spellings of dates that `is_date` describes."""


def is_date(text: str) -> bool:
    """Whether a text makes a date field.

    Iterable's support pages name four spellings: a day; a day and a time with or without a zone, after blanks; and ISO
    8601 with exactly three digits of a second and a zone. All others are texts to Iterable. The sandbox reads dates by
    its own rule: a fake that shared this one would prove nothing.
    """
    if _DATE.fullmatch(text) is None:
        return False
    return timestamps.parse(text if len(text) > len("yyyy-MM-dd") else f"{text} 00:00:00") is not None


def type_of(name: str, value: object) -> str:
    """Return the type that Iterable sees in a value that is not null. `name` is the name of its field."""
    if isinstance(value, str):
        return "date" if is_date(value) else "string"
    if (
        name.endswith(_GEO_SUFFIX)
        and isinstance(value, dict)
        and all(is_number(value.get(axis)) for axis in ("lat", "lon"))
    ):
        return "geo_location"
    return next((type_ for accepted, type_ in _BY_CLASS if isinstance(value, accepted)), "object")


def leaves(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted path and type of every value at any depth; for an array those of its items, for null nothing.

    A geo location is one value: its latitude and longitude are no fields.
    """
    for name, value in fields.items():
        yield from _leaf(f"{prefix}{name}", value)


def _leaf(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _leaf(path, item)
    elif value is not None:
        type_ = type_of(path, value)
        yield path, type_
        if type_ == "object" and isinstance(value, dict):
            yield from leaves(value, f"{path}.")
