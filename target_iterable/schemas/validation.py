"""Validation of records against the schema of their stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from types import NoneType
from typing import Any, Final, TypeAlias

import fastjsonschema
from singer_sdk.exceptions import InvalidInputLine, InvalidJSONSchema
from singer_sdk.sinks.core import JSONSchemaValidator

from target_iterable.core.rejection import INVALID_RECORD, RecordRejectedError
from target_iterable.schemas.metadata_columns import is_metadata
from target_iterable.schemas.patterns import bounded, has_pattern_properties, without_patterns
from target_iterable.schemas.schema_dialects import normalise_schema
from target_iterable.schemas.schema_types import DATES

Check: TypeAlias = Callable[[dict[str, Any]], bool]
"""Whether a record is surely valid. False means: not known."""

_CLASSES: Final[Mapping[str, frozenset[type]]] = {
    "null": frozenset({NoneType}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "number": frozenset({int, Decimal}),
    "string": frozenset({str}),
    "array": frozenset({list}),
    "object": frozenset({dict}),
}
"""Type -> Python classes whose values are always valid for it. Others may be valid, too: 1.0 is an integer."""

_ALL_CLASSES: Final = frozenset().union(*_CLASSES.values())
_COMPUTED: Final = frozenset({bool, int, float, Decimal})
_ANNOTATIONS: Final = frozenset({"format", "title", "description", "default", "examples", "$comment"})
"""Keywords that demand nothing; formats are not checked."""
_RECORD_KEYWORDS: Final = _ANNOTATIONS | {
    "$schema",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "definitions",
    "$defs",
}


class RecordValidator:
    """Validates records in up to three steps, the fastest first.

    1. By the Python classes of the values: most columns allow all values of some types.
    2. By a compiled check (fastjsonschema).
    3. By the SDK's validator, which is slow: it decides on the rest, and names the rule that was broken.

    Attributes:
        schema: the schema of the stream, normalised.
        is_valid_by_class: the first step alone; False means that it does not decide.

    Raises:
        InvalidInputLine: if the schema is not JSON Schema.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema: dict[str, Any] = normalise_schema(schema)
        self._sdk_validator = _sdk_validator(self.schema)
        self.is_valid_by_class = _class_check(self.schema)

    def refuse_if_invalid(self, record: dict[str, Any]) -> None:
        """Validate `record` without its columns of metadata.

        Raises:
            RecordRejectedError: if it is invalid; with the column and the keyword of the schema, never a value.
        """
        if not self.is_valid_by_class(record):
            self._refuse_if_invalid({column: record[column] for column in record if not is_metadata(column)})

    @cached_property
    def _is_valid_by_compiled(self) -> Check:
        return compiled(_with_computed_values(self.schema))

    def _refuse_if_invalid(self, record: dict[str, Any]) -> None:
        if self._is_valid_by_compiled(record):
            return
        for error in self._sdk_validator.iter_errors(record):
            if not _is_computed(error):
                raise _refusal(error)


def _refusal(error: Any) -> RecordRejectedError:
    """The error of a record, without any value of it."""
    rule = error.validator
    if not error.absolute_path:
        return RecordRejectedError(INVALID_RECORD, f"the record does not keep to `{rule}` of the stream's schema")
    # Deeper parts of the path are left out: they may be names that a user has chosen.
    column, *deeper = error.absolute_path
    has, kind = "has in it" if deeper else "holds", _kind(error.instance)
    if rule != "type":
        return RecordRejectedError(
            INVALID_RECORD, f"column {column!r} {has} {kind} that does not keep to `{rule}` of the stream's schema"
        )
    wanted = " or ".join(_listed(error.validator_value))
    return RecordRejectedError(
        INVALID_RECORD, f"column {column!r} {has} {kind}, and the stream's schema wants {wanted}"
    )


def _kind(value: Any) -> str:
    """The kind of a value, as JSON Schema calls it, with its article."""
    name = next(name for name, classes in _CLASSES.items() if value.__class__ in classes)
    return name if name == "null" else f"{'an' if name[0] in 'aio' else 'a'} {name}"


def _sdk_validator(schema: dict[str, Any]) -> Any:
    try:
        found = JSONSchemaValidator(_with_columns_once(schema)).validator
    except InvalidJSONSchema as error:
        cause: Any = error.__cause__
        raise InvalidInputLine(
            f"The schema in a SCHEMA of the input is not JSON Schema: {cause.message} at {cause.json_path}"
        ) from None
    return bounded(found.evolve(schema=schema))


