"""Conversion of values to what Iterable reads, where the JSON Schema of their column says what they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

from iterable_api.facts import timestamps
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.json_texts import from_json
from target_iterable.schemas.schema_types import DATES, DECIMAL, content_of, members_of, variants_of

Conversion: TypeAlias = Callable[[Any], Any]
"""Returns what is sent of a value. It raises RecordRejectedError for a text that is not what its column holds."""

_NUMBER: Final = re.compile(r"\s*[+-]?\d{1,100}(?:\.\d{1,100})?(?:[eE][+-]?\d{1,2})?\s*", re.ASCII)
"""A number as Python and databases write decimals."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def conversion_of(column: str, schema: Mapping[str, Any]) -> Conversion | None:
    """The conversion of the values of a column; None if they are sent as they are.

    Dates get the one spelling that Iterable always reads as a date, and texts of the format `x-singer.decimal` become
    numbers, also as members of objects and items of arrays, and texts that the schema calls JSON (`contentMediaType`)
    become what they hold. In there, a text that is neither stays as it is: it is no
    reason to do without the whole record.
    """

    def refuse(reader: _Reader, _text: str) -> Any:
        raise reader.refusal(column)

    return _conversion(schema, refuse)


def format_date(text: str) -> str | None:
    """A date in the format that Iterable recognises; None if the text is no date."""
    return timestamps.text_to_iterable(text) or (text if _is_day(text) else None)


def is_date(schema: Mapping[str, Any]) -> bool:
    """Whether a schema calls its values dates."""
    return not _formats(schema).isdisjoint(DATES)


class _Reader(NamedTuple):
    """Reads texts of one format.

    Attributes:
        read: returns the value of a text; None if it does not have the format.
        refusal: returns the error for a column, given by its name, that holds such a text.
        read_all: returns the values of many texts; None if they must be read one by one.
    """

    read: Callable[[str], Any]
    refusal: Callable[[str], RecordRejectedError]
    read_all: Callable[[Sequence[str]], list[Any] | None] = lambda _texts: None


def _no_date(column: str) -> RecordRejectedError:
    return RecordRejectedError("invalidDate", f"the schema calls the column {column!r} a date, but it holds none")


def _no_number(column: str) -> RecordRejectedError:
    return RecordRejectedError("invalidNumber", f"the schema calls the column {column!r} a number, but it holds none")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


_READERS: Final[Mapping[str, _Reader]] = {
    **dict.fromkeys(DATES, _Reader(format_date, _no_date, timestamps.texts_to_iterable)),
    DECIMAL: _Reader(_number, _no_number),
}
"""By the format of a text."""


class JsonConversion:
    """Replaces texts of JSON by what they hold; any other text stays.

    Args:
        inner: the conversion of that; None if it stays as it is.
    """

    def __init__(self, inner: Conversion | None) -> None:
        self._inner = inner

    def __call__(self, value: Any) -> Any:
        """Return what a text holds, or the value itself."""
        held = from_json(value)
        return held if self._inner is None else self._inner(held)


class TextConversion:
    """Reads texts of one format.

    Args:
        reader: reads them.
        otherwise: what becomes of a text that it cannot read.
        inner: the conversion of any other value; None if it stays as it is.

    Attributes:
        is_of_dates: whether it writes dates in Iterable's format, and leaves everything else alone.
    """

    def __init__(
        self, reader: _Reader, otherwise: Callable[[_Reader, str], Any], inner: Conversion | None = None
    ) -> None:
        self._reader = reader
        self._otherwise = otherwise
        self._inner = inner
        self.is_of_dates = reader.read is format_date and inner is None

    def __call__(self, value: Any) -> Any:
        """Return what is sent of a value."""
        if not isinstance(value, str):
            return value if self._inner is None else self._inner(value)
        found = self._reader.read(value)
        return self._otherwise(self._reader, value) if found is None else found

    def read_all(self, texts: Sequence[str]) -> list[Any] | None:
        """Return what is sent of many texts; None if they must be read one by one."""
        return self._reader.read_all(texts)


def _inner_conversion(schema: Mapping[str, Any]) -> Conversion | None:
    """The conversion of what is in objects and arrays; None if there is none."""
    members: dict[str, Conversion] = {}
    items: Conversion | None = None
    for variant in variants_of(schema):
        found = {name: _part_conversion(part) for name, part in members_of(variant).items()}
        members |= {name: convert for name, convert in found.items() if convert is not None}
        items = items or _part_conversion(variant.get("items"))
    if not members and items is None:
        return None

    def convert(value: Any) -> Any:
        if isinstance(value, dict):
            changed = {name: members[name](part) for name, part in value.items() if name in members}
            return {**value, **changed} if changed else value
        return [items(item) for item in value] if items is not None and isinstance(value, list) else value

    return convert


def _part_conversion(schema: Any) -> Conversion | None:
    """The conversion of a member or an item."""
    return _conversion(schema, lambda _reader, text: text) if isinstance(schema, Mapping) else None


def _conversion(schema: Mapping[str, Any], otherwise: Callable[[_Reader, str], Any]) -> Conversion | None:
    """The conversion of a value; `otherwise` is what becomes of a text that its reader cannot read."""
    if (content := content_of(schema)) is not None:
        return JsonConversion(_part_conversion(content))
    reader, inner = _reader(schema), _inner_conversion(schema)
    if reader is None:
        return inner
    return TextConversion(reader, otherwise, inner)


def _reader(schema: Mapping[str, Any]) -> _Reader | None:
    formats = _formats(schema)
    return next((reader for format_, reader in _READERS.items() if format_ in formats), None)


def _formats(schema: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(variant["format"] for variant in variants_of(schema) if isinstance(variant.get("format"), str))


def _is_day(text: str) -> bool:
    if _DAY.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
