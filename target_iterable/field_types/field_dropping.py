"""Changes to the fields of rows before they are sent: coercion, and dropping of fields that clash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from msgspec.structs import replace

from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import OBJECT, UNCHECKED, Operation, RowResults
from target_iterable.field_types.inference import leaves


class FieldDropping:
    """Original rows of the changed rows of one batch."""

    def __init__(self) -> None:
        self._originals: dict[Operation, Operation] = {}
        self._dropped: dict[Operation, frozenset[str]] = {}

    def drop_fields(self, row: Operation, paths: AbstractSet[str]) -> Operation | None:
        """Return `row` without the fields at these dotted paths; None where they cannot be left out."""
        trimmed = without(row, paths)
        if trimmed is not None:
            original = self._originals[trimmed] = self._originals.pop(row, row)
            self._dropped[original] = self._dropped.get(original, frozenset()) | paths
        return trimmed

    def rewrite(
        self, row: Operation, coerce: Callable[[dict[str, Any]], dict[str, Any]], path: tuple[str, ...] | None = None
    ) -> Operation | None:
        """Return `row` with its fields as `coerce` makes them; None where nothing changes.

        `path` leads to other fields than those of the row's scope.
        """
        body, fields = (row if path is None else replace(row, fields_path=path)).content()
        coerced = coerce(fields)
        if dumps(coerced) == dumps(fields):
            return None
        scope_fields = row.fields if row.fields is None or path is not None else {**row.fields, **coerced}
        changed = _with_fields(row, body, fields, coerced, scope_fields)
        self._originals[changed] = self._originals.pop(row, row)
        return changed

    def restore(self, results: RowResults) -> None:
        """Put the original rows into `results`."""
        if not self._originals:
            return
        results.written = [self._originals.get(row, row) for row in results.written]
        results.rejected = [(self._originals.get(row, row), reject_reason) for row, reject_reason in results.rejected]
        results.trimmed = {row: self._dropped[row] for row in results.written if row in self._dropped}


def without(row: Operation, paths: AbstractSet[str]) -> Operation | None:
    """Return `row` without the fields at these dotted paths; an id that was made from the content stays the same."""
    body, fields = row.content()
    if not paths <= {path for path, _ in leaves(fields)}:
        return None
    scope_fields = None if row.fields is None else _pruned(row.fields, paths)
    return _with_fields(row, body, fields, _pruned(fields, paths), scope_fields)


def _with_fields(
    row: Operation, body: Any, fields: dict[str, Any], new: Mapping[str, Any], scope_fields: Mapping[str, Any] | None
) -> Operation:
    """Return `row` with `new` in place of `fields`, a part of its `body`; `scope_fields` are all of its scope."""
    fields.clear()
    fields.update(new)
    part = dumps(body)
    if row.endpoint.brackets == OBJECT:
        part = part[1:-1]
    return replace(row, part=part, fields=scope_fields, fits_version=UNCHECKED)


def _pruned(fields: Mapping[str, Any], paths: AbstractSet[str], prefix: str = "") -> dict[str, Any]:
    return {
        name: _pruned_value(value, paths, path)
        for name, value in fields.items()
        if (path := f"{prefix}{name}") not in paths
    }


def _pruned_value(value: Any, paths: AbstractSet[str], path: str) -> Any:
    if isinstance(value, list):
        return [_pruned_value(item, paths, path) for item in value]
    return _pruned(value, paths, f"{path}.") if isinstance(value, dict) else value
