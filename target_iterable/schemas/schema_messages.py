"""Check of SCHEMA messages, before anything is built on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from singer_sdk.exceptions import InvalidInputLine

from target_iterable.schemas.schema_references import comes_to_an_end, is_nested_in, stays_inside

MAX_LEVELS: Final = 100
"""Objects and arrays in each other. All that reads schemas calls itself for each level, several times."""


def refuse_malformed(message: Mapping[str, Any]) -> None:
    """Check those members of a SCHEMA message that are present.

    Raises:
        InvalidInputLine: with the name of a malformed member.
    """
    for member, is_well_formed, must_be in _CHECKS:
        if member in message and not is_well_formed(message[member]):
            raise InvalidInputLine(f"The `{member}` of a SCHEMA of the input is not {must_be}")


def _has_columns(schema: Any) -> bool:
    columns = schema.get("properties", {}) if isinstance(schema, dict) else None
    return isinstance(columns, dict) and all(isinstance(column, dict) for column in columns.values())


def _is_shallow(schema: Any) -> bool:
    return is_nested_in(schema, MAX_LEVELS)


def _has_text_id(schema: Any) -> bool:
    return isinstance(schema.get("$id", ""), str)


def _is_key(names: Any) -> bool:
    return names is None or (isinstance(names, list) and all(isinstance(name, str) for name in names))


_CHECKS: Final[Sequence[tuple[str, Callable[[Any], bool], str]]] = (
    ("schema", _has_columns, "an object whose `properties` are objects"),
    ("schema", _is_shallow, f"nested in {MAX_LEVELS} levels at most"),
    ("schema", _has_text_id, "an object whose `$id` is a text"),
    ("schema", stays_inside, "an object whose every `$ref` stays in it"),
    ("schema", comes_to_an_end, "an object whose every `$ref` leads to something else that is there"),
    ("key_properties", _is_key, "an array of texts"),
)
"""Each check is made if those before it have passed."""
