"""Schemas of JSON request bodies, and the check of a body against its schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

_MAX_LONG: Final = 2**63 - 1

_PROBLEMS: Final[Mapping[str, str]] = {
    "string": "String value expected",
    "number": "Number value expected",
    "decimal": "Number value expected",
    "boolean": "Boolean value expected",
    # Not in recordings; worded like the ones above.
    "object": "Object value expected",
    "array": "Array value expected",
}


_CLASSES: Final[Mapping[str, frozenset[type]]] = {
    "string": frozenset({str}),
    "number": frozenset({int}),
    "decimal": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "object": frozenset({dict}),
    "array": frozenset({list}),
}
"""Kind -> Python classes of its decoded values."""


@dataclass(frozen=True)
class BodySchema:
    """Schema of one JSON value: its kind, the fields of an object or the items of an array."""

    kind: str
    fields: Mapping[str, BodySchema] = field(default_factory=dict)
    items: BodySchema | None = None
    required: frozenset[str] = frozenset()

    @cached_property
    def is_simple(self) -> bool:
        """Whether only the kind has to be checked."""
        return not self.fields and self.items is None


STRING: Final = BodySchema("string")
NUMBER: Final = BodySchema("number")
DECIMAL: Final = BodySchema("decimal")
BOOLEAN: Final = BodySchema("boolean")
OBJECT: Final = BodySchema("object")


def object_of(*, required: tuple[str, ...] = (), **fields: BodySchema) -> BodySchema:
    """Schema of an object with these fields; further fields are allowed."""
    return BodySchema("object", fields, required=frozenset(required))


def array_of(items: BodySchema) -> BodySchema:
    """Schema of an array whose items share one schema."""
    return BodySchema("array", items=items)


class Violation(NamedTuple):
    """A part of a body that breaks the schema.

    Attributes:
        place: path in Iterable's words, such as `obj.users[1].email`.
        kind: what it should be.
        is_missing: whether a required field is null or absent.
        is_absent: whether it is absent.
    """

    place: str
    kind: str
    is_missing: bool = False
    is_absent: bool = False

    @property
    def problem(self) -> str:
        """The problem in Iterable's words, but for a required field, of which no recording tells."""
        return "Value is required" if self.is_missing else _PROBLEMS[self.kind]


def violations(schema: BodySchema, value: Any, place: str = "obj") -> Iterator[Violation]:
    """Yield each part of `value` that breaks the schema. Null counts as absent."""
    if not _is(schema.kind, value):
        yield Violation(place, schema.kind)
    elif isinstance(value, dict):
        yield from _in_object(schema, value, place)
    elif schema.items is not None and not _all_valid(schema.items, value):
        for index, item in enumerate(value):
            yield from violations(schema.items, item, f"{place}[{index}]")


def _all_valid(schema: BodySchema, values: Sequence[Any]) -> bool:
    """Whether all values are valid by their classes alone, checked column by column. False means: check each."""
    if not {*map(type, values)} <= _CLASSES[schema.kind]:
        return False
    if schema.kind == "number":
        return not values or (min(values) >= -_MAX_LONG and max(values) <= _MAX_LONG)
    return schema.items is None and all(
        _all_valid(inner, _column(schema, name, values)) for name, inner in schema.fields.items()
    )


def _column(schema: BodySchema, name: str, values: Sequence[Any]) -> list[Any]:
    """Values of one field of many objects; nulls are left out unless the field is required."""
    column = [value.get(name) for value in values]
    return column if name in schema.required else [value for value in column if value is not None]


def _in_object(schema: BodySchema, value: dict[str, Any], place: str) -> Iterator[Violation]:
    for name, inner_schema in schema.fields.items():
        inner = value.get(name)
        if inner is None:
            if name in schema.required:
                yield Violation(f"{place}.{name}", inner_schema.kind, is_missing=True, is_absent=name not in value)
        elif not (inner_schema.is_simple and _is(inner_schema.kind, inner)):
            yield from violations(inner_schema, inner, f"{place}.{name}")


def _is(kind: str, value: Any) -> bool:
    is_small = kind != "number" or (isinstance(value, int) and abs(value) <= _MAX_LONG)
    return is_small and type(value) in _CLASSES[kind]
