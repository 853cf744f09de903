"""Cache of the users of one request."""

from __future__ import annotations

from iterable_sandbox.store.cache.user import User


class UserCache:
    """Users by id, including changes that are not written yet.

    Args:
        found: users that exist, by id.
        last_id: largest id that a user ever had.
    """

    def __init__(self, found: dict[int, User], last_id: int) -> None:
        self._users = found
        self._last_id = last_id

    def is_new(self, user: int) -> bool:
        """Whether the user with an id has been created since the cache was filled."""
        return user > self._last_id

    def ids(self) -> list[int]:
        """Ids of all cached users."""
        return list(self._users)

    def get(self, user: int) -> User | None:
        """Copy of a user by id; None if the user is not cached."""
        found = self._users.get(user)
        return None if found is None else found.copy()

    def put(self, user: User) -> User:
        """Store the new state of a user, and return the copy that the cache keeps."""
        kept = user.copy()
        self._users[user.id] = kept
        return kept
