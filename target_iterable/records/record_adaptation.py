"""Adaptation of records to the schema of their stream, where a source writes one form and announces another."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from target_iterable.records.json_texts import from_json
from target_iterable.records.numbers import whole_number
from target_iterable.schemas.schema_types import kinds_of, members_of, variants_of

_CONTAINERS: Final[Mapping[str, type]] = {"object": dict, "array": list}
_ADAPTED: Final = frozenset({"integer", *_CONTAINERS})
"""Types of which values may come in another form."""


def adapted(record: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The record with values in the form that the schema announces; the record itself where nothing is to be done.

    - `2.0` is an integer by JSON Schema: where only integers may be, it becomes `2`, at any depth.
    - A text that is JSON becomes the object or array, where a column must hold one of these and no text:
      pipelinewise-tap-postgres writes JSON columns so.
    """
    columns = schema.get("properties", {})
    changed = {name: adapted_value(value, columns[name]) for name, value in record.items() if name in columns}
    return {**record, **changed}


def adapted_column(column: list[Any], schema: Mapping[str, Any]) -> list[Any]:
    """The values of one column in the form that its schema announces; see `adapted`."""
    kinds = kinds_of(schema)
    if kinds & {"string", "integer"} or kinds.isdisjoint(_CONTAINERS) or _adapts_parts(schema):
        return [adapted_value(value, schema) for value in column]
    expected = tuple(_CONTAINERS[kind] for kind in kinds & _CONTAINERS.keys())
    held = map(from_json, column)
    return [found if isinstance(found, expected) else value for found, value in zip(held, column, strict=True)]


def _adapts_parts(schema: Mapping[str, Any]) -> bool:
    """Whether a schema says something of members or items that may change them: of texts and numbers, it does not."""
    parts = [part for variant in variants_of(schema) for part in (*members_of(variant).values(), variant.get("items"))]
    return any(isinstance(part, Mapping) and (kinds_of(part) & _ADAPTED or _adapts_parts(part)) for part in parts)


def adapted_value(value: Any, schema: Any) -> Any:
    """The value of one column, or of a part of it, in the form that its schema announces; see `adapted`."""
    if not isinstance(schema, Mapping) or not isinstance(value, Decimal | str | dict | list):
        return value
    kinds = kinds_of(schema)
    if isinstance(value, Decimal):
        whole = whole_number(value) if "integer" in kinds and "number" not in kinds else None
        return value if whole is None else whole
    if isinstance(value, str):
        expected = tuple(_CONTAINERS[kind] for kind in kinds & _CONTAINERS.keys())
        if not expected or "string" in kinds or not isinstance(found := from_json(value), expected):
            return value
        value = found
    if isinstance(value, dict):
        members = {name: part for variant in variants_of(schema) for name, part in members_of(variant).items()}
        return {name: adapted_value(part, members.get(name)) for name, part in value.items()}
    items = next((variant["items"] for variant in variants_of(schema) if "items" in variant), None)
    return [adapted_value(item, items) for item in value]
