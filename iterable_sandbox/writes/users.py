"""Creating and updating users."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from iterable_sandbox.project.project import Project
from iterable_sandbox.rules import identities, profiles
from iterable_sandbox.rules.bulk_result import USER_BUCKETS, BulkResult
from iterable_sandbox.rules.field_types import USER, FieldDraft, RequestedFields
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.wire.responses import RefusedError

Row = Mapping[str, Any]


def upsert(
    project: Project, row: Mapping[str, Any], fields: Mapping[str, Any], *, source: str, existing_only: bool = False
) -> User:
    """The user that `row` means, with `fields` written to its profile. `source` is the signupSource of a new one.

    Raises:
        RowRefusedError: if the row fails; nothing is stored then.
        NamelessRowError: the same, for a row without identity.
    """
    identity = identities.read_identity(row)
    user = project.user_resolver.find(identity) or new_user(project, identity, existing_only=existing_only)
    _rename(project, user, identity, fields)
    merge = bool(row.get("mergeNestedObjects"))
    user.profile = profiles.merged(
        user.profile, profiles.writable(fields, opt_in=project.settings.opt_in_message_types), nested=merge
    )
    save(project, user, source=source)
    update_memberships(project, user, fields)
    return user


def new_user(project: Project, identity: identities.Identity, *, existing_only: bool) -> User:
    """A user for an identity that is not known; not stored yet.

    Raises:
        RowRefusedError: if none may be made.
    """
    user = None if existing_only else project.user_resolver.new(identity)
    if user is None:
        raise identity.row_error("notFound")
    return user


def write_rows(
    project: Project, rows: Sequence[Row], write: Callable[[Row, Row], object], *, create: bool | None
) -> tuple[BulkResult, FieldDraft]:
    """Write many users: `write` gets each row with the data fields that it may store.

    Raises:
        RefusedError: 400 for all, if a value has the wrong type and the project does not fail single rows for it.
    """
    draft, tally = project.field_draft(), BulkResult(USER_BUCKETS)
    by_row = project.settings.type_clashes == "row"
    admitted = [] if by_row else draft.admit_all([requested_fields(row, create=create) for row in rows])
    draft.check()
    with project.store.database.transaction(), project.user_resolver.prefetch(rows):
        draft.save()
        if by_row:
            tally.apply(lambda row: write(row, _accepted_fields(project, row, draft, create=create)), rows)
        else:
            tally.apply(write, rows, admitted)
    return tally, draft


def _accepted_fields(project: Project, row: Row, reported: FieldDraft, *, create: bool | None) -> Row:
    """The data fields of one row, whose types are fixed at once."""
    draft = project.field_draft()
    fields = draft.admit(requested_fields(row, create=create))
    try:
        draft.check()
    except RefusedError:
        raise identities.read_identity(row).row_error("invalidData") from None
    draft.save()
    reported.include(draft)
    return fields


def requested_fields(row: Row, *, create: bool | None) -> RequestedFields:
    """The data fields that a row brings."""
    return RequestedFields(USER, row.get("dataFields") or {}, create, bool(row.get("mergeNestedObjects")))


def existing_user(project: Project, row: Mapping[str, Any]) -> User:
    """The user that `row` means.

    Raises:
        RowRefusedError: if the identity is malformed or unknown.
        NamelessRowError: if there is none.
    """
    identity = identities.read_identity(row)
    user = project.user_resolver.find(identity)
    if user is None:
        raise identity.row_error("notFound")
    return user


def save(project: Project, user: User, *, source: str = "API") -> None:
    """Store a user as updated now."""
    profiles.touch(user, project.clock, project.settings.project_type, signup_source=source)
    project.store.users.save(user)


def _rename(project: Project, user: User, identity: identities.Identity, fields: Mapping[str, Any]) -> None:
    """What the real one makes of an array, which fits the type of these fields, is not known: `invalidData`."""
    email, user_id = fields.get("email"), fields.get("userId")
    if email is None and user_id is None:
        return
    if isinstance(email, list) or isinstance(user_id, list):
        raise identity.row_error("invalidData")
    project.user_resolver.rename(
        user,
        identity,
        None if email is None else identities.checked_email(email),
        None if user_id is None else identities.checked_user_id(user_id),
    )


def update_memberships(project: Project, user: User, fields: Mapping[str, Any]) -> None:
    """Writing the array of list ids moves the user between lists, without any subscribe event."""
    name = profiles.list_field(project.settings.project_type)
    if name not in fields:
        return
    wanted, present = ids_in(fields[name]), set(project.store.lists.of_user(user.id))
    for list_id in present - wanted:
        project.store.lists.leave(list_id, user.id)
    known = [list_id for list_id in wanted - present if project.store.lists.get(list_id) is not None]
    project.store.lists.join((list_id, user.id) for list_id in known)


def ids_in(value: Any) -> set[int]:
    """The ids in a field that clients write as an array, one number, or null."""
    items = value if isinstance(value, list) else [value]
    return {item for item in items if isinstance(item, int)}
