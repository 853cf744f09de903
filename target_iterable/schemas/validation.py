"""Checking records against the schema of their stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from types import NoneType
from typing import Any, Final, TypeAlias

import fastjsonschema
from singer_sdk.exceptions import InvalidInputLine, InvalidJSONSchema
from singer_sdk.sinks.core import JSONSchemaValidator

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.schemas.schema_dialects import normalise_schema

Check: TypeAlias = Callable[[dict[str, Any]], bool]

_CLASSES: Final[Mapping[str, frozenset[type]]] = {
    "null": frozenset({NoneType}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "number": frozenset({int, Decimal}),
    "string": frozenset({str}),
    "array": frozenset({list}),
    "object": frozenset({dict}),
}
"""Of what classes the reader makes values that are surely of a type. Others may be: 1.0 is an integer."""

_ALL: Final = frozenset().union(*_CLASSES.values())
_REMARKS: Final = frozenset({"format", "title", "description", "default", "examples", "$comment"})
"""What a schema says without demanding anything; formats are not checked."""
_TOP: Final = _REMARKS | {"$schema", "type", "properties", "required", "additionalProperties", "definitions", "$defs"}


class RecordValidator:
    """Says what of a record does not keep to the schema.

    Most columns may hold all values of some types, and then to look at the class of the value is enough. What a
    compiled check accepts is valid, too. The SDK's check, which is slow, has the last word on the rest.

    Attributes:
        schema: what records keep to.

    Raises:
        InvalidInputLine: if the schema is none.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema: dict[str, Any] = normalise_schema(schema)
        self._last_word = _last_word(self.schema)
        self._is_quickly_valid = _by_class(self.schema)

    def refuse_if_invalid(self, record: dict[str, Any]) -> None:
        """Check `record`; not its columns `_sdc_*`, which are nobody's data.

        Raises:
            RecordRejectedError: if it is invalid.
        """
        if not self._is_quickly_valid(record):
            self._refuse_if_invalid({column: record[column] for column in record if not column.startswith("_sdc_")})

    @cached_property
    def _is_valid(self) -> Check:
        return compiled(self.schema)

    def _refuse_if_invalid(self, record: dict[str, Any]) -> None:
        error = None if self._is_valid(record) else next(self._last_word.iter_errors(record), None)
        if error is not None:
            # Deeper parts of the path are left out: they may be keys that a user has chosen.
            place = f"column {error.absolute_path[0]!r}" if error.absolute_path else "the record"
            raise RecordRejectedError(
                "invalidRecord", f"{place} does not keep to `{error.validator}` of the stream's schema"
            )


def _last_word(schema: dict[str, Any]) -> Any:
    try:
        return JSONSchemaValidator(schema).validator
    except InvalidJSONSchema as error:
        cause: Any = error.__cause__
        raise InvalidInputLine(
            f"The schema in a SCHEMA of the input is not JSON Schema: {cause.message} at {cause.json_path}"
        ) from None


def _by_class(schema: Mapping[str, Any]) -> Check:
    """A check that says True of nothing invalid, by the classes of the values, as far as that can be."""
    properties = schema.get("properties", {})
    if not is_plain(schema):
        return lambda _: False
    unclear = {column for column, type_ in properties.items() if classes_of(type_) is None}
    classes = {column: classes_of(type_) or _ALL for column, type_ in properties.items()}
    other = frozenset() if schema.get("additionalProperties", True) is not True else _ALL
    required = frozenset(schema.get("required", ()))
    of_unclear = compiled({**schema, "properties": {column: properties[column] for column in unclear}})

    def is_valid(record: dict[str, Any]) -> bool:
        for column, value in record.items():
            if value.__class__ not in classes.get(column, other):
                return False
        return required <= record.keys() and (not unclear or of_unclear(record))

    return is_valid


def is_plain(schema: Mapping[str, Any]) -> bool:
    """Whether a schema of records asks for nothing but columns that each have a schema."""
    return schema.keys() <= _TOP and "object" in _listed(schema.get("type", "object"))


def classes_of(schema: Any) -> frozenset[type] | None:
    """The classes of all values that the schema of a column allows; None if the class alone does not decide."""
    if not isinstance(schema, Mapping):
        return None  # true and false are schemas, too
    if schema.keys() <= _REMARKS | {"anyOf"} and "anyOf" in schema:
        variants = [classes_of(variant) for variant in schema["anyOf"]]
        return None if None in variants else frozenset().union(*filter(None, variants))
    if not schema.keys() <= _REMARKS | {"type"}:
        return None
    return frozenset().union(*(_CLASSES[type_] for type_ in _listed(schema.get("type", [*_CLASSES]))))


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _stay_here(uri: str) -> Any:
    raise fastjsonschema.JsonSchemaDefinitionException(f"{uri} is elsewhere")


_NOTHING_FROM_ELSEWHERE: Final = {"http": _stay_here, "https": _stay_here, "": _stay_here}


def compiled(schema: dict[str, Any]) -> Check:
    """A check that says True of nothing invalid; for schemas that cannot be compiled it never says True."""
    try:
        check = fastjsonschema.compile(schema, _NOTHING_FROM_ELSEWHERE, use_default=False, use_formats=False)
    except (fastjsonschema.JsonSchemaDefinitionException, AttributeError, KeyError, TypeError, ValueError):
        return lambda _: False

    def accepts(record: dict[str, Any]) -> bool:
        try:
            check(record)
        except fastjsonschema.JsonSchemaValueException:
            return False
        return True

    return accepts
