"""The part of a request that holds a user with profile fields, as `users/bulkUpdate` and `lists/subscribe` take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from target_iterable.columns import Row
from target_iterable.identities import UserIdentity
from target_iterable.routes import Option

MERGE: Final[Mapping[str, Option]] = {
    "merge_nested_objects": Option(
        bool, "true to merge the objects of a profile with those of the record, false to replace them"
    )
}
"""The option of objects that hold profiles."""


def profile(identity: UserIdentity, fields: Row, *, merge: bool = False, create: bool = True) -> Row:
    """The user's part of the body. A null clears the field; objects replace those of the profile, or `merge` with them.

    Raises:
        RecordRefusedError: if an identifier among the fields is malformed.
    """
    data_fields = {**fields, **identity.profile_fields()}
    part = bare(identity, create=create)
    if merge:
        part["mergeNestedObjects"] = True
    if data_fields:
        part["dataFields"] = data_fields
    return part


def bare(identity: UserIdentity, *, create: bool = True) -> Row:
    """The user's part of the body, without profile fields."""
    part: Row = dict(identity.sent)
    if identity.by_user_id and create:
        # Without it an email-based project makes no users that it has no address of.
        part["preferUserId"] = True
    return part
