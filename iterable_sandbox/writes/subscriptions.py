"""What users are subscribed to: lists, channels and message types; and the events that tell of a change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from iterable_sandbox.project.project import Project
from iterable_sandbox.rules import profiles
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.writes import events, users

LIST_IDS: Final = "emailListIds"
UNSUBSCRIBED_CHANNELS: Final = "unsubscribedChannelIds"
UNSUBSCRIBED_TYPES: Final = "unsubscribedMessageTypeIds"
SUBSCRIBED_TYPES: Final = "subscribedMessageTypeIds"
KINDS: Final = (LIST_IDS, UNSUBSCRIBED_CHANNELS, UNSUBSCRIBED_TYPES, SUBSCRIBED_TYPES)

Ids = Mapping[str, Collection[int]]


def current(project: Project, user: User) -> dict[str, set[int]]:
    """What a user is subscribed to, by the names of the contract."""
    shown = {
        name: users.ids_in(user.profile.get(name))
        for name in (UNSUBSCRIBED_CHANNELS, UNSUBSCRIBED_TYPES, SUBSCRIBED_TYPES)
    }
    return {LIST_IDS: set(project.store.lists.of_user(user.id)), **shown}


def change(
    project: Project, user: User, wanted: Ids, *, source: str, campaign: int | None = None, template: int | None = None
) -> None:
    """Replace each kind of ids that is given, and record one event for all that was gained and one for all lost."""
    before = current(project, user)
    after = before | {name: set(ids) for name, ids in wanted.items()}
    _change_lists(project, user, before[LIST_IDS], after[LIST_IDS])
    profiles.show_lists(user, project.settings.project_type, after[LIST_IDS])
    user.profile |= {
        name: sorted(after[name]) for name in (UNSUBSCRIBED_CHANNELS, UNSUBSCRIBED_TYPES, SUBSCRIBED_TYPES)
    }
    users.save(project, user)
    if gained := _gained(before, after):
        told = {"signupSource": source, "profileUpdatedAt": user.profile["profileUpdatedAt"]}
        events.record(project, "emailSubscribe", user, gained | told)
    if lost := _gained(after, before):
        told = {"unsubSource": source, "campaignId": campaign, "templateId": template}
        events.record(project, "emailUnSubscribe", user, lost | told)


def _change_lists(project: Project, user: User, before: set[int], after: set[int]) -> None:
    for list_id in before - after:
        project.store.lists.leave(list_id, user.id)
    project.store.lists.join((list_id, user.id) for list_id in after - before)


def _gained(before: Mapping[str, set[int]], after: Mapping[str, set[int]]) -> dict[str, Any]:
    """What a user gets after and did not get before; empty if that is nothing."""
    lists = after[LIST_IDS] - before[LIST_IDS]
    channels = before[UNSUBSCRIBED_CHANNELS] - after[UNSUBSCRIBED_CHANNELS]
    types = (before[UNSUBSCRIBED_TYPES] - after[UNSUBSCRIBED_TYPES]) | (
        after[SUBSCRIBED_TYPES] - before[SUBSCRIBED_TYPES]
    )
    if not (lists or channels or types):
        return {}
    return {"emailListIds": sorted(lists), "channelIds": sorted(channels), "messageTypeIds": sorted(types) or None}
