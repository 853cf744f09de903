"""Whom a call is about."""

from __future__ import annotations

from typing import Final

from iterable_api.identity import is_valid_email, normalise_email
from target_iterable.columns import EMPTY, Row
from target_iterable.delivery.refusal import RecordRefusedError
from target_iterable.segment.call import Call

_ABOUT_THE_USER: Final = ("identify", "user")
"""Calls whose traits are the user's: those of a group are the group's."""


def person(call: Call, *, ids_can_be_addresses: bool) -> Row:
    """`userId` and `email`, as far as the call says.

    The address is a trait of the user, in the call or in its context. A property `email` may be anybody's, so it
    counts only where nothing else says who it was. `ids_can_be_addresses` says to take a userId that is one for it.

    Raises:
        RecordRefusedError: for an anonymous call.
    """
    email = call.context.get("email")
    if call.type in _ABOUT_THE_USER or (email in EMPTY and call.user_id in EMPTY):
        email = call.body.get("email") or email
    if email in EMPTY and ids_can_be_addresses and is_address(call.user_id):
        email = call.user_id
    named = {name: value for name, value in (("userId", call.user_id), ("email", email)) if value not in EMPTY}
    if not named and call.anonymous:
        raise RecordRefusedError(
            "anonymousCall", "it names nobody but an anonymousId, and Iterable knows no such ids", "userId"
        )
    return named


def is_address(value: object) -> bool:
    """Whether `value` is an e-mail address."""
    return isinstance(value, str) and is_valid_email(normalise_email(value))
