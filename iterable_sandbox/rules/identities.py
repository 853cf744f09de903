"""Resolution of identifiers to users, by the rules of the three project types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple
from uuid import uuid4

from iterable_api.facts.identity import (
    PLACEHOLDER_DOMAIN,
    ProjectType,
    is_valid_email,
    is_valid_user_id,
    normalise_email,
)
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.store import Store

Bucket = Literal["invalid", "notFound", "invalidData", "conflict", "forgotten"]
Kind = Literal["Emails", "UserIds"]


class RowRefusedError(Exception):
    """A row of a request fails.

    Attributes:
        bucket: reason, as the arrays of a bulk response are named.
        kind: kind of the identifier: `Emails` or `UserIds`.
        value: identifier that names the row.
    """

    def __init__(self, bucket: Bucket, kind: Kind, value: str) -> None:
        super().__init__(bucket)
        self.bucket = bucket
        self.kind = kind
        self.value = value


class UnidentifiedRowError(Exception):
    """A row of a request fails because it has no identifier."""


class Identity(NamedTuple):
    """Identifiers of a row. At least one is given, and both are well-formed."""

    email: str | None
    user_id: str | None
    prefer_user_id: bool = False

    def row_error(self, bucket: Bucket) -> RowRefusedError:
        """Error of the row, named by its e-mail, or by its userId if it has no e-mail."""
        if self.email is not None:
            return RowRefusedError(bucket, "Emails", self.email)
        return RowRefusedError(bucket, "UserIds", self.user_id or "")


def read_identity(row: Mapping[str, Any]) -> Identity:
    """Read the identifiers of a row.

    Raises:
        RowRefusedError: an identifier is malformed.
        UnidentifiedRowError: there is no identifier. How Iterable counts such a row is not known.
    """
    email, user_id = row.get("email"), row.get("userId")
    if email is None and user_id is None:
        raise UnidentifiedRowError
    return Identity(
        None if email is None else checked_email(email),
        None if user_id is None else checked_user_id(user_id),
        bool(row.get("preferUserId")),
    )


def checked_email(text: str) -> str:
    """Normalise an e-mail address to lower case.

    Raises:
        RowRefusedError: the address is malformed.
    """
    email = normalise_email(text)
    if not is_valid_email(email):
        raise RowRefusedError("invalid", "Emails", email)
    return email


def checked_user_id(text: str) -> str:
    """Check a userId and return it unchanged.

    Raises:
        RowRefusedError: the userId is malformed.
    """
    if not is_valid_user_id(text):
        raise RowRefusedError("invalid", "UserIds", text)
    return text


class UserResolver:
    """Finds the user of an identity, and decides whether a new one may be created."""

    def __init__(self, store: Store, project_type: ProjectType) -> None:
        self._users = store.users
        self._forgotten = store.forgotten
        self._lists = store.lists
        self._type = project_type

    @contextmanager
    def prefetch(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[None]:
        """Read the users of many rows, their lists and whether they are forgotten, with few queries.

        The result serves look-ups within the `with` block, which must be inside a transaction.
        """
        named = [(row.get("email"), row.get("userId")) for row in rows]
        emails = {normalise_email(email) for email, _ in named if email is not None}
        user_ids = {user_id for _, user_id in named if user_id is not None}
        forgotten = self._forgotten.prefetch(emails, user_ids)
        with forgotten, self._users.prefetch(emails, user_ids) as users, self._lists.prefetch(users):
            yield

    def find(self, identity: Identity) -> User | None:
        """Find the user of an identity. Identifiers that the identity adds are set on the result, which is not stored.

        Raises:
            RowRefusedError: an identifier is forgotten, or the identifiers conflict in a hybrid project.
        """
        self.refuse_forgotten(identity.email, identity.user_id)
        if self._type is ProjectType.HYBRID:
            return self._find_in_hybrid(identity)
        found = self._find_by_key(identity)
        if found is not None and self._type is ProjectType.EMAIL:
            found.user_id = identity.user_id or found.user_id
        elif found is not None:
            found.email = identity.email or found.email
        return found

    def new(self, identity: Identity) -> User | None:
        """Create a user for an unknown identity, not stored yet; None if projects of this type create none from it."""
        email = identity.email
        if self._type is ProjectType.USER_ID and identity.user_id is None:
            return None
        if self._type is ProjectType.EMAIL and email is None:
            if not identity.prefer_user_id:
                return None
            email = f"{uuid4()}@{PLACEHOLDER_DOMAIN}"
        return User(email, identity.user_id, 0)

    def refuse_forgotten(self, email: str | None, user_id: str | None) -> None:
        """Refuse forgotten identifiers.

        Raises:
            RowRefusedError: an identifier is forgotten.
        """
        if email is not None and self._forgotten.has("email", email):
            raise RowRefusedError("forgotten", "Emails", email)
        if user_id is not None and self._forgotten.has("userId", user_id):
            raise RowRefusedError("forgotten", "UserIds", user_id)

    def rename(self, user: User, identity: Identity, email: str | None, user_id: str | None) -> None:
        """Set the identifiers that `dataFields` hold on a user.

        Only hybrid projects let them change the identifier that makes a user unique; in other projects, other
        endpoints do that. Iterable's bucket for such a row is not known; here it is `invalidData`.

        Raises:
            RowRefusedError: an identifier is forgotten, may not change here, or belongs to another user of a hybrid
                project.
        """
        self.refuse_forgotten(email, user_id)
        hybrid = self._type is ProjectType.HYBRID
        if email is not None and email != user.email:
            if self._type is ProjectType.EMAIL:
                raise identity.row_error("invalidData")
            if hybrid and self._users.by_email(email) is not None:
                raise RowRefusedError("conflict", "Emails", email)
            user.email = email
        if user_id is not None and user_id != user.user_id:
            if self._type is ProjectType.USER_ID:
                raise identity.row_error("invalidData")
            if hybrid and self._users.by_user_id(user_id) is not None:
                raise RowRefusedError("conflict", "UserIds", user_id)
            user.user_id = user_id

    def _find_by_key(self, identity: Identity) -> User | None:
        """Find a user by the identifier that is unique in the project, or by the other one if only that is given."""
        email, user_id = identity.email, identity.user_id
        if user_id is not None and (self._type is ProjectType.USER_ID or email is None):
            return self._users.by_user_id(user_id)
        return None if email is None else self._users.by_email(email)

    def _find_in_hybrid(self, identity: Identity) -> User | None:
        """Find a user of a hybrid project, where both identifiers are unique.

        With one identifier, the result is the user who has it, or None. With both, by the users who have them:

        has the e-mail         | has the userId         | result
        ---------------------- | ---------------------- | ------
        no user                | no user                | None
        A                      | A                      | A
        A, without a userId    | no user                | A, who gets the userId
        no user                | A, without an e-mail   | A, who gets the e-mail
        A, with another userId | no user, or any B      | conflict, named by the e-mail of A
        no user                | B, with another e-mail | conflict, named by the userId of B
        A, without a userId    | B, with another e-mail | conflict, named by the userId of B
        A, without a userId    | B, without an e-mail   | conflict, named by the e-mail of A

        Raises:
            RowRefusedError: the identifiers conflict.
        """
        email, user_id = identity.email, identity.user_id
        by_email = None if email is None else self._users.by_email(email)
        by_user_id = None if user_id is None else self._users.by_user_id(user_id)
        if by_email is not None and user_id is not None and by_email.user_id not in (None, user_id):
            raise RowRefusedError("conflict", "Emails", by_email.email or "")
        if by_user_id is not None and email is not None and by_user_id.email not in (None, email):
            raise RowRefusedError("conflict", "UserIds", by_user_id.user_id or "")
        if by_email is not None and by_user_id is not None and by_email.id != by_user_id.id:
            raise RowRefusedError("conflict", "Emails", by_email.email or "")
        found = by_email or by_user_id
        if found is not None:
            found.email, found.user_id = email or found.email, user_id or found.user_id
        return found
