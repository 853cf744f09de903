"""Users to be deleted or forgotten, and those of whom Iterable may take data again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from msgspec.structs import replace

from iterable_api.facts.identity import ProjectType
from target_iterable.config.route import ObjectSpec
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Envelope, Name, Operation, single_row_endpoint
from target_iterable.objects.base.base import Destination, IterableObject
from target_iterable.records.column_mapping import Row
from target_iterable.records.user_identity import EMAIL, USER_ID, IdentityRule
from target_iterable.requests.bulk_response import all_taken

_ANN: Final = {"email": "ann@example.com"}

_FORGET = single_row_endpoint("/api/users/forget", all_taken, removes="forget")
_UNFORGET = single_row_endpoint("/api/users/unforget", all_taken)
_DELETE: Final[Mapping[str, Endpoint]] = {
    EMAIL: single_row_endpoint("/api/users/{email}", all_taken, "DELETE", removes="delete"),
    # An unknown address is no error, an unknown userId is one.
    USER_ID: single_row_endpoint(
        "/api/users/byUserId/{userId}", all_taken, "DELETE", already_done={"User does not exist"}, removes="delete"
    ),
}


def deletion(user: Name) -> Operation:
    """Deletes one user, who stands in the URL: the contract knows no other way. Unknown ones count as deleted."""
    return Operation(_DELETE[user[0]], b"", (user,), Envelope(path_params=(user,)))


def forgetting(user: Name) -> Operation:
    """Forgets one user, known or not."""
    return Operation(_FORGET, dumps(dict([user])), (user,))


class _PrivacyObject(IterableObject):
    """One user by one identifier, which the contract wants to be that of the project's type."""

    def __init__(self, to: Destination) -> None:
        super().__init__(to)
        if self.project.type is ProjectType.EMAIL and to.route.identify_by is None:
            # Many may share a userId there.
            self.identities = IdentityRule(self.project.type, EMAIL)

    def user(self, row: Row) -> Name:
        """Take the user out of `row`."""
        identity = self.identities.take(row)
        self.leave_out(row)
        return next(iter(identity.sent.items()))


class UserDeletions(_PrivacyObject):
    """Users whose profile and events are deleted. They can come back: nothing keeps new data of them out.

    Once for each key of the stream, or for each user where the stream has no key.

    email: the user's address, in projects that identify users by it.
    userId: the user's id. In email-based projects it needs `identify_by`, and means all users who share it.
    """

    spec = ObjectSpec(
        "user_deletions",
        streams=("user_deletions",),
        modes=("delete",),
        of_state=False,
        once_per_key=True,
        needs="allow_destructive",
    )
    example: ClassVar[Mapping[str, Any]] = _ANN

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One user."""
        user = self.user(row)
        return replace(deletion(user), idempotency_key=self.happening(key, [user]))


class _ForgettingObject(_PrivacyObject):
    endpoint: ClassVar[Endpoint]

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One user."""
        user = self.user(row)
        return Operation(self.endpoint, dumps(dict([user])), (user,), idempotency_key=self.happening(key, [user]))


class UserForgets(_ForgettingObject):
    """Users who are forgotten: their data is deleted, and Iterable takes no new data of them.

    Once for each key of the stream, or for each user where the stream has no key. Iterable forgets at most 1,000 users
    a day: the run then ends without an error, and the next one goes on.

    email: the user's address, in email-based and hybrid projects.
    userId: the user's id, in userID-based and hybrid projects.
    """

    spec = ObjectSpec(
        "user_forgets",
        streams=("user_forgets",),
        modes=("forget",),
        of_state=False,
        once_per_key=True,
        needs="allow_destructive",
    )
    example: ClassVar[Mapping[str, Any]] = _ANN
    endpoint = _FORGET


class UserUnforgets(_ForgettingObject):
    """Users of whom Iterable may take data again. What was deleted stays away.

    Once for each key of the stream, or for each user where the stream has no key; at most 1,000 a day, as with
    `user_forgets`.

    email: the user's address, in email-based and hybrid projects.
    userId: the user's id, in userID-based and hybrid projects.
    """

    spec = ObjectSpec(
        "user_unforgets", streams=("user_unforgets",), modes=("unforget",), of_state=False, once_per_key=True
    )
    example: ClassVar[Mapping[str, Any]] = _ANN
    endpoint = _UNFORGET
