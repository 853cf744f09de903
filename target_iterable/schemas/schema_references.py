"""References in a schema (`$ref`): whether each stays in the schema, leads to something, and comes to an end."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final, TypeAlias

from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

DATA: Final = frozenset({"default", "enum", "const", "examples"})
"""Keywords whose values are no schemas."""
_LISTS_IN_PLACE: Final = ("allOf", "anyOf", "oneOf")
_IN_PLACE: Final = ("not", "if", "then", "else")
"""Keywords whose schemas are for the same value, and not for a part of it."""

_Part: TypeAlias = dict[str, Any]


def stays_inside(schema: Any) -> bool:
    """Whether no `$ref` leads to another document, which would have to be fetched."""
    return all(reference.startswith("#") for part in parts_of(schema) if (reference := _reference(part)) is not None)


def comes_to_an_end(schema: Any) -> bool:
    """Whether every `$ref` leads to something, and none to itself without a step into the value.

    A tree whose nodes refer to their own kind is such a step: it ends where a value does.
    """
    graph: dict[int, set[int]] = {}
    try:
        for part, resolver in _resolved(schema):
            graph[id(part)] = {id(one) for one in _applied(part, resolver)}
        TopologicalSorter(graph).prepare()
    except (Unresolvable, CycleError, ValueError):
        return False
    return True


def parts_of(schema: Any) -> Iterator[_Part]:
    """Yield all objects in a schema, except those that are data."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            yield part
            waiting += _inner(part)


def is_nested_in(schema: Any, levels: int) -> bool:
    """Whether no object or array in a schema is in more than so many others."""
    level = [schema]
    for _ in range(levels + 1):
        level = [inner for part in level for inner in (part.values() if isinstance(part, dict) else part)]
        level = [inner for inner in level if isinstance(inner, dict | list)]
    return not level


def _inner(part: _Part) -> list[Any]:
    return [value for name, value in part.items() if name not in DATA]


def _resolved(schema: _Part) -> Iterator[tuple[_Part, Any]]:
    """Yield all objects in a schema, and for each what resolves its references."""
    waiting: list[tuple[Any, Any]] = [(schema, Registry().resolver_with_root(DRAFT202012.create_resource(schema)))]
    while waiting:
        part, resolver = waiting.pop()
        if isinstance(part, list):
            waiting += [(item, resolver) for item in part]
        elif isinstance(part, dict):
            if part is not schema and isinstance(part.get("$id"), str):
                resolver = resolver.in_subresource(DRAFT202012.create_resource(part))
            yield part, resolver
            waiting += [(inner, resolver) for inner in _inner(part)]


def _applied(part: _Part, resolver: Any) -> Iterator[Any]:
    """Yield the schemas that are for the same value as the one in `part`."""
    if (reference := _reference(part)) is not None:
        yield resolver.lookup(reference).contents
    for name in _LISTS_IN_PLACE:
        if isinstance(schemas := part.get(name), list):
            yield from schemas
    yield from (part[name] for name in _IN_PLACE if name in part)


def _reference(part: _Part) -> str | None:
    reference = part.get("$ref")
    return reference if isinstance(reference, str) else None
