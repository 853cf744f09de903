"""Field types of Iterable, from the JSON Schema of a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import Any, Final, TypeAlias

Schemas: TypeAlias = Mapping[tuple[str, ...], Mapping[str, Any]]
"""Path of a field -> JSON Schema of its values."""

_TYPES: Final[Mapping[frozenset[str], str]] = {
    frozenset({"boolean"}): "boolean",
    frozenset({"integer"}): "long",
    frozenset({"number"}): "double",
    frozenset({"integer", "number"}): "double",
    frozenset({"string"}): "string",
    frozenset({"object"}): "object",
}
DATES: Final = ("date", "date-time")
DECIMAL: Final = "x-singer.decimal"
"""Format of texts that hold a number with all its digits, as Singer's SDK calls it."""
_FORMATS: Final[Mapping[str, str]] = {**dict.fromkeys(DATES, "date"), DECIMAL: "double"}
"""Format of texts -> type of their field."""
_GEO: Final = "_geo_location"


def content_of(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of what texts of JSON hold, as `contentSchema` says it; None unless the schema calls them JSON."""
    if schema.get("contentMediaType") != "application/json":
        return None
    content = schema.get("contentSchema")
    return content if isinstance(content, Mapping) else {}


def types_in(schemas: Schemas) -> dict[str, str]:
    """Dotted path -> type of the field, parents before their children.

    Fields of several types are left out, and so are arrays: how they are declared is not documented.
    """
    types: dict[str, str] = {}
    for path, schema in schemas.items():
        if any("." in step for step in path):
            continue
        for depth in range(1, len(path)):
            types.setdefault(".".join(path[:depth]), "object")
        types |= _types(".".join(path), schema)
    return types


def paths_of_fractions(schemas: Schemas) -> set[str]:
    """The dotted paths of the fields that may hold fractions. An array has the path of its items."""
    return {path for steps, schema in schemas.items() for path in _paths_of_fractions(".".join(steps), schema)}


def _paths_of_fractions(path: str, schema: Any) -> Iterator[str]:
    for variant in variants_of(schema) if isinstance(schema, Mapping) else ():
        if _takes_fractions(variant):
            yield path
        for name, member in members_of(variant).items():
            yield from _paths_of_fractions(f"{path}.{name}", member)
        yield from _paths_of_fractions(path, variant.get("items"))


def _takes_fractions(schema: Mapping[str, Any]) -> bool:
    """Whether a value may be a number that is not whole. Taps write `numeric(10, 0)` as multiples of 1."""
    kinds, step = _kinds(schema), schema.get("multipleOf")
    if "number" in kinds:
        return not isinstance(step, int | float | Decimal) or step % 1 != 0
    return "string" in kinds and schema.get("format") == DECIMAL


def updates(types: Mapping[str, str]) -> list[dict[str, Any]]:
    """The types as `mappingsUpdates` of the API: the members of an object are its `children`."""
    roots: list[dict[str, Any]] = []
    nodes: dict[str, dict[str, Any]] = {}
    for path in sorted({ancestor for leaf in types for ancestor in _ancestors(leaf)}):
        parent, _, name = path.rpartition(".")
        nodes[path] = {"fieldName": name, "fieldType": types.get(path, "object")}
        (nodes[parent].setdefault("children", []) if parent else roots).append(nodes[path])
    return roots


def _ancestors(path: str) -> Iterator[str]:
    """`a`, `a.b` and `a.b.c` for `a.b.c`."""
    steps = path.split(".")
    return (".".join(steps[:depth]) for depth in range(1, len(steps) + 1))


def _types(path: str, schema: Mapping[str, Any]) -> dict[str, str]:
    type_ = _type(path, schema)
    if type_ is None:
        return {}
    members = schema.get("properties", {}) if type_ == "object" else {}
    types = {path: type_}
    for name, member in members.items():
        if "." not in name:
            types |= _types(f"{path}.{name}", member)
    return types


def _type(path: str, schema: Mapping[str, Any]) -> str | None:
    variants = variants_of(schema)
    kinds = kinds_of(schema) - {"null"}
    type_ = _TYPES.get(kinds)
    formats = {variant["format"] for variant in variants if isinstance(variant.get("format"), str)}
    if type_ == "string" and (called := next((kind for format_, kind in _FORMATS.items() if format_ in formats), None)):
        return called
    return "geo_location" if type_ == "object" and path.endswith(_GEO) else type_


def kinds_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The names of all types in the schema of a column and its alternatives; none if it does not say any."""
    return frozenset(kind for variant in variants_of(schema) for kind in _kinds(variant))


def members_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schemas of the members of objects; none if it does not name any."""
    members = schema.get("properties")
    return members if isinstance(members, Mapping) else {}


def variants_of(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The schema of a column and the alternatives in it (`anyOf`, `oneOf`), without the schemas `true` and `false`."""
    alternatives = [part for name in ("anyOf", "oneOf") if isinstance(part := schema.get(name), list)]
    return [variant for variant in chain([schema], *alternatives) if isinstance(variant, Mapping)]


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    """The types that the schema itself names. Where records are not validated, it may hold anything instead."""
    kinds = schema.get("type", [])
    return [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)]
