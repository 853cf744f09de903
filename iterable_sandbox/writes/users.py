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
    """Create or update the user of a row, and return it.

    Args:
        project: the project.
        row: row of the request, with identifiers and options.
        fields: checked data fields.
        source: `signupSource` of a new user.
        existing_only: whether an unknown user is refused.

    Raises:
        RowRefusedError: the row fails, and nothing is stored.
        UnidentifiedRowError: the row has no identifier, and nothing is stored.
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
    """Create a user for an unknown identity; it is not stored yet.

    Raises:
        RowRefusedError: no user may be created.
    """
    user = None if existing_only else project.user_resolver.new(identity)
    if user is None:
        raise identity.row_error("notFound")
    return user


def write_rows(
    project: Project, rows: Sequence[Row], write: Callable[[Row, Row], object], *, create: bool | None
) -> tuple[BulkResult, FieldDraft]:
    """Write many users. `write` is called with each row and its checked data fields.

    Raises:
        RefusedError: 400 for the whole request if a value has the wrong type, unless `type_clashes` is `row`.
    """
    draft, result = project.field_draft(), BulkResult(USER_BUCKETS)
    by_row = project.settings.type_clashes == "row"
    requested = [] if by_row else [requested_fields(row, create=create) for row in rows]
    admitted = draft.admit_all(requested)
    draft.check()
    with project.store.database.transaction(), project.user_resolver.prefetch(rows):
        if by_row:
            result.apply(lambda row: write(row, _accepted_fields(project, row, draft, create=create)), rows)
        else:
            result.apply(write, rows, admitted)
            draft.forget_failed(requested, result.failed_places)
        draft.save()
    return result, draft


def _accepted_fields(project: Project, row: Row, reported: FieldDraft, *, create: bool | None) -> Row:
    """Check the data fields of one row and store the types of its new fields at once."""
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
    """Data fields of a row, with its options."""
    return RequestedFields(USER, row.get("dataFields") or {}, create, bool(row.get("mergeNestedObjects")))


def existing_user(project: Project, row: Mapping[str, Any]) -> User:
    """Find the user of a row.

    Raises:
        RowRefusedError: the identity is malformed or unknown.
        UnidentifiedRowError: the row has no identifier.
    """
    identity = identities.read_identity(row)
    user = project.user_resolver.find(identity)
    if user is None:
        raise identity.row_error("notFound")
    return user


def save(project: Project, user: User, *, source: str = "API") -> None:
    """Store a user, updated now."""
    profiles.touch(user, project.clock, project.settings.project_type, signup_source=source)
    project.store.users.save(user)


def _rename(project: Project, user: User, identity: identities.Identity, fields: Mapping[str, Any]) -> None:
    """Set identifiers that are among the data fields. Iterable's treatment of arrays there is not known."""
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
    """Change the memberships of a user to the array of list ids in its fields, without subscription events."""
    name = profiles.list_field(project.settings.project_type)
    if name not in fields:
        return
    wanted, present = ids_in(fields[name]), set(project.store.lists.of_user(user.id))
    for list_id in present - wanted:
        project.store.lists.leave(list_id, user.id)
    known = [list_id for list_id in wanted - present if project.store.lists.get(list_id) is not None]
    project.store.lists.join((list_id, user.id) for list_id in known)


def ids_in(value: Any) -> set[int]:
    """Ids in a field that clients write as an array, a number or null."""
    items = value if isinstance(value, list) else [value]
    return {item for item in items if isinstance(item, int)}
