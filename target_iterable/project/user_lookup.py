"""Asking whether users exist, for records that must not create any, or must not change any."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import Any, Final, NamedTuple

from iterable_api.errors import BadRequestError
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from iterable_api.refusals import UNKNOWN_USER, UNKNOWN_USER_CODES, begins_with
from target_iterable.core.operation import Name, Operation
from target_iterable.core.rejection import RejectReason

_WIDTH: Final = 8
"""Look-ups on their way at a time; the client keeps to the documented 100 in a second."""
_REMEMBERED: Final = 100_000
_only_for: Final = attrgetter("only_for")

PATHS: Final = {"email": "/api/users/getByEmail", "userId": "/api/users/byUserId"}


class LookedUp(NamedTuple):
    """Rows that are only for existing users, or only for new ones, and must not be sent.

    Attributes:
        unknown: rows for existing users whose user does not exist.
        known: rows for new users whose user exists.
        unclear: rows of whose user Iterable does not say whether there is one, each with the reason. Sending them might
            create a user, or change one.
    """

    unknown: AbstractSet[Operation]
    known: AbstractSet[Operation]
    unclear: Mapping[Operation, RejectReason]


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
        if not any(map(_only_for, rows)):
            return rows, later
        for row in rows:
            if not (made.isdisjoint(row.only_for) and held.isdisjoint(row.names)):
                later.append(row)
                held.update(row.names)
                self._expected |= row.only_for
            else:
                ready.append(row)
                made.update(() if row.only_for and not row.endpoint.creates_only else row.names)
        return ready, later

    def record_written(self, written: Sequence[Operation]) -> None:
        """Learn that users are there now. Iterable may need a minute to show them."""
        if self._expected:
            self._found |= self._expected & {name for row in written for name in row.names}

    def look_up(self, rows: Sequence[Operation]) -> LookedUp:
        """Return those of `rows` that are only for existing users, or only for new ones, and must not be sent.

        Raises:
            IterableError: if Iterable answers nothing that is about a user.
        """
        meant = {row: row.only_for for row in rows if row.only_for} if any(map(_only_for, rows)) else {}
        known, unclear = self._known({name for names in meant.values() for name in names})
        absent = {row: names for row, names in meant.items() if names.isdisjoint(known)}
        present = {row for row in meant if row.endpoint.creates_only and row not in absent}
        reasons = {row: unclear[min(names & unclear.keys())] for row, names in absent.items() if names & unclear.keys()}
        unknown = {row for row in absent if not row.endpoint.creates_only}
        return LookedUp(unknown - reasons.keys(), present, reasons)

    def _known(self, names: Collection[Name]) -> tuple[AbstractSet[Name], Mapping[Name, RejectReason]]:
        """The names of users who exist, and those of whom Iterable does not say it."""
        asked = [name for name in names if name not in self._found]
        answers = dict(zip(asked, self._ask(asked), strict=True))
        found = {name for name, answer in answers.items() if answer is True}
        known = found | (self._found & set(names))
        self._found = self._found | found if len(self._found) < _REMEMBERED else found
        return known, {name: answer for name, answer in answers.items() if isinstance(answer, RejectReason)}

    def _ask(self, names: Sequence[Name]) -> list[bool | RejectReason]:
        with ThreadPoolExecutor(_WIDTH) as pool:
            try:
                return list(pool.map(self._exists, names))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _exists(self, name: Name) -> bool | RejectReason:
        """Whether the user exists, or why that is unclear."""
        try:
            return bool(look_up(self._client, name))
        except BadRequestError as error:
            said = error.message or f"status {error.status}"
            return RejectReason(
                error.code or str(error.status), f"asked whether the user exists, Iterable answers: {said}", name[0]
            )


def look_up(client: IterableClient, name: Name) -> Mapping[str, Any]:
    """The user of that name, as Iterable shows one; empty if there is none.

    Raises:
        IterableError: if Iterable does not say.
    """
    kind, value = name
    try:
        answer = confirmed(client, "GET", PATHS[kind], params={kind: value})
    except BadRequestError as error:
        if error.code in UNKNOWN_USER_CODES or begins_with(error.message, UNKNOWN_USER):
            return {}
        raise
    return answer.get("user") or {}
