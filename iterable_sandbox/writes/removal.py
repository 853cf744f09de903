"""Deleting and forgetting users."""

from __future__ import annotations

from typing import Final

from iterable_api.facts.identity import ProjectType
from iterable_sandbox.project.project import Project
from iterable_sandbox.rules.identities import Identity
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.tables.forgotten import Kind

FORGETTABLE: Final[dict[ProjectType, tuple[Kind, ...]]] = {
    ProjectType.EMAIL: ("email",),
    ProjectType.USER_ID: ("userId",),
    ProjectType.HYBRID: ("email", "userId"),
}
"""Project type -> identifiers by which it forgets users: those that make a user unique."""


def delete(project: Project, user: User) -> None:
    """Delete a user with its events, memberships and scheduled messages. It may be created again."""
    store = project.store
    store.events.delete_of(user.id)
    store.lists.leave_all(user.id)
    store.schedule.remove_of(user.id)
    store.users.delete(user)


def forget(project: Project, identity: Identity) -> None:
    """Delete a user, if it exists, and refuse its data from now on.

    In hybrid projects a user is forgotten by both of its identifiers; the contract does not say so.
    """
    found = project.user_resolver.find(identity)
    email, user_id = (identity.email, identity.user_id) if found is None else (found.email, found.user_id)
    for kind, identifier in (("email", email), ("userId", user_id)):
        if identifier is not None and kind in FORGETTABLE[project.settings.project_type]:
            project.store.forgotten.add(kind, identifier)
    if found is not None:
        delete(project, found)


def unforget(project: Project, identity: Identity) -> None:
    """Accept data of a forgotten identifier again. Deleted data stays deleted."""
    if identity.email is not None:
        project.store.forgotten.remove("email", identity.email)
    if identity.user_id is not None:
        project.store.forgotten.remove("userId", identity.user_id)
