"""The users that one request is about: read at once, and kept up with what the request saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Final

from iterable_sandbox.store.database import Row

Look = Callable[[str, str], Row | None]
"""The first user, by id, who has a value in a column."""

PLACES: Final[Mapping[str, int]] = {"email": 1, "user_id": 2}
"""Where a row has the identifiers."""


class ExpectedUsers:
    """Rows of users as they will be once all that was saved is written.

    Args:
        look: asks the database about an identifier that was not expected.
        last_id: the largest id that a user ever had.
    """

    def __init__(self, look: Look, last_id: int) -> None:
        self._look = look
        self._ids = count(last_id + 1)
        self._rows: dict[int, Row] = {}
        self._first: dict[tuple[str, str], Row | None] = {}

    def new_id(self) -> int:
        """The id of a new user."""
        return next(self._ids)

    def learn(self, column: str, value: str, row: Row | None) -> Row | None:
        """Note who is the first user with an identifier, or that there is none."""
        if row is not None:
            self._rows[row[0]] = row
        self._first[column, value] = row
        return row

    def first(self, column: str, value: str) -> Row | None:
        """The first user with an identifier."""
        key = (column, value)
        return self._first[key] if key in self._first else self.learn(column, value, self._look(column, value))

    def keep(self, row: Row) -> None:
        """Note the new state of a user, who came from here or is new."""
        before = self._rows.get(row[0], row)
        self._rows[row[0]] = row
        for column, place in PLACES.items():
            if before[place] == row[place]:
                self._renew((column, row[place]), row)
            else:
                # Who comes first now, the database will know.
                self._first.pop((column, before[place]), None)
                self._first.pop((column, row[place]), None)

    def _renew(self, key: tuple[str, str], row: Row) -> None:
        """A new user comes after all others who have the identifier."""
        if key in self._first and ((first := self._first[key]) is None or first[0] == row[0]):
            self._first[key] = row
