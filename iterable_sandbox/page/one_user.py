"""`GET /_page/users/{row}`: a user with profile, lists, subscriptions and events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from iterable_sandbox.page.listings import events_table
from iterable_sandbox.page.rendering import PREFIX, not_found, render
from iterable_sandbox.page.table import ROWS, Asked, Cell, Table, read_form
from iterable_sandbox.project.project import Project
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.tables.resources import Kind

_FACTS: Final = ("email", "userId", "itblUserId", "signupDate", "profileUpdatedAt", "phoneNumber")
_SUBSCRIPTIONS: Final[Sequence[tuple[str, str, Kind]]] = (
    ("unsubscribedChannelIds", "channel, unsubscribed", "channel"),
    ("unsubscribedMessageTypeIds", "message type, unsubscribed", "messageType"),
    ("subscribedMessageTypeIds", "message type, subscribed", "messageType"),
)
"""Profile field -> what its ids are."""
_MAX_ROW: Final = 10**15


def user(project: Project, request: Request, body: bytes) -> Response:
    """GET and POST of the page; a form asks for earlier events."""
    row = request.path_params["row"]
    found = project.store.users.by_row(row) if row < _MAX_ROW else None
    if found is None:
        return not_found(project, request, "user")
    asked = Asked(after=read_form(body).get("after", ""))
    return render(
        project,
        request,
        "user.html",
        "users",
        name=found.email or found.user_id,
        facts=[(name, found.profile[name]) for name in _FACTS if name in found.profile],
        profile=found.profile,
        asked=asked,
        lists=_lists(project, found),
        subscriptions=_subscriptions(project, found),
        events=events_table(project.store.events.latest(ROWS + 1, user=found.id, before=asked.row), with_user=False),
    )


def _lists(project: Project, user: User) -> Table:
    lists = project.store.lists
    found = filter(None, map(lists.get, lists.of_user(user.id)))
    rows = [(Cell(row.name, f"{PREFIX}/lists/{row.id}"), Cell(str(row.id))) for row in found]
    return Table("lists", "Lists of the user", ("List", "#Id"), rows, empty="The user is on no list.")


def _subscriptions(project: Project, user: User) -> Table:
    rows = [*_subscription_rows(project, user)]
    empty = "Nothing departs from what channels and message types have for everybody."
    return Table("subscriptions", "Subscriptions", ("Channel or message type", "What it is", "#Id"), rows, empty=empty)


def _subscription_rows(project: Project, user: User) -> Iterator[Sequence[Cell]]:
    for field, what, kind in _SUBSCRIPTIONS:
        for number in user.profile.get(field) or ():
            resource = project.store.resources.get(kind, number) if isinstance(number, int) else None
            yield Cell((resource or {}).get("name", "(not in this project)")), Cell(what), Cell(str(number))
