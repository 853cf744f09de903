"""The part of a request with a user and profile fields, for `users/bulkUpdate` and `lists/subscribe`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from target_iterable.config.route import Option
from target_iterable.records.column_mapping import Row
from target_iterable.records.user_identity import UserIdentity

MERGE: Final[Mapping[str, Option]] = {
    "merge_nested_objects": Option(
        bool, "true to merge the objects of a profile with those of the record, false to replace them"
    )
}
"""The option of objects that hold profiles."""


def profile(identity: UserIdentity, fields: Row, *, merge: bool = False, placeholder: bool = False) -> Row:
    """Return the user's part of a body. A null clears its field; an object replaces that of the profile, or is merged.

    Raises:
        RecordRejectedError: if an identifier among the fields is malformed.
    """
    data_fields = {**fields, **identity.profile_fields()}
    part = bare(identity, placeholder=placeholder)
    if merge:
        part["mergeNestedObjects"] = True
    if data_fields:
        part["dataFields"] = data_fields
    return part


def bare(identity: UserIdentity, *, placeholder: bool = False) -> Row:
    """Return the user's part of a body, without profile fields.

    An email-based project creates a user without an address only with `preferUserId`, which is false by default
    (contract). The user then gets an address of Iterable's at `placeholder.email`, which receives no mail.
    """
    part: Row = dict(identity.sent)
    if identity.by_user_id and placeholder:
        part["preferUserId"] = True
    return part
