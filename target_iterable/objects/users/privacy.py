"""Users to delete, to forget, or to accept again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from msgspec.structs import replace

from iterable_api.facts.identity import ProjectType
from iterable_api.refusals import NOBODY_TO_DELETE
from target_iterable.config.route import ObjectSpec
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Envelope, Name, Operation, single_row_endpoint
from target_iterable.objects.base.base import Destination, IterableObject
from target_iterable.records.column_mapping import Row
from target_iterable.records.user_identity import EMAIL, USER_ID, IdentityRule
from target_iterable.requests.bulk_response import all_written

_ANN: Final = {"email": "ann@example.com"}

_FORGET = single_row_endpoint("/api/users/forget", all_written, removes="forget")
_UNFORGET = single_row_endpoint("/api/users/unforget", all_written)
_DELETE: Final[Mapping[str, Endpoint]] = {
    EMAIL: single_row_endpoint("/api/users/{email}", all_written, "DELETE", removes="delete"),
    # An unknown address is no error, an unknown userId is one.
    USER_ID: single_row_endpoint(
        "/api/users/byUserId/{userId}", all_written, "DELETE", already_done=NOBODY_TO_DELETE, removes="delete"
    ),
}


def deletion(user: Name) -> Operation:
    """Delete one user, known or not. The identifier is part of the URL: the API has no other way."""
    return Operation(_DELETE[user[0]], b"", (user,), Envelope(path_params=(user,)))


def forgetting(user: Name) -> Operation:
    """Forget one user, known or not."""
    return Operation(_FORGET, dumps(dict([user])), (user,))


class _PrivacyObject(IterableObject):
    """An object that needs one identifier of a user, which the API wants to be that of the project's type."""

    def __init__(self, to: Destination) -> None:
        super().__init__(to)
        if self.project.type is ProjectType.EMAIL and to.route.identify_by is None:
            # Several users may share a userId there.
            self.identities = IdentityRule(self.project.type, EMAIL)

    def pop_user_name(self, row: Row) -> Name:
        """Remove the identifier from `row`, and return it with its kind."""
        identity = self.identities.pop_identity(row)
        self.leave_out(row)
        return next(iter(identity.sent.items()))


class UserDeletions(_PrivacyObject):
    """Users to delete, with their profile and events. They can come back: Iterable accepts new data about them.

    Once for each key of the stream, or for each user if the stream has no key.

    email: the user's address, in projects that identify users by it.
    userId: the user's id. In email-based projects it needs `identify_by`, and means all users who share it.
    """

    spec = ObjectSpec(
        "user_deletions",
        streams=("user_deletions",),
        modes=("delete",),
        describes_state=False,
        once_per_key=True,
        permission="allow_destructive",
    )
    example: ClassVar[Mapping[str, Any]] = _ANN

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Delete one user."""
        user = self.pop_user_name(row)
        return replace(deletion(user), idempotency_key=self.idempotency_key(key, [user]))


class _ForgettingObject(_PrivacyObject):
    endpoint: ClassVar[Endpoint]

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Forget one user, or accept data about one again."""
        user = self.pop_user_name(row)
        return Operation(self.endpoint, dumps(dict([user])), (user,), idempotency_key=self.idempotency_key(key, [user]))


class UserForgets(_ForgettingObject):
    """Users to forget: their data is deleted, and Iterable accepts no new data about them.

    Once for each key of the stream, or for each user if the stream has no key. Iterable forgets at most 1,000 users
    a day; then the run ends without an error, and the next one goes on.

    email: the user's address, in email-based and hybrid projects.
    userId: the user's id, in userID-based and hybrid projects.
    """

    spec = ObjectSpec(
        "user_forgets",
        streams=("user_forgets",),
        modes=("forget",),
        describes_state=False,
        once_per_key=True,
        permission="allow_destructive",
    )
    example: ClassVar[Mapping[str, Any]] = _ANN
    endpoint = _FORGET


class UserUnforgets(_ForgettingObject):
    """Forgotten users about whom Iterable accepts data again. Deleted data does not come back.

    Once for each key of the stream, or for each user if the stream has no key; at most 1,000 a day, as with
    `user_forgets`.

    email: the user's address, in email-based and hybrid projects.
    userId: the user's id, in userID-based and hybrid projects.
    """

    spec = ObjectSpec(
        "user_unforgets", streams=("user_unforgets",), modes=("unforget",), describes_state=False, once_per_key=True
    )
    example: ClassVar[Mapping[str, Any]] = _ANN
    endpoint = _UNFORGET
