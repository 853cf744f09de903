"""Creating and updating users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iterable_sandbox import identities, profiles
from iterable_sandbox.project import Project
from iterable_sandbox.store.users import User


def upsert(
    project: Project, row: Mapping[str, Any], fields: Mapping[str, Any], *, source: str, existing_only: bool = False
) -> User:
    """The user that `row` means, with `fields` written to its profile. `source` is the signupSource of a new one.

    Raises:
        RowRefusedError: if the row fails; nothing is stored then.
        NamelessRowError: the same, for a row without identity.
    """
    identity = identities.read(row)
    user = project.directory.find(identity)
    if user is None and not existing_only:
        user = project.directory.new(identity)
    if user is None:
        raise identity.refused("notFound")
    _rename(project, user, identity, fields)
    merge = bool(row.get("mergeNestedObjects"))
    user.profile = profiles.merged(user.profile, profiles.writable(fields), nested=merge)
    save(project, user, source=source)
    _follow_lists(project, user, fields)
    return user


def existing(project: Project, row: Mapping[str, Any]) -> User:
    """The user that `row` means.

    Raises:
        RowRefusedError: if the identity is malformed or unknown.
        NamelessRowError: if there is none.
    """
    identity = identities.read(row)
    user = project.directory.find(identity)
    if user is None:
        raise identity.refused("notFound")
    return user


def save(project: Project, user: User, *, source: str = "API") -> None:
    """Store a user as updated now."""
    profiles.touch(user, project.clock, project.settings.project_type, signup_source=source)
    project.store.users.save(user)


def _rename(project: Project, user: User, identity: identities.Identity, fields: Mapping[str, Any]) -> None:
    email, user_id = fields.get("email"), fields.get("userId")
    project.directory.rename(
        user,
        identity,
        None if email is None else identities.checked_email(email),
        None if user_id is None else identities.checked_user_id(user_id),
    )


def _follow_lists(project: Project, user: User, fields: Mapping[str, Any]) -> None:
    """Writing the array of list ids moves the user between lists, without any subscribe event."""
    name = profiles.list_field(project.settings.project_type)
    if name not in fields:
        return
    wanted, present = _integers(fields[name]), set(project.store.lists.of_user(user.id))
    for list_id in present - wanted:
        project.store.lists.leave(list_id, user.id)
    known = [list_id for list_id in wanted - present if project.store.lists.get(list_id) is not None]
    project.store.lists.join((list_id, user.id) for list_id in known)


def _integers(value: Any) -> set[int]:
    """The ids in a field that clients write as an array, one number, or null."""
    items = value if isinstance(value, list) else [value]
    return {item for item in items if isinstance(item, int)}
