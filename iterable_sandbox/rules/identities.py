"""Which user a request means: the identity rules of the three project types."""

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
    """One row of a bulk request fails: it is named by `value` in the `bucket` of e-mails or userIds."""

    def __init__(self, bucket: Bucket, kind: Kind, value: str) -> None:
        super().__init__(bucket)
        self.bucket = bucket
        self.kind = kind
        self.value = value


class UnidentifiedRowError(Exception):
    """One row of a bulk request fails and has nothing that it could be named by."""


class Identity(NamedTuple):
    """How a row says who it is about. At least one is given; both were checked."""

    email: str | None
    user_id: str | None
    prefer_user_id: bool = False

    def row_error(self, bucket: Bucket) -> RowRefusedError:
        """The failure of the row, named by its address if it has one, else by its userId."""
        if self.email is not None:
            return RowRefusedError(bucket, "Emails", self.email)
        return RowRefusedError(bucket, "UserIds", self.user_id or "")


def read_identity(row: Mapping[str, Any]) -> Identity:
    """The identity of a row.

    Raises:
        RowRefusedError: for a malformed identifier.
        NamelessRowError: if there is none. How the real one counts such a row is not known.
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
    """The address in lower case.

    Raises:
        RowRefusedError: if it is none.
    """
    email = normalise_email(text)
    if not is_valid_email(email):
        raise RowRefusedError("invalid", "Emails", email)
    return email


def checked_user_id(text: str) -> str:
    """The userId as it is.

    Raises:
        RowRefusedError: if it is none.
    """
    if not is_valid_user_id(text):
        raise RowRefusedError("invalid", "UserIds", text)
    return text


class UserResolver:
    """Finds users by identity, and says whether one may be made."""

    def __init__(self, store: Store, project_type: ProjectType) -> None:
        self._users = store.users
        self._forgotten = store.forgotten
        self._lists = store.lists
        self._type = project_type

    @contextmanager
    def prefetch(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[None]:
        """Look at once for all whom the rows of one request may mean; inside of a transaction."""
        named = [(row.get("email"), row.get("userId")) for row in rows]
        emails = {normalise_email(email) for email, _ in named if email is not None}
        user_ids = {user_id for _, user_id in named if user_id is not None}
        forgotten = self._forgotten.prefetch(emails, user_ids)
        with forgotten, self._users.prefetch(emails, user_ids) as users, self._lists.prefetch(users):
            yield

    def find(self, identity: Identity) -> User | None:
        """The user that a row means, with the identifiers that the row adds to it; not stored yet.

        Raises:
            RowRefusedError: if one of them is forgotten, or a hybrid project holds the two on different users.
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
        """A user for an identity that is not known, or None if this type of project makes none from it."""
        email = identity.email
        if self._type is ProjectType.USER_ID and identity.user_id is None:
            return None
        if self._type is ProjectType.EMAIL and email is None:
            if not identity.prefer_user_id:
                return None
            email = f"{uuid4()}@{PLACEHOLDER_DOMAIN}"
        return User(email, identity.user_id, 0)

    def refuse_forgotten(self, email: str | None, user_id: str | None) -> None:
        """See that neither identifier is forgotten.

        Raises:
            RowRefusedError: if one is.
        """
        if email is not None and self._forgotten.has("email", email):
            raise RowRefusedError("forgotten", "Emails", email)
        if user_id is not None and self._forgotten.has("userId", user_id):
            raise RowRefusedError("forgotten", "UserIds", user_id)

    def rename(self, user: User, identity: Identity, email: str | None, user_id: str | None) -> None:
        """Give a user the identifiers that its `dataFields` hold.

        The identifier that makes a user unique changes only in hybrid projects, where both do; elsewhere other
        endpoints change it. How the real one refuses that here is not known: `invalidData`.

        Raises:
            RowRefusedError: if it is forgotten or may not change here, or another user of a hybrid project has it.
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
        """The identifier that is unique in the project decides; the other one is asked only if it is alone."""
        email, user_id = identity.email, identity.user_id
        if user_id is not None and (self._type is ProjectType.USER_ID or email is None):
            return self._users.by_user_id(user_id)
        return None if email is None else self._users.by_email(email)

    def _find_in_hybrid(self, identity: Identity) -> User | None:
        """Both identifiers must point at one user; one that no user has yet is added to the other one's user."""
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
