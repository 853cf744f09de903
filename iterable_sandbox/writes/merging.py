"""Changing the identifiers of a user, and merging two users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from iterable_sandbox.project.project import Project
from iterable_sandbox.rules import profiles
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.wire.responses import bad_params
from iterable_sandbox.writes import removal, users

ArrayMerge = Mapping[str, Any]


def rename(project: Project, user: User, email: str | None, user_id: str | None) -> None:
    """Change the identifiers of a user, in its profile and its events. The creation time of the profile is reset."""
    user.email, user.user_id = email, user_id
    profiles.reset_creation(user)
    users.save(project, user)
    project.store.events.reassign(user.id, user.id, profiles.identifiers(user))


def merge(project: Project, source: User, destination: User, arrays: Iterable[ArrayMerge]) -> None:
    """Move the events of the source and the fields that only it has to the destination, and delete the source.

    A field that both have keeps the value of the destination, also if it is an object; the arrays of `arrays` are
    joined instead. Memberships follow from the field of list ids.

    Raises:
        RefusedError: 400 if `dedupeBy` is given for anything but an array of objects.
    """
    joined = {item["field"]: _joined_arrays(source, destination, item) for item in arrays}
    filled = {name: value for name, value in joined.items() if value}
    destination.profile = {**source.profile, **destination.profile, **filled}
    destination.email = destination.email or source.email
    destination.user_id = destination.user_id or source.user_id
    project.store.events.reassign(source.id, destination.id, profiles.identifiers(destination))
    removal.delete(project, source)
    profiles.reset_creation(destination)
    users.save(project, destination)
    users.update_memberships(project, destination, destination.profile)


def _joined_arrays(source: User, destination: User, item: ArrayMerge) -> list[Any]:
    """Join the arrays of both users, without items that the destination has. Other values count as an array of one."""
    ours, theirs = (_array(user.profile.get(item["field"])) for user in (destination, source))
    key = item.get("dedupeBy")
    if key is None:
        return ours + [value for value in theirs if value not in ours]
    if not all(isinstance(value, dict) for value in ours + theirs):
        raise bad_params(f"dedupeBy is given, but field {item['field']} is not an array of objects")
    taken = [value[key] for value in ours if key in value]
    return ours + [value for value in theirs if key not in value or value[key] not in taken]


def _array(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
