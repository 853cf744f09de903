"""Joining and leaving one list."""

from __future__ import annotations

from collections.abc import Sequence

from iterable_sandbox.project.project import Project
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.tables.lists import UserList
from iterable_sandbox.writes import subscriptions


def join(project: Project, user: User, target: UserList, *, source: str) -> None:
    """Add a user to a list. An emailSubscribe event is recorded only if the user was not on it."""
    present = project.store.lists.of_user(user.id)
    subscriptions.change(project, user, {subscriptions.LIST_IDS: {*present, target.id}}, source=source)


def leave(
    project: Project, user: User, target: UserList, *, source: str, channels: Sequence[int], campaign: int | None
) -> None:
    """Remove a user from a list, and unsubscribe it from `channels`. No event is recorded if nothing changes."""
    now = subscriptions.current(project, user)
    wanted = {
        subscriptions.LIST_IDS: now[subscriptions.LIST_IDS] - {target.id},
        subscriptions.UNSUBSCRIBED_CHANNELS: now[subscriptions.UNSUBSCRIBED_CHANNELS] | set(channels),
    }
    subscriptions.change(project, user, wanted, source=source, campaign=campaign)
