"""Cache of the list memberships of the users of one request."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from iterable_sandbox.store.cache.user_cache import UserCache

Fetch = Callable[[Collection[int]], Iterable[tuple[int, int]]]
"""Query of the memberships of users, by their ids: (user, list) pairs."""


class ListCache:
    """Lists by user, including changes that are not written yet. The first look-up reads those of all cached users."""

    def __init__(self, fetch: Fetch, users: UserCache) -> None:
        self._fetch = fetch
        self._users = users
        self._lists: dict[int, set[int]] = {}

    def of(self, user: int) -> set[int]:
        """Ids of the lists of a user. The caller changes this set when it changes the memberships."""
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
