"""Subscriptions of users to lists, channels and message types, and the events about their changes."""

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
    """Subscriptions of a user: field name of the contract -> ids."""
    shown = {
        name: users.ids_in(user.profile.get(name))
        for name in (UNSUBSCRIBED_CHANNELS, UNSUBSCRIBED_TYPES, SUBSCRIBED_TYPES)
    }
    return {LIST_IDS: set(project.store.lists.of_user(user.id)), **shown}


def change(
    project: Project, user: User, wanted: Ids, *, source: str, campaign: int | None = None, template: int | None = None
) -> None:
    """Replace the kinds of ids in `wanted`, and record one event for all gains and one for all losses."""
    before = current(project, user)
    after = before | {name: set(ids) for name, ids in wanted.items()}
    _change_lists(project, user, before[LIST_IDS], after[LIST_IDS])
    profiles.show_lists(user, project.settings.project_type, after[LIST_IDS])
    user.profile |= {
        name: sorted(after[name]) for name in (UNSUBSCRIBED_CHANNELS, UNSUBSCRIBED_TYPES, SUBSCRIBED_TYPES)
    }
    users.save(project, user)
    if gained := _gained(before, after):
        origin = {"signupSource": source, "profileUpdatedAt": user.profile["profileUpdatedAt"]}
        events.record(project, "emailSubscribe", user, gained | origin)
    if lost := _gained(after, before):
        origin = {"unsubSource": source, "campaignId": campaign, "templateId": template}
        events.record(project, "emailUnSubscribe", user, lost | origin)


def _change_lists(project: Project, user: User, before: set[int], after: set[int]) -> None:
    for list_id in before - after:
        project.store.lists.leave(list_id, user.id)
    project.store.lists.join((list_id, user.id) for list_id in after - before)


def _gained(before: Mapping[str, set[int]], after: Mapping[str, set[int]]) -> dict[str, Any]:
    """Fields of the event for subscriptions that are in `after` and not in `before`; empty if there are none."""
    lists = after[LIST_IDS] - before[LIST_IDS]
    channels = before[UNSUBSCRIBED_CHANNELS] - after[UNSUBSCRIBED_CHANNELS]
    types = (before[UNSUBSCRIBED_TYPES] - after[UNSUBSCRIBED_TYPES]) | (
        after[SUBSCRIBED_TYPES] - before[SUBSCRIBED_TYPES]
    )
    if not (lists or channels or types):
        return {}
    return {"emailListIds": sorted(lists), "channelIds": sorted(channels), "messageTypeIds": sorted(types) or None}
