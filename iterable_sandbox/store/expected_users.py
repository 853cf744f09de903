"""The users that one request is about: read at once, and kept up with what the request saves."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from iterable_sandbox.store.user import User

Look = Callable[[str, str], User | None]
"""The first user, by id, who has a value in a column."""


class ExpectedUsers:
    """Users as they will be once all that was saved is written.

    Args:
        look: asks the database about an identifier that was not expected.
        last_id: the largest id that a user ever had.
    """

    def __init__(self, look: Look, last_id: int) -> None:
        self._look = look
        self._last_id = last_id
        self._ids = count(last_id + 1)
        self._users: dict[int, User] = {}
        self._first: dict[tuple[str, str | None], User | None] = {}

    def new_id(self) -> int:
        """The id of a new user."""
        return next(self._ids)

    def is_new(self, user: int) -> bool:
        """Whether a user, by id, is new."""
        return user > self._last_id

    def ids(self) -> list[int]:
        """The ids of all of them."""
        return list(self._users)

    def learn(self, column: str, value: str, user: User | None) -> User | None:
        """Note who is the first user with an identifier, or that there is none."""
        if user is not None:
            user = self._users.setdefault(user.id, user)
        self._first[column, value] = user
        return user

    def first(self, column: str, value: str) -> User | None:
        """The first user with an identifier."""
        key = (column, value)
        return self._first[key] if key in self._first else self.learn(column, value, self._look(column, value))

    def keep(self, user: User) -> User:
        """Note the new state of a user, who came from here or is new; the state as it stays."""
        kept = user.copy()
        before = self._users.get(user.id, kept)
        self._users[user.id] = kept
        self._follow("email", before.email, kept.email, kept)
        self._follow("user_id", before.user_id, kept.user_id, kept)
        return kept

    def _follow(self, column: str, before: str | None, now: str | None, user: User) -> None:
        if before != now:
            # Who comes first now, the database will know.
            self._first.pop((column, before), None)
            self._first.pop((column, now), None)
        elif (column, now) in self._first:
            self._renew((column, now), user)

    def _renew(self, key: tuple[str, str | None], user: User) -> None:
        """A new user comes after all others who have the identifier."""
        first = self._first[key]
        if first is None or first.id == user.id:
            self._first[key] = user
