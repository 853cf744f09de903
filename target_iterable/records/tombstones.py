"""Tombstones: records of rows that the source has deleted, which a column of the source's tool marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

Says: TypeAlias = Callable[[Any], bool]
"""Whether a value of the column says that the row is deleted."""

_TRUE: Final = frozenset({"true", "t", "1"})


def _is_set(value: Any) -> bool:
    return value not in (None, "")


def _is_true(value: Any) -> bool:
    return value in (True, 1) or (isinstance(value, str) and value.lower() in _TRUE)


def _is_delete(value: Any) -> bool:
    return value in ("d", "D")


_MARKS: Final[Mapping[str, Says]] = {
    "_sdc_deleted_at": _is_set,  # Singer taps that read a log, and tables that Singer targets have loaded
    "_ab_cdc_deleted_at": _is_set,  # Airbyte
    "_fivetran_deleted": _is_true,  # Fivetran
    "_peerdb_is_deleted": _is_true,  # PeerDB
    "__deleted": _is_true,  # Debezium, flattened: a text
    "__op": _is_delete,  # Debezium, flattened, with `add.fields=op`
    "_meta/op": _is_delete,  # Estuary
}
"""By column, in small letters: what it says of a row. Warehouses that write names in capitals write these so, too."""


def is_mark(column: str) -> bool:
    """Whether the column only tells whether rows are deleted."""
    return column.lower() in _MARKS


class Tombstones:
    """Those of a stream whose schema has these columns.

    Attributes:
        marks: by column, whether a value says that the row is deleted.
    """

    def __init__(self, columns: Iterable[str]) -> None:
        # Taps may mark records although their schema has no such column.
        self.marks: dict[str, Says] = {**_MARKS, **{name: _MARKS[name.lower()] for name in columns if is_mark(name)}}

    def mark_in(self, record: Mapping[str, Any]) -> str | None:
        """The column that says that the row of this record is deleted, if one does."""
        there = self.marks.keys() & record.keys()
        return next((name for name in sorted(there) if self.marks[name](record[name])), None) if there else None
