"""User identity: which identifiers of a record name its user, by the type of the project."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec

from iterable_api.facts.identity import ProjectType, is_valid_email, is_valid_user_id, normalise_email
from target_iterable.core.operation import Name
from target_iterable.core.rejection import RecordRejectedError, RejectReason
from target_iterable.records.column_mapping import Row
from target_iterable.records.ids import key_text

EMAIL: Final = "email"
USER_ID: Final = "userId"

KINDS: Final = (EMAIL, USER_ID)
ACCEPTED: Final[Mapping[ProjectType, tuple[str, ...]]] = {
    ProjectType.EMAIL: (EMAIL, USER_ID),
    ProjectType.USER_ID: (USER_ID,),
    ProjectType.HYBRID: (EMAIL, USER_ID),
}
"""Project type -> identifiers of users, best first. An address alone cannot create a user in a userID-based project."""


class UserIdentity(msgspec.Struct, frozen=True):
    """The identifiers of the user of a row.

    Attributes:
        sent: kind -> identifier, at the top level of the row in the request.
        other: kind -> identifier that cannot identify the user in this project, only be a profile field.
        by_user_id: whether an email-based project must find the user by userId.
        names: all names that an answer may use for this user.
    """

    sent: dict[str, str]
    other: dict[str, str]
    by_user_id: bool
    names: tuple[Name, ...] = ()

    @property
    def sent_names(self) -> frozenset[Name]:
        """The names that identify the user in the request."""
        return frozenset(self.sent.items())

    def profile_fields(self) -> Row:
        """The other identifier as a profile field, checked: Iterable refuses the row if it is malformed."""
        return {kind: _checked(kind, text) for kind, text in self.other.items()} if self.other else {}


class IdentityRule:
    """Chooses identifiers. The API wants exactly one of them, except in hybrid projects, which know users by both."""

    def __init__(self, project_type: ProjectType, identify_by: str | None = None) -> None:
        self._accepted = (identify_by,) if identify_by else ACCEPTED[project_type]
        self._max_identifiers = 2 if project_type is ProjectType.HYBRID else 1
        self._email_based = project_type is ProjectType.EMAIL
        self._order = self._accepted if self._email_based else sorted(self._accepted, reverse=True)

    def names(self, row: Row) -> list[Name]:
        """All valid identifiers in `row`: in email-based projects the address first, in others the userId."""
        found = ((kind, _valid(kind, row.get(kind))) for kind in self._order)
        return [(kind, text) for kind, text in found if text]

    def ordered(self, names: Sequence[Name]) -> Sequence[Name]:
        """Those of the valid identifiers `names` that `names` returns for their record, in its order."""
        if len(names) == 1 and names[0][0] in self._accepted:
            return names
        return [name for kind in self._order for name in names if name[0] == kind]

    def best(self, kinds: Collection[str]) -> list[str]:
        """The kinds that are sent at the top level of a row which has all of `kinds`."""
        return [kind for kind in self._accepted if kind in kinds][: self._max_identifiers]

    def is_by_user_id(self, sent: Collection[str]) -> bool:
        """Whether an email-based project must find a user by userId, if identifiers of these kinds are `sent`."""
        return self._email_based and EMAIL not in sent

    @property
    def missing_identity(self) -> RejectReason:
        """The reason for rejecting a record that has none of the identifiers."""
        return RejectReason("missingIdentity", f"it has no {' and no '.join(self._accepted)}")

    def pop_identity(self, row: Row) -> UserIdentity:
        """Remove `email` and `userId` from `row`, and return the identity that they make.

        Raises:
            RecordRejectedError: if there is no identifier, or one is malformed.
        """
        other: dict[str, str] = {}
        for kind in KINDS:
            if kind in row and (text := identifier_text(kind, row.pop(kind))):
                other[kind] = text
        names = tuple(other.items())
        sent: dict[str, str] = {}
        for kind in self._accepted:
            if kind in other and len(sent) < self._max_identifiers:
                sent[kind] = _checked(kind, other.pop(kind))
        if not sent:
            missing = self.missing_identity
            raise RecordRejectedError(missing.code, missing.reason)
        return UserIdentity(sent, other, self.is_by_user_id(sent), names)


def identifier(kind: str, value: Any) -> str:
    """The identifier in `value`, checked; empty if there is none.

    Raises:
        RecordRejectedError: if it is malformed.
    """
    text = identifier_text(kind, value)
    return _checked(kind, text) if text else text


def identifier_text(kind: str, value: Any) -> str:
    """The identifier in `value`, as answers spell it; empty if there is none.

    Raises:
        RecordRejectedError: if it is neither a text nor a whole number.
    """
    text = "" if value is None else value if isinstance(value, str) else key_text(value)
    if text is None:
        raise RecordRejectedError(_REJECT_CODES[kind], f"{kind!r} is not a text")
    return normalise_email(text) if kind == EMAIL else text


def _valid(kind: str, value: Any) -> str:
    """The identifier in `value`; empty if there is none, or it is malformed."""
    try:
        return _checked(kind, identifier_text(kind, value))
    except RecordRejectedError:
        return ""


def _checked(kind: str, text: str) -> str:
    valid = is_valid_email(text) if kind == EMAIL else is_valid_user_id(text)
    if not valid:
        raise RecordRejectedError(_REJECT_CODES[kind], f"{kind!r} is malformed")
    return text


_REJECT_CODES: Final[Mapping[str, str]] = {EMAIL: "invalidEmails", USER_ID: "invalidUserIds"}
"""Kind -> the reject code of a malformed identifier, which is the name of Iterable's own bucket of such failures."""
