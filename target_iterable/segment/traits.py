"""Whom a call is about."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from iterable_api.facts.identity import is_valid_email, normalise_email
from target_iterable.core.rejection import RecordRejectedError, RecordSkippedError
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.ids import key_text
from target_iterable.segment.call import Call

_REMEMBERED: Final = 100_000
_ABOUT_THE_USER: Final = ("identify", "user")
"""Calls whose traits are the user's: those of a group are the group's."""


class TraitsReader:
    """Finds out who it is.

    `by_address` says whether the project knows users by their addresses, and `skips_anonymous` whether calls that name
    nobody are passed over.

    A project by addresses may need a minute to find a new user by the userId: until then it refuses what names only
    that, and with `placeholder_users` a purchase makes another user. So the addresses of users whose traits have told
    both are remembered, for calls that tell the userId alone.
    """

    def __init__(self, *, by_address: bool, skips_anonymous: bool = False) -> None:
        self._by_address = by_address
        self._skips_anonymous = skips_anonymous
        self._addresses: OrderedDict[str, object] = OrderedDict()

    def of(self, call: Call) -> Row:
        """`userId` and `email` of the call's user, as far as they are known.

        Raises:
            RecordRejectedError: for an anonymous call.
            RecordSkippedError: the same, if such calls are skipped.
        """
        email = _email(call)
        if self._by_address:
            email = self._address(call, email)
        named = {name: value for name, value in (("userId", call.user_id), ("email", email)) if value not in EMPTY}
        if not named and call.anonymous:
            self._refuse_anonymous()
        return named

    def forget(self) -> None:
        """Remember no address any more: somebody gets another."""
        self._addresses.clear()

    def _refuse_anonymous(self) -> None:
        if self._skips_anonymous:
            raise RecordSkippedError
        raise RecordRejectedError(
            "anonymousCall", "it names nobody but an anonymousId, and Iterable knows no such ids", "userId"
        )

    def _address(self, call: Call, email: object) -> object:
        """What the call tells, else what is remembered, else the userId if it is an address."""
        user_id = key_text(call.user_id)
        if not user_id:
            return email
        if email in EMPTY:
            return self._addresses.get(user_id) or (user_id if is_address(user_id) else None)
        if call.type in _ABOUT_THE_USER and is_address(email):
            self._remember(user_id, email)
        return email

    def _remember(self, user_id: str, email: object) -> None:
        self._addresses[user_id] = email
        self._addresses.move_to_end(user_id)
        if len(self._addresses) > _REMEMBERED:
            self._addresses.popitem(last=False)


def _email(call: Call) -> object:
    """A trait of the user, in the call or in its context.

    A property `email` may be anybody's, so it counts only where nothing else says who it was.
    """
    email = call.context.get("email")
    if call.type in _ABOUT_THE_USER or (email in EMPTY and call.user_id in EMPTY):
        return call.body.get("email") or email
    return email


def is_address(value: object) -> bool:
    """Whether `value` is an e-mail address."""
    return isinstance(value, str) and is_valid_email(normalise_email(value))
