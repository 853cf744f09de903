"""One exported line: JSON to nested fields, and the id of the row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from tap_iterable.records.strict_json import loads

ID_BYTES: Final = 16
"""Length of the hash that identifies a row."""


class MalformedLineError(ValueError):
    """A line that is not one JSON object, or whose object is nested too deeply."""


def fields_of(line: bytes) -> dict[str, Any]:
    """The line's fields.

    Raises:
        MalformedLineError: if the line is not one JSON object.
    """
    try:
        fields = loads(line)
    except ValueError as error:
        raise MalformedLineError(type(error).__name__) from None
    if not isinstance(fields, dict):
        raise MalformedLineError("not an object")
    return fields


def names_any(columns: AbstractSet[str], fields: Mapping[str, Any]) -> bool:
    """Whether a field of a line, or the object that a dotted one belongs to, is one of `columns`."""
    return not columns.isdisjoint(fields) or not columns.isdisjoint(name.partition(".")[0] for name in fields)


def record_id(data_type: str, fields: Mapping[str, Any]) -> str:
    """A hash of the whole line and its data type, independent of the order of keys.

    Two lines get one id only if they agree in everything, so a second reading of a window changes
    nothing in a target that upserts, and no two events that differ ever collapse into one.

    Raises:
        MalformedLineError: if the line is nested so deeply that it could just be read.
    """
    try:
        canonical = json.dumps([data_type, fields], sort_keys=True, separators=(",", ":"))
    except RecursionError:
        raise MalformedLineError("nested too deeply") from None
    return hashlib.blake2b(canonical.encode(), digest_size=ID_BYTES).hexdigest()


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`.

    A dotted key whose place holds another value keeps its dots: nothing is overwritten.
    """
    tree = {name: _copied(value) for name, value in fields.items() if "." not in name}
    for name, value in fields.items():
        if "." in name and not _insert(tree, name.split("."), value):
            tree[name] = value
    return tree


def _copied(value: object) -> object:
    return dict(value) if isinstance(value, dict) else value


def _insert(tree: dict[str, Any], path: list[str], value: object) -> bool:
    if not all(path) or not _is_free(tree, path):
        return False
    *branches, leaf = path
    for branch in branches:
        # Copied on the way down, so that an object of the caller is never changed.
        tree[branch] = dict(tree.get(branch, {}))
        tree = tree[branch]
    tree[leaf] = value
    return True


def _is_free(tree: Mapping[str, Any], path: list[str]) -> bool:
    """Whether every step but the last is an object or absent, and the last one is absent."""
    *branches, leaf = path
    for branch in branches:
        below = tree.get(branch, {})
        if not isinstance(below, dict):
            return False
        tree = below
    return leaf not in tree
