"""Deletion marks: columns by which extraction tools mark records of rows that the source has deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

IsDeleted: TypeAlias = Callable[[Any], bool]
"""Whether a value of such a column means that the row is deleted."""

_TRUE_TEXTS: Final = frozenset({"true", "t", "1"})


def _is_set(value: Any) -> bool:
    return value not in (None, "")


def _is_true(value: Any) -> bool:
    return value in (True, 1) or (isinstance(value, str) and value.lower() in _TRUE_TEXTS)


def _is_delete(value: Any) -> bool:
    return value in ("d", "D")


_MARKS: Final[Mapping[str, IsDeleted]] = {
    "_sdc_deleted_at": _is_set,  # Singer taps that read a log, and tables that Singer targets have loaded
    "_ab_cdc_deleted_at": _is_set,  # Airbyte
    "_fivetran_deleted": _is_true,  # Fivetran
    "_peerdb_is_deleted": _is_true,  # PeerDB
    "__deleted": _is_true,  # Debezium, flattened: a text
    "__op": _is_delete,  # Debezium, flattened, with `add.fields=op`
    "_meta/op": _is_delete,  # Estuary
}
"""Column in lower case -> test of its value. Some warehouses write all names in capitals, these too."""


def is_mark(column: str) -> bool:
    """Whether the column only marks rows as deleted."""
    return column.lower() in _MARKS


class DeletionMarks:
    """The deletion marks of a stream with these columns.

    Attributes:
        marks: column -> test of its value.
    """

    def __init__(self, columns: Iterable[str]) -> None:
        # Taps may mark records although their schema has no such column.
        self.marks: dict[str, IsDeleted] = {
            **_MARKS,
            **{name: _MARKS[name.lower()] for name in columns if is_mark(name)},
        }

    def mark_in(self, record: Mapping[str, Any]) -> str | None:
        """The column that marks this record as deleted; None if there is none."""
        present = self.marks.keys() & record.keys()
        return next((name for name in sorted(present) if self.marks[name](record[name])), None) if present else None
