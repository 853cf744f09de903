"""RECORD messages of one stream, decoded straight into columns. The decoder checks the values on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from operator import attrgetter
from types import MappingProxyType, NoneType
from typing import Annotated, Any, Final, Literal, Union

import msgspec
from msgspec import UNSET, Meta, UnsetType, defstruct

from target_iterable.columnar.fallback import MISFIT, Column, Transform, at, misfit_where, misfits_in
from target_iterable.core.source import Line
from target_iterable.schemas.validation import Check, classes_of, compiled, is_plain

_MOST: Final = 500
"""Columns. Each costs time for every record, so more are slow for records that have few."""
_NOT_IN_NAMES: Final = frozenset('\\"')
"""What a name must not have for the library to take it, beside what cannot be printed."""
_CAUSES: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class UnusualStreamError(Exception):
    """A stream whose records must be looked at one by one."""


class RecordType:
    """The type of the messages of `stream` whose records keep to `schema` and have all of the `required` columns.

    Records are not of the type, either, if one of `marks` says so of the value in the column of its name.

    Raises:
        UnusualStreamError: if no such type can be made.
    """

    def __init__(
        self,
        stream: str,
        schema: Mapping[str, Any],
        required: Collection[str],
        marks: Mapping[str, Callable[[Any], bool]] = MappingProxyType({}),
    ) -> None:
        columns: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
        required = {*required, *schema.get("required", ())}
        is_usual = is_plain(schema) and required <= columns.keys() and len(columns) <= _MOST
        if not is_usual or not all(map(_is_name, columns)):
            raise UnusualStreamError
        types = {name: _type(schema, name, column) for name, column in columns.items()}
        self._checks = [(name, check) for name, (_, check) in types.items() if check is not None]
        self._checks += [(name, misfit_where(says)) for name, says in marks.items() if name in columns]
        self._names = list(columns)
        fields = [
            _field(f"f{place}", name, type_, required=name in required)
            for place, (name, (type_, _)) in enumerate(types.items())
        ]
        record = defstruct("Record", fields, forbid_unknown_fields=True, kw_only=True, gc=False)
        message = defstruct("Message", [("type", Literal["RECORD"]), ("stream", Literal[stream]), ("record", record)])
        self._decode = msgspec.json.Decoder(message, float_hook=Decimal).decode

    def read(self, lines: Sequence[Line]) -> tuple[Sequence[int], dict[str, Column]]:
        """The places of the lines that are such messages, and the columns of their records."""
        places: Sequence[int] = range(len(lines))
        try:
            messages = list(map(self._decode, lines))
        except _CAUSES:
            found = dict(self._one_by_one(lines))
            places, messages = list(found), list(found.values())
        if not messages:
            return places, {}
        rows = map(msgspec.structs.astuple, map(_record_of, messages))
        columns = dict(zip(self._names, map(list, zip(*rows, strict=True)), strict=True))
        odd = misfits_in(*(check(columns[name]) for name, check in self._checks))
        if not odd:
            return places, columns
        good = [place for place in range(len(messages)) if place not in odd]
        return [places[place] for place in good], at(good, columns)

    def _one_by_one(self, lines: Iterable[Line]) -> Iterable[tuple[int, Any]]:
        for place, line in enumerate(lines):
            try:
                yield place, self._decode(line)
            except _CAUSES:
                continue


_record_of: Final = attrgetter("record")


def _is_name(name: str) -> bool:
    return bool(name) and name.isprintable() and _NOT_IN_NAMES.isdisjoint(name)


def _field(attribute: str, name: str, type_: Any, *, required: bool) -> tuple[str, Any, Any]:
    if required:
        return attribute, type_, msgspec.field(name=name)
    return attribute, type_ if type_ is Any else type_ | UnsetType, msgspec.field(name=name, default=UNSET)


def _type(schema: Mapping[str, Any], name: str, column: Mapping[str, Any]) -> tuple[Any, Transform | None]:
    """What the decoder checks of a column, and what else is to be checked."""
    if name.startswith("_sdc_"):
        return Any, None
    if (type_ := _decoded(column)) is not None:
        return type_, None
    if classes := classes_of(column):
        return Any, partial(_of_classes, classes | {UnsetType})
    return Any, partial(_checked, name, compiled({**schema, "properties": {name: column}, "required": []}))


def _decoded(column: Mapping[str, Any]) -> Any:
    """The type of a column that the decoder checks wholly; None if it cannot.

    It would make decimals of texts, too, so columns of numbers are not left to it.
    """
    bounds = {word: column[word] for word in _BOUNDS if isinstance(column.get(word), _BOUNDS[word])}
    classes = classes_of({word: said for word, said in column.items() if word not in bounds})
    if not classes or not classes <= _DECODED.keys():
        return None
    types = {class_: _DECODED[class_] for class_ in classes}
    if "maxLength" in bounds and str in types:
        types[str] = Annotated[str, Meta(max_length=bounds["maxLength"])]
    if "items" in bounds and list in types:
        item = _decoded(bounds["items"])
        if item is None:
            return None
        types[list] = list.__class_getitem__(item)
    return Union[tuple(types.values())]  # noqa: UP007 (made here)


_BOUNDS: Final[Mapping[str, type]] = {"maxLength": int, "items": dict}
"""What a schema may say besides types, and the decoder can check."""
_DECODED: Final[Mapping[type, Any]] = {
    str: str,
    bool: bool,
    int: int,
    list: list[Any],
    dict: dict[str, Any],
    NoneType: None,
}
"""By the class of values: the type that stands for it."""


def _checked(name: str, is_valid: Check, column: Column) -> Column:
    return [value if value is UNSET or is_valid({name: value}) else MISFIT for value in column]


def _of_classes(classes: frozenset[type], column: Column) -> Column:
    if {*map(type, column)} <= classes:
        return column
    return [value if value.__class__ in classes else MISFIT for value in column]
