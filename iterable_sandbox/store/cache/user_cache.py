"""The users that one request is about: read at once, and kept up with what the request saves."""

from __future__ import annotations

from iterable_sandbox.store.cache.user import User


class UserCache:
    """Users as they will be once all that was saved is written.

    Args:
        found: those that are there, by id.
        last_id: the largest id that a user ever had.
    """

    def __init__(self, found: dict[int, User], last_id: int) -> None:
        self._users = found
        self._last_id = last_id

    def is_new(self, user: int) -> bool:
        """Whether a user, by id, is new."""
        return user > self._last_id

    def ids(self) -> list[int]:
        """The ids of all of them."""
        return list(self._users)

    def get(self, user: int) -> User | None:
        """The state of a user, by id, to be changed; None if that user was not expected."""
        found = self._users.get(user)
        return None if found is None else found.copy()

    def put(self, user: User) -> User:
        """Note the new state of a user; the state as it stays."""
        kept = user.copy()
        self._users[user.id] = kept
        return kept
