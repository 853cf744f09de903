"""The part of a request that holds a user with profile fields, as `users/bulkUpdate` and `lists/subscribe` take it."""

from __future__ import annotations

from target_iterable.columns import Row
from target_iterable.identities import UserIdentity


def profile(identity: UserIdentity, fields: Row) -> Row:
    """The user's part of the body. A null clears the field.

    Raises:
        RecordRefusedError: if an identifier among the fields is malformed.
    """
    data_fields = {**fields, **identity.profile_fields()}
    part = bare(identity)
    if data_fields:
        part["dataFields"] = data_fields
    return part


def bare(identity: UserIdentity) -> Row:
    """The user's part of the body, without profile fields."""
    part: Row = dict(identity.sent)
    if identity.by_user_id:
        # Without it an email-based project makes no users that it has no address of.
        part["preferUserId"] = True
    return part
