"""Deleting lists."""

from __future__ import annotations

from typing import Final

from iterable_sandbox.project.project import Project
from iterable_sandbox.rules import profiles
from iterable_sandbox.store.tables.lists import UserList

_WILL_SEND: Final = frozenset({"Draft", "Ready", "Scheduled", "Starting", "Running", "Recurring"})


def is_in_use(project: Project, target: UserList) -> bool:
    """Whether a campaign will still send to a list or suppress it. Other kinds of use are not known."""
    return any(
        target.id in [*campaign.get("listIds", ()), *campaign.get("suppressionListIds", ())]
        for campaign in project.store.resources.all("campaign")
        if campaign["campaignState"] in _WILL_SEND
    )


def delete(project: Project, target: UserList) -> None:
    """Delete a list, also from profiles. As far as is known, this does not count as an update of the profiles."""
    store = project.store
    with store.database.transaction():
        members = store.lists.rows(target.id)
        store.lists.delete(target.id)
        for user in filter(None, map(store.users.by_row, members)):
            profiles.show_lists(user, project.settings.project_type, store.lists.of_user(user.id))
            store.users.save(user)
