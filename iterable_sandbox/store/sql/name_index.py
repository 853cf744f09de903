"""Index of rows by the names that clients give them.

An index of SQLite would do, but names come in no order: an insertion then costs 2 µs at ten thousand rows, and 10 µs at
a million. This index costs 1 µs at any size.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

from iterable_sandbox.store.sql.database import Database

_Rows = int | list[int]
"""Row ids of one name: nearly always a single one, otherwise a sorted list."""


class NameIndex:
    """Row ids of one table by name, in memory, and allocation of new row ids.

    Entries are never removed, also when a transaction is rolled back: a row may have another name by now or be gone, so
    callers must check the row. No row id is allocated twice. The index is read anew after another process has written
    to the file.

    Args:
        names_sql: query for (scope, name, row id) of all named rows. Equal names in different scopes are unrelated.
        last_row_sql: query for the largest row id ever used.
    """

    def __init__(self, database: Database, *, names_sql: str, last_row_sql: str) -> None:
        self._database: Final = database
        self._names_sql: Final = names_sql
        self._last_row_sql: Final = last_row_sql
        self._rows: defaultdict[Any, dict[str, _Rows]] = defaultdict(dict)
        self._last_row = 0
        self._version: int | None = None

    @property
    def last_row(self) -> int:
        """Largest row id ever used."""
        self._current_rows()
        return self._last_row

    def new_row(self) -> int:
        """Allocate a row id."""
        self._current_rows()
        self._last_row += 1
        return self._last_row

    def add(self, scope: Any, name: str, row: int) -> None:
        """Add a name of a row."""
        _add(self._current_rows()[scope], name, row)
        self._last_row = max(self._last_row, row)

    def rows(self, scope: Any, name: str) -> Sequence[int]:
        """Row ids that have or had a name, in ascending order."""
        found = self._current_rows()[scope].get(name)
        return () if found is None else _as_sequence(found)

    def rows_by_names(self, scope: Any, names: Iterable[str]) -> list[int]:
        """Row ids that have or had one of many names."""
        rows = self._current_rows()[scope]
        return [*chain.from_iterable(_as_sequence(rows[name]) for name in names if name in rows)]

    def row_or_new(self, scope: Any, name: str) -> int:
        """First row id with a name; a new one is allocated if there is none."""
        rows = self._current_rows()[scope]
        found = rows.get(name)
        if found is None:
            self._last_row += 1
            rows[name] = found = self._last_row
        return _as_sequence(found)[0]

    def _current_rows(self) -> defaultdict[Any, dict[str, _Rows]]:
        if self._version != self._database.version:
            self._version = self._database.version
            self._reload()
        return self._rows

    def _reload(self) -> None:
        self._rows.clear()
        for scope, name, row in self._database.rows(self._names_sql):
            _add(self._rows[scope], name, row)
        self._last_row = max(self._last_row, self._database.number(self._last_row_sql))


def _add(names: dict[str, _Rows], name: str, row: int) -> None:
    found = names.setdefault(name, row)
    if isinstance(found, list):
        place = bisect_left(found, row)
        if found[place : place + 1] != [row]:
            found.insert(place, row)
    elif found != row:
        names[name] = sorted((found, row))


def _as_sequence(rows: _Rows) -> Sequence[int]:
    return (rows,) if isinstance(rows, int) else rows
