"""Changes of the e-mail addresses of users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from iterable_api.errors import BadRequestError
from iterable_api.facts.identity import ProjectType
from target_iterable.config.route import ObjectSpec
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Name, Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.objects.users.users import BULK_UPDATE
from target_iterable.project.user_lookup import look_up
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.user_identity import EMAIL, USER_ID, IdentityRule
from target_iterable.requests.bulk_response import all_written

_CHANGE = single_row_endpoint("/api/users/updateEmail", all_written)

_NEW: Final = "newEmail"
_CURRENT: Final[Mapping[str, str]] = {EMAIL: "currentEmail", USER_ID: "currentUserId"}
_ORDER: Final[Mapping[ProjectType, tuple[str, ...]]] = {
    ProjectType.EMAIL: (EMAIL, USER_ID),
    ProjectType.USER_ID: (USER_ID,),
    ProjectType.HYBRID: (USER_ID, EMAIL),
}
"""Project type -> identifiers that find the user whose address changes, best first."""


class UserEmails(IterableObject):
    """Changes of e-mail addresses. Users keep their profile, lists and events.

    With `currentEmail`: once for each key of the stream, or for each pair of addresses if the stream has no key.
    With `currentUserId`: each time; `skip_unchanged` leaves out users whose address equals the one last accepted. A new
    address that another user has is rejected: such users can be merged.

    currentEmail: the current address; not in userID-based projects.
    currentUserId: the user's id. If both are given, e-mail-based projects use the address, hybrid ones the id.
    newEmail: the new address.
    """

    spec = ObjectSpec("user_emails", streams=("user_emails",), modes=("change",), once_per_key=True)
    example: ClassVar[Mapping[str, Any]] = {"currentEmail": "ann@old.example.com", "newEmail": "ann@example.com"}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Change one address. The old one finds the user only once, so such a change has an idempotency key."""
        user, new = self._current(row), self._new(row)
        self.leave_out(row)
        if new == user[1]:
            raise RecordRejectedError("sameEmail", "the new address is the current one", _NEW)
        by_address = self.project.type is ProjectType.EMAIL
        return Operation(
            # Where it does not identify users, the address is an ordinary field of the profile.
            endpoint=_CHANGE if by_address else BULK_UPDATE,
            part=dumps(_address_change(user, new) if by_address else _profile_update(user, new)),
            names=tuple({user, (EMAIL, new)}),
            # The bulk endpoint would create users who do not exist.
            only_for=frozenset() if by_address else frozenset({user}),
            dedup_scope="addresses",
            idempotency_key=self.idempotency_key(key, [user, (_NEW, new)]) if user[0] == EMAIL else None,
            already_applied=partial(self._is_changed, user, new) if by_address else None,
        )

    def _current(self, row: Row) -> Name:
        given = {kind: row.pop(column, None) for kind, column in _CURRENT.items()}
        order = (self.route.identify_by,) if self.route.identify_by else _ORDER[self.project.type]
        for kind in order:
            if given[kind] not in EMPTY:
                return self._checked(kind, _CURRENT[kind], given[kind])
        raise RecordRejectedError("missingIdentity", f"it has no {' and no '.join(_CURRENT[kind] for kind in order)}")

    def _new(self, row: Row) -> str:
        given = row.pop(_NEW, None)
        if given in EMPTY:
            raise RecordRejectedError("missingEmail", f"it has no `{_NEW}`", _NEW)
        return self._checked(EMAIL, _NEW, given)[1]

    def _checked(self, kind: str, column: str, value: Any) -> Name:
        try:
            sent = IdentityRule(self.project.type, kind).pop_identity({kind: value}).sent
        except RecordRejectedError as error:
            raise RecordRejectedError(error.code, f"`{column}`: {error.reject_reason.reason}", column) from None
        return kind, sent[kind]

    def _is_changed(self, user: Name, new: str) -> bool:
        """Whether the user has the new address already: the answer to an earlier try may have been lost.

        Then no user has the old address, and one has the new one.
        """
        find = partial(look_up, self.project.client)
        try:
            if user[0] == USER_ID:
                return find(user).get("email") == new
            return not find(user) and bool(find((EMAIL, new)))
        except BadRequestError:
            return False


def _address_change(user: Name, new: str) -> Row:
    kind, current = user
    return {_CURRENT[kind]: current, _NEW: new}


def _profile_update(user: Name, new: str) -> Row:
    return {**dict([user]), "dataFields": {EMAIL: new}}