def _with_computed_values(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with numbers and booleans in columns of texts.

    The SDK calls a column a text if it does not know what an expression of `stream_maps` computes, such as `price * 2`.
    """
    if not isinstance(columns := schema.get("properties"), dict):
        return schema
    return {**schema, "properties": {name: _with_computed(column) for name, column in columns.items()}}


def _with_computed(column: Any) -> Any:
    if not isinstance(column, Mapping) or not _takes_computed(column):
        return column
    return {**column, "type": list(dict.fromkeys([*_listed(column["type"]), "number", "boolean"]))}


def _is_computed(error: Any) -> bool:
    """Whether a record is only called invalid for a number or boolean in a column of texts."""
    is_of_column = error.validator == "type" and len(error.absolute_path) == 1 and error.parent is None
    return is_of_column and error.instance.__class__ in _COMPUTED and _takes_computed(error.schema)


def _takes_computed(column: Mapping[str, Any]) -> bool:
    kinds = column.get("type")
    is_text = isinstance(kinds, str | list) and "string" in _listed(kinds)
    return is_text and column.get("format") not in DATES and "enum" not in column


def _with_columns_once(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with one column of each kind: the check of a schema takes about a millisecond for each column."""
    if not isinstance(columns := schema.get("properties"), dict):
        return schema
    kinds: dict[str, tuple[str, Any]] = {}
    for name, column in columns.items():
        short = _with_short_enum(column)
        kinds.setdefault(repr(short), (name, short))
    return {**schema, "properties": dict(kinds.values())}


def _with_short_enum(column: Any) -> Any:
    """The schema of a column with one value of its `enum`, as any value is right there."""
    values = column.get("enum") if isinstance(column, dict) else None
    return {**column, "enum": values[:1]} if isinstance(values, list) else column


def _class_check(schema: Mapping[str, Any]) -> Check:
    """The check by the classes of the values. Columns whose class does not decide are looked up, or compiled."""
    if not is_plain(schema):
        return lambda _: False
    properties = schema.get("properties", {})
    listed = {column: found for column, type_ in properties.items() if (found := listed_values(type_)) is not None}
    undecided = {column for column, type_ in properties.items() if column not in listed and classes_of(type_) is None}
    classes = {column: classes_of(type_) or _ALL_CLASSES for column, type_ in properties.items()}
    classes |= {column: frozenset(map(type, values)) for column, values in listed.items()}
    other = frozenset() if schema.get("additionalProperties", True) is not True else _ALL_CLASSES
    required = frozenset(schema.get("required", ()))
    is_rest_valid = _lazily_compiled({**schema, "properties": {column: properties[column] for column in undecided}})

    def is_valid(record: dict[str, Any]) -> bool:
        for column, value in record.items():
            if value.__class__ not in classes.get(column, other):
                return False
        if listed and any(record[column] not in listed[column] for column in listed.keys() & record.keys()):
            return False
        return required <= record.keys() and (not undecided or is_rest_valid(record))

    return is_valid


def listed_values(schema: Any) -> frozenset[str | None] | None:
    """The values that a column's schema lists, if they are texts or null; None for any other schema."""
    if not isinstance(schema, Mapping) or not schema.keys() <= _ANNOTATIONS | {"type", "enum"} or "enum" not in schema:
        return None
    allowed = classes_of({name: said for name, said in schema.items() if name != "enum"}) or ()
    values = [value for value in schema["enum"] if value.__class__ in allowed]
    return frozenset(values) if all(value is None or isinstance(value, str) for value in values) else None


def is_plain(schema: Mapping[str, Any]) -> bool:
    """Whether the schema of a stream has no keywords beyond columns with a schema each."""
    return schema.keys() <= _RECORD_KEYWORDS and "object" in _listed(schema.get("type", "object"))


def classes_of(schema: Any) -> frozenset[type] | None:
    """The Python classes of the values that a column's schema allows; None if the class alone does not decide."""
    if not isinstance(schema, Mapping):
        return None  # true and false are schemas, too
    if schema.keys() <= _ANNOTATIONS | {"anyOf"} and "anyOf" in schema:
        variants = [classes_of(variant) for variant in schema["anyOf"]]
        return None if None in variants else frozenset().union(*filter(None, variants))
    if not schema.keys() <= _ANNOTATIONS | {"type"}:
        return None
    return frozenset().union(*(_CLASSES[type_] for type_ in _listed(schema.get("type", [*_CLASSES]))))


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _refuse_reference(uri: str) -> Any:
    raise fastjsonschema.JsonSchemaDefinitionException(f"{uri} is elsewhere")


_NO_REMOTE_SCHEMAS: Final = {"http": _refuse_reference, "https": _refuse_reference, "": _refuse_reference}


def compiled(schema: dict[str, Any]) -> Check:
    """The check by fastjsonschema. For a schema that it cannot compile, the check is always False."""
    if has_pattern_properties(schema):
        return lambda _: False
    formats: dict[str, Any] = {}
    try:
        plain = without_patterns(schema, formats)
        check = fastjsonschema.compile(plain, _NO_REMOTE_SCHEMAS, formats, use_default=False)
    except Exception:  # noqa: BLE001 (what it makes of a schema may not even be Python: it may be nested too deeply)
        return lambda _: False

    def accepts(record: dict[str, Any]) -> bool:
        try:
            check(record)
        except Exception:  # noqa: BLE001 (some schemas become code that does not run, such as one with an infinite bound)
            return False
        return True

    return accepts


def _lazily_compiled(schema: dict[str, Any]) -> Check:
    made: list[Check] = []

    def accepts(record: dict[str, Any]) -> bool:
        if not made:
            made.append(compiled(schema))
        return made[0](record)

    return accepts
