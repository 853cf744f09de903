"""Asking whether users exist, for records that must not make any."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from iterable_api.errors import BadRequestError
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from target_iterable.core.operation import Name, Operation

_WIDTH: Final = 8
"""Look-ups on their way at a time; the client keeps to the documented 100 in a second."""
_REMEMBERED: Final = 100_000

PATHS: Final = {"email": "/api/users/getByEmail", "userId": "/api/users/byUserId"}
_UNKNOWN: Final = "noUserWithIdExists"
"""In the code of a refusal that Block's Go client expects for an unknown userId. Recordings show 200 and `{}`."""


class UserLookup:
    """Looks users up, several at a time, each that is found only once."""

    def __init__(self, client: IterableClient) -> None:
        self._client = client
        self._found: set[Name] = set()
        self._expected: set[Name] = set()

    def defer(self, rows: list[Operation]) -> tuple[list[Operation], list[Operation]]:
        """`rows` that may be looked up now, and those that wait: one before them may make their user.

        Rows about the same user stay in order.
        """
        made, held, ready, later = set[Name](), set[Name](), list[Operation](), list[Operation]()
        if not any(row.only_for for row in rows):
            return rows, later
        for row in rows:
            if not (made.isdisjoint(row.only_for) and held.isdisjoint(row.names)):
                later.append(row)
                held.update(row.names)
                self._expected |= row.only_for
            else:
                ready.append(row)
                made.update(() if row.only_for else row.names)
        return ready, later

    def record_written(self, written: Sequence[Operation]) -> None:
        """Learn that users are there now. Iterable may need a minute to show them."""
        if self._expected:
            self._found |= self._expected & {name for row in written for name in row.names}

    def unknown_users(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        """Return those of `rows` that are only for existing users, and whose user does not exist.

        Raises:
            IterableError: if Iterable does not say.
        """
        meant = {row: row.only_for for row in rows if row.only_for}
        known = self._known({name for names in meant.values() for name in names})
        return {row for row, names in meant.items() if names.isdisjoint(known)}

    def _known(self, names: Collection[Name]) -> AbstractSet[Name]:
        asked = [name for name in names if name not in self._found]
        found = {name for name, exists in zip(asked, self._ask(asked), strict=True) if exists}
        known = found | (self._found & set(names))
        self._found = self._found | found if len(self._found) < _REMEMBERED else found
        return known

    def _ask(self, names: Sequence[Name]) -> list[bool]:
        with ThreadPoolExecutor(_WIDTH) as pool:
            try:
                return list(pool.map(self._exists, names))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _exists(self, name: Name) -> bool:
        """A 400 counts as "exists": the write will report what is wrong with the identifier."""
        try:
            return bool(look_up(self._client, name))
        except BadRequestError:
            return True


def look_up(client: IterableClient, name: Name) -> Mapping[str, Any]:
    """The user of that name, as Iterable shows one; empty if there is none.

    Raises:
        IterableError: if Iterable does not say.
    """
    kind, value = name
    try:
        answer = confirmed(client, "GET", PATHS[kind], params={kind: value})
    except BadRequestError as error:
        if _UNKNOWN in error.code or error.message.startswith("No user exists"):
            return {}
        raise
    return answer.get("user") or {}
