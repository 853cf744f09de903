"""Joining and leaving lists, and the events that tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from iterable_sandbox import profiles
from iterable_sandbox.project import Project
from iterable_sandbox.store.lists import UserList
from iterable_sandbox.store.users import User
from iterable_sandbox.writes import events, users


def join(project: Project, user: User, target: UserList, *, source: str) -> None:
    """Put a user on a list. Only somebody who was not on it makes an emailSubscribe event."""
    present = project.store.lists.of_user(user.id)
    project.store.lists.join([(target.id, user.id)])
    profiles.subscribe(user, project.settings.project_type, {*present, target.id})
    users.save(project, user)
    if target.id not in present:
        joined = {"emailListIds": [target.id], "channelIds": [], "signupSource": source}
        events.record(project, "emailSubscribe", user, joined | {"profileUpdatedAt": user.profile["profileUpdatedAt"]})


def leave(
    project: Project, user: User, target: UserList, *, source: str, channels: Sequence[int], campaign: int | None
) -> None:
    """Take a user from a list, and off `channels`. Nothing is recorded if nothing changes."""
    present = project.store.lists.of_user(user.id)
    project.store.lists.leave(target.id, user.id)
    profiles.subscribe(user, project.settings.project_type, {*present} - {target.id})
    closed = [channel for channel in channels if channel not in user.profile["unsubscribedChannelIds"]]
    user.profile["unsubscribedChannelIds"] = sorted({*user.profile["unsubscribedChannelIds"], *closed})
    users.save(project, user)
    left = [target.id] if target.id in present else []
    if left or closed:
        gone: dict[str, Any] = {"emailListIds": left, "channelIds": closed, "unsubSource": source}
        events.record(project, "emailUnSubscribe", user, gone | {"campaignId": campaign})
