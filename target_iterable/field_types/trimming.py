"""Sending rows with other fields than they came with: spelt anew, or without those that clash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from msgspec.structs import replace

from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import NEVER, OBJECT, Operation, RowResults
from target_iterable.field_types.registry import leaves


class FieldDropping:
    """Remembers what rows were before their fields changed; one for each batch."""

    def __init__(self) -> None:
        self._whole: dict[Operation, Operation] = {}
        self._lost: dict[Operation, frozenset[str]] = {}

    def trim(self, row: Operation, paths: AbstractSet[str]) -> Operation | None:
        """`row` without the fields at these dotted paths; None where they cannot be left out."""
        trimmed = without(row, paths)
        if trimmed is not None:
            whole = self._whole[trimmed] = self._whole.pop(row, row)
            self._lost[whole] = self._lost.get(whole, frozenset()) | paths
        return trimmed

    def respell(self, row: Operation, spell: Callable[[dict[str, Any]], dict[str, Any]]) -> Operation | None:
        """`row` with its fields as `spell` has them; None where they are so already."""
        body, fields = row.content()
        spelt = spell(fields)
        if dumps(spelt) == dumps(fields):
            return None
        known = None if row.fields is None else {**row.fields, **spelt}
        respelt = _rewritten(row, body, fields, spelt, known)
        self._whole[respelt] = self._whole.pop(row, row)
        return respelt

    def restore(self, results: RowResults) -> None:
        """Let `verdicts` speak of the rows as they were."""
        results.written = [self._whole.get(row, row) for row in results.written]
        results.rejected = [(self._whole.get(row, row), reject_reason) for row, reject_reason in results.rejected]
        results.trimmed = {row: self._lost[row] for row in results.written if row in self._lost}


def without(row: Operation, paths: AbstractSet[str]) -> Operation | None:
    """See `FieldDropping.trim`. An id that was made from the content stays what it is."""
    body, fields = row.content()
    if not paths <= {path for path, _ in leaves(fields)}:
        return None
    known = None if row.fields is None else _pruned(row.fields, paths)
    return _rewritten(row, body, fields, _pruned(fields, paths), known)


def _rewritten(
    row: Operation, body: Any, fields: dict[str, Any], new: Mapping[str, Any], known: Mapping[str, Any] | None
) -> Operation:
    """`row` with `new` in place of `fields`, which are a part of its `body`; `known` are those that its scope gets."""
    fields.clear()
    fields.update(new)
    part = dumps(body)
    if row.endpoint.brackets == OBJECT:
        part = part[1:-1]
    return replace(row, part=part, fields=known, fits_version=NEVER)


def _pruned(fields: Mapping[str, Any], paths: AbstractSet[str], prefix: str = "") -> dict[str, Any]:
    return {
        name: _left(value, paths, path) for name, value in fields.items() if (path := f"{prefix}{name}") not in paths
    }


def _left(value: Any, paths: AbstractSet[str], path: str) -> Any:
    if isinstance(value, list):
        return [_left(item, paths, path) for item in value]
    return _pruned(value, paths, f"{path}.") if isinstance(value, dict) else value
