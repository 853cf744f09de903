"""Patterns of schemas, matched in time that grows with the length of the text only.

Python's `re`, which both validators use, can take for ever: with some patterns, its time doubles with each character.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, TypeAlias

from jsonschema import ValidationError
from jsonschema.validators import extend

from target_iterable.schemas.schema_references import DATA, parts_of

Matches: TypeAlias = Callable[[str], bool]

_logger: Final = logging.getLogger("target-iterable")


@lru_cache(1_000)
def matcher(pattern: str) -> Matches:
    """Return a function that says whether a text has the pattern in it.

    Patterns that need backtracking, such as look-aheads and back-references, and very large ones, are in every text;
    a warning says so once.
    """
    # It takes long to load, and few schemas have patterns.
    from pydantic import ConfigDict, StringConstraints, TypeAdapter  # noqa: PLC0415
    from pydantic_core import SchemaError  # noqa: PLC0415

    text = Annotated[str, StringConstraints(pattern=pattern, strict=True)]
    try:
        found = TypeAdapter(text, config=ConfigDict(regex_engine="rust-regex"))
    except SchemaError:
        _logger.warning(
            "The pattern %r of a schema is not checked: it needs look-arounds or back-references, for which no time is "
            "sure to be enough, or it is too large.",
            pattern,
        )
        return lambda _: True
    return found.validator.isinstance_python


def without_patterns(schema: Any, found: dict[str, Matches]) -> Any:
    """The schema with a format of its own in place of each pattern, and no other format.

    `found` gets what checks each format.
    """
    if isinstance(schema, list):
        return [without_patterns(part, found) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {name: part if name in DATA else without_patterns(part, found) for name, part in schema.items()}
    if isinstance(parts.get("format"), str):
        del parts["format"]
    if isinstance(pattern := parts.get("pattern"), str):
        del parts["pattern"]
        parts["format"] = name = f"pattern{len(found)}"
        found[name] = matcher(pattern)
    return parts


def has_pattern_properties(schema: Any) -> bool:
    """Whether patterns say which members of objects have which schema."""
    return any("patternProperties" in part for part in parts_of(schema))


def bounded(validator: Any) -> Any:
    """Return a validator of `jsonschema` that matches patterns by `matcher`."""
    keywords: dict[str, Any] = {"pattern": _pattern}
    if has_pattern_properties(validator.schema):
        # The last one would match patterns, too: it is not checked then.
        keywords |= {
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
            "unevaluatedProperties": lambda *_: (),
        }
    make: Any = extend  # it has no types
    return make(type(validator), keywords)(validator.schema, format_checker=validator.format_checker)


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and not matcher(pattern)(value):
        yield ValidationError("does not match")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], value: Any, _schema: Any
) -> Iterator[ValidationError]:
    for pattern, schema in patterns.items() if isinstance(value, dict) else ():
        for name, member in value.items():
            if matcher(pattern)(name):
                yield from validator.descend(member, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, member in value.items() if isinstance(value, dict) else ():
        if name not in known and not any(matcher(pattern)(name) for pattern in patterns):
            yield from validator.descend(member, wanted, path=name)
