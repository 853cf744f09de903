"""Check of SCHEMA messages, before anything is built on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from singer_sdk.exceptions import InvalidInputLine


def refuse_malformed(message: Mapping[str, Any]) -> None:
    """Check those members of a SCHEMA message that are present.

    Raises:
        InvalidInputLine: with the name of a malformed member.
    """
    for member, (is_well_formed, must_be) in _MEMBERS.items():
        if member in message and not is_well_formed(message[member]):
            raise InvalidInputLine(f"The `{member}` of a SCHEMA of the input is not {must_be}")


def _has_columns(schema: Any) -> bool:
    columns = schema.get("properties", {}) if isinstance(schema, dict) else None
    return isinstance(columns, dict) and all(isinstance(column, dict) for column in columns.values())


def _has_local_references(part: Any) -> bool:
    """Whether no `$ref` in a schema leads to another document, which would have to be fetched."""
    if isinstance(part, list):
        return all(map(_has_local_references, part))
    if not isinstance(part, dict):
        return True
    reference = part.get("$ref")
    return not (isinstance(reference, str) and not reference.startswith("#")) and all(
        map(_has_local_references, part.values())
    )


def _is_schema(schema: Any) -> bool:
    return _has_columns(schema) and _has_local_references(schema)


def _is_key(names: Any) -> bool:
    return names is None or (isinstance(names, list) and all(isinstance(name, str) for name in names))


_MEMBERS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "schema": (_is_schema, "an object whose `properties` are objects and whose every `$ref` stays in it"),
    "key_properties": (_is_key, "an array of texts"),
}
