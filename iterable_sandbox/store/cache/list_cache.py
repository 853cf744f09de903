"""The lists that the users of one request are on: read at once when first asked for, and kept up from then on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from iterable_sandbox.store.cache.user_cache import UserCache

Fetch = Callable[[Collection[int]], Iterable[tuple[int, int]]]
"""(user, list) of everything that some users are on."""


class ListCache:
    """Lists by user, as they will be once all that was saved is written. A new user is on none."""

    def __init__(self, fetch: Fetch, users: UserCache) -> None:
        self._fetch = fetch
        self._users = users
        self._lists: dict[int, set[int]] = {}

    def of(self, user: int) -> set[int]:
        """The lists that a user is on, to be changed as they change."""
        if user not in self._lists:
            self._load(user)
        return self._lists[user]

    def _load(self, user: int) -> None:
        if self._users.is_new(user):
            self._lists[user] = set()
            return
        users = {user, *self._users.ids()} - self._lists.keys()
        self._lists |= {user: set() for user in users}
        for found, list_id in self._fetch(users):
            self._lists[found].add(list_id)
