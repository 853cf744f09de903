"""Where things are, by what clients call them.

SQLite would keep an index for it. But names come in no order, and in no order a key costs two microseconds when there
are ten thousand and ten when there are a million. Here it costs one, always.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

from iterable_sandbox.store.sql.database import Database

_Rows = int | list[int]
"""Nearly always it is one; more are in their order."""


class NameIndex:
    """The rows of one table by name, in memory, and the next row that is free.

    A row that was noted may bear another name by now, or be gone: who asks must look. So nothing is taken back, not
    even when a transaction is, and no row is given away twice. After another process wrote to the file, all is read
    anew.

    Args:
        named: a query for (scope, name, row) of all that has a name. A name counts in its scope.
        last: a query for the last row that ever was.
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
        """The last row that ever was."""
        self._current_rows()
        return self._last_row

    def new_row(self) -> int:
        """The row of a new thing."""
        self._last_row = self.last_row + 1
        return self._last_row

    def add(self, scope: Any, name: str, row: int) -> None:
        """Let a row bear a name."""
        _add(self._current_rows()[scope], name, row)
        self._last_row = max(self._last_row, row)

    def rows(self, scope: Any, name: str) -> Sequence[int]:
        """The rows that bear a name or did so, in their order."""
        found = self._current_rows()[scope].get(name)
        return () if found is None else _as_sequence(found)

    def rows_by_names(self, scope: Any, names: Iterable[str]) -> list[int]:
        """The rows that bear one of many names, or did so."""
        return [*chain.from_iterable(self.rows(scope, name) for name in names)]

    def row_or_new(self, scope: Any, name: str) -> int:
        """The row that bears a name, or a new one, which bears it from now on."""
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
