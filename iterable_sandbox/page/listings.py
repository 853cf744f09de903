"""Pages that are one table: users, events, lists, catalogs, campaigns, templates and requests, each with a search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from iterable_api.facts.data_types import DATA_TYPES
from iterable_sandbox.page.rendering import PREFIX, not_found, render
from iterable_sandbox.page.table import ROWS, Asked, Cell, Page, Table, read_form
from iterable_sandbox.project.project import Project
from iterable_sandbox.project.request_log import Entry
from iterable_sandbox.store.tables.events import Event
from iterable_sandbox.store.tables.resources import Kind

_BAD_STATUS: Final = 400
_TYPES: Final = sorted(data_type.name for data_type in DATA_TYPES if data_type.name != "user")


MakeTable = Callable[[Project, Asked], Table]


@dataclass(frozen=True)
class Listing:
    """A page that is one table.

    Attributes:
        key: its entry of the navigation.
        title: its heading.
        label: what the search looks for.
        types: what can be chosen beside the search.
        trail: path and name of the page above it.
    """

    key: str
    title: str
    label: str
    types: Sequence[str] = ()
    trail: tuple[str, str] | None = None


def show(project: Project, request: Request, body: bytes, listing: Listing, make_table: MakeTable) -> Response:
    """GET and POST of a listing. What is searched for travels in the body, a data type can be in the query."""
    is_form = request.method == "POST"
    form = read_form(body) if is_form else {}
    type_ = form.get("type", request.query_params.get("type", ""))
    asked = Asked(form.get("search", ""), type_, form.get("after", ""))
    table = make_table(project, asked)
    return render(project, request, "listing.html", listing.key, listing=listing, asked=asked, result=table)


def _users(project: Project, asked: Asked) -> Table:
    page = Page(project.store.users.latest(ROWS + 1, part=asked.search, before=asked.row))
    rows = [
        (
            Cell(user.email or user.user_id or "", f"{PREFIX}/users/{user.id}"),
            Cell(user.user_id or ""),
            Cell(str(user.profile.get("profileUpdatedAt", ""))),
            Cell(f"{len(user.profile)} fields", value=user.profile),
        )
        for user in page.shown
    ]
    columns = ("User", "userId", "profileUpdatedAt", "Profile")
    return Table("users", "Users, the newest first", columns, rows, page.next(lambda user: user.id))


def events_table(found: Sequence[Event], *, with_user: bool = True) -> Table:
    """A table of events, one more of which than are shown was asked for."""
    page = Page(found)
    columns = ("Data type", "createdAt", *(["User"] if with_user else []), "Line")
    return Table(
        "events",
        "Events, the last first",
        columns,
        [_event_row(event, with_user=with_user) for event in page.shown],
        page.next(lambda event: event.row),
    )


def _event_row(event: Event, *, with_user: bool) -> Sequence[Cell]:
    line = event.line
    owner = Cell(
        str(line.get("email") or line.get("userId") or ""), f"{PREFIX}/users/{event.user}" if event.user else None
    )
    name = line.get("eventName") or line.get("campaignName")
    about = f"{name}: {len(line)} fields" if name else f"{len(line)} fields"
    shown = [Cell(event.type), Cell(str(line.get("createdAt", ""))), owner, Cell(about, value=line)]
    return shown if with_user else [shown[0], shown[1], shown[3]]


def _events(project: Project, asked: Asked) -> Table:
    found = project.store.events.latest(ROWS + 1, type_=asked.type or None, part=asked.search, before=asked.row)
    return events_table(found)


def _lists(project: Project, asked: Asked) -> Table:
    found = [row for row in project.store.lists.all() if _has(asked, row.name, row.id) and row.id > (asked.row or 0)]
    page = Page(found)
    rows = [
        (
            Cell(row.name or str(row.id), f"{PREFIX}/lists/{row.id}"),
            Cell(str(row.id)),
            Cell(row.type),
            Cell(f"{project.store.lists.size(row.id):,}"),
        )
        for row in page.shown
    ]
    return Table("lists", "Lists", ("List", "#Id", "Type", "#Members"), rows, page.next(lambda row: row.id))


def members(project: Project, request: Request, body: bytes) -> Response:
    """GET and POST of `/_page/lists/{id}`: the members of a list."""
    number = request.path_params["id"]
    row = project.store.lists.get(number) if number < 10**15 else None
    if row is None:
        return not_found(project, request, "list")

    def table(project: Project, asked: Asked) -> Table:
        page = Page(project.store.lists.some_members(row.id, ROWS + 1, part=asked.search, after=asked.row or 0))
        rows = [
            (Cell(member.email or member.user_id or "", f"{PREFIX}/users/{member.user}"), Cell(member.user_id or ""))
            for member in page.shown
        ]
        return Table("members", f"Members of {row.name}", ("User", "userId"), rows, page.next(lambda one: one.user))

    trail = (f"{PREFIX}/lists", "Lists")
    listing = Listing("lists", row.name, "Part of an address or userId", trail=trail)
    return show(project, request, body, listing, table)


def _catalogs(project: Project, asked: Asked) -> Table:
    page = Page(
        [row for row in project.store.catalogs.all() if _has(asked, row.name) and row.name.lower() > asked.after]
    )
    rows = [
        (Cell(row.name, f"{PREFIX}/catalogs/{row.name}"), Cell(f"{project.store.catalogs.count(row):,}"))
        for row in page.shown
    ]
    return Table("catalogs", "Catalogs", ("Catalog", "#Items"), rows, page.next(lambda row: row.name.lower()))


def items(project: Project, request: Request, body: bytes) -> Response:
    """GET and POST of `/_page/catalogs/{name}`: the items of a catalog."""
    catalog = project.store.catalogs.get(request.path_params["name"])
    if catalog is None:
        return not_found(project, request, "catalog")

    def table(project: Project, asked: Asked) -> Table:
        found = project.store.catalogs.some_items(catalog, ROWS + 1, part=asked.search, after=asked.after)
        page = Page(found)
        rows = [(Cell(item.id), Cell(f"{len(item.value)} fields", value=item.value)) for item in page.shown]
        return Table("items", f"Items of {catalog.name}", ("Item", "Value"), rows, page.next(lambda item: item.id))

    listing = Listing("catalogs", catalog.name, "Part of an id", trail=(f"{PREFIX}/catalogs", "Catalogs"))
    return show(project, request, body, listing, table)


def _resources(kind: Kind, columns: Mapping[str, str]) -> MakeTable:
    """A table of resources. `columns` are headings -> members of the JSON object; `#Id` is over its id."""
    number = columns["#Id"]

    def table(project: Project, asked: Asked) -> Table:
        found = project.store.resources.all(kind)[::-1]
        before = asked.row or float("inf")
        page = Page([row for row in found if _has(asked, row.get("name", ""), row[number]) and row[number] < before])
        rows = [
            (
                *(Cell(_text(row.get(member))) for member in columns.values()),
                Cell(f"{len(row)} fields", value=row),
            )
            for row in page.shown
        ]
        return Table(kind, f"{kind}s, the newest first", (*columns, "All"), rows, page.next(lambda row: row[number]))

    return table


def _requests(project: Project, asked: Asked) -> Table:
    text = asked.search.lower()
    entries = [one for one in project.log.entries() if text in f"{one.method} {one.path} {one.status}".lower()][::-1]
    start = asked.row or 0
    page = Page(entries[start : start + ROWS + 1])
    rows = [_request_row(entry) for entry in page.shown]
    columns = ("Request", "At", "Answer", "#Records", "#Bytes received", "#Bytes sent")
    return Table("requests", "Requests, the last first", columns, rows, page.next(lambda _: start + ROWS))


def _request_row(entry: Entry) -> Sequence[Cell]:
    return (
        Cell(f"{entry.method} {entry.path or '(no such route)'}"),
        Cell(entry.at),
        Cell(str(entry.status or "none"), is_bad=(entry.status or _BAD_STATUS) >= _BAD_STATUS),
        Cell(f"{entry.records:,}"),
        Cell(f"{entry.request_bytes:,}"),
        Cell(f"{entry.response_bytes:,}"),
    )


def _has(asked: Asked, *texts: object) -> bool:
    return any(asked.search.lower() in str(text).lower() for text in texts)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


_CAMPAIGN: Final = {
    "Campaign": "name",
    "#Id": "id",
    "State": "campaignState",
    "Type": "type",
    "Medium": "messageMedium",
    "#Template": "templateId",
}
_TEMPLATE: Final = {
    "Template": "name",
    "#Id": "templateId",
    "Client's id": "clientTemplateId",
    "#Campaign": "campaignId",
}

LISTINGS: Final[Sequence[tuple[Listing, MakeTable]]] = (
    (Listing("users", "Users", "Part of an address or userId"), _users),
    (Listing("events", "Events", "Part of a line, such as a name or an address", _TYPES), _events),
    (Listing("lists", "Lists", "Part of a name, or an id"), _lists),
    (Listing("catalogs", "Catalogs", "Part of a name"), _catalogs),
    (Listing("campaigns", "Campaigns", "Part of a name, or an id"), _resources("campaign", _CAMPAIGN)),
    (Listing("templates", "Templates", "Part of a name, or an id"), _resources("template", _TEMPLATE)),
    (Listing("requests", "Requests", "Part of method, path or status"), _requests),
)
