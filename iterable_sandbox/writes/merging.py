"""Giving a user another address, and making one user of two."""

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
    """Give a user other identifiers, on its profile and on its events. Its document begins anew."""
    user.email, user.user_id = email, user_id
    profiles.reset_creation(user)
    users.save(project, user)
    project.store.events.reassign(user.id, user.id, profiles.identifiers(user))


def merge(project: Project, source: User, destination: User, arrays: Iterable[ArrayMerge]) -> None:
    """Give the destination all that only the source has, its events among it, and delete the source.

    Where both have a field, the destination keeps its own, also if they are objects; `arrays` says which arrays
    are joined instead. Lists go by the field that shows them.

    Raises:
        RefusedError: 400 if `dedupeBy` is given for something else than an array of objects.
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
    """Both arrays, without what the source has twice. A value that is no array counts as one of one item."""
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
