"""Control routes that show users, events and members. What is asked for travels in bodies, never in URLs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from iterable_api.facts.data_types import DATA_TYPES
from iterable_api.facts.identity import normalise_email
from iterable_sandbox.project.project import Project
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.wire import typed_json
from iterable_sandbox.wire.bounds import Count, Positive
from iterable_sandbox.wire.responses import json_answer

_MOST_ROWS: Final = 1_000
_EVENT_TYPES: Final = frozenset(data_type.name for data_type in DATA_TYPES) - {"user"}

_Limit = Annotated[int, Field(ge=1, le=_MOST_ROWS)]


@dataclass(frozen=True)
class _UserRequest:
    """An address or a userId."""

    user: str


@dataclass(frozen=True)
class _EventsRequest:
    """A data type; a user, or None for all; the row id below which to go on."""

    dataType: str  # noqa: N815 (as Iterable spells it)
    user: str | None = None
    before: Positive | None = None
    limit: _Limit = _MOST_ROWS


@dataclass(frozen=True)
class _MembersRequest:
    """The id or the name of a list; the row id after which to go on."""

    list: Positive | str
    after: Count = 0
    limit: _Limit = _MOST_ROWS


_USER: Final = TypeAdapter(_UserRequest)
_EVENTS: Final = TypeAdapter(_EventsRequest)
_MEMBERS: Final = TypeAdapter(_MembersRequest)


def user(project: Project, _request: Request, body: bytes) -> Response:
    """POST /_sandbox/user: `{"user": "ana@example.com"}`, or a userId; the profile as an export has it, or null."""
    found = find_user(project, typed_json.read(_USER, body).user)
    return json_answer({"user": None if found is None else found.profile})


def events(project: Project, _request: Request, body: bytes) -> Response:
    """POST /_sandbox/events: `{"dataType": "customEvent"}`; the lines as an export has them, the last first.

    `user` takes those of an address or a userId. At most 1,000 come at a time: `next` is the `before` of the others.
    """
    asked = typed_json.read(_EVENTS, body)
    if asked.dataType not in _EVENT_TYPES:
        raise ValueError("dataType: there is no such data type of events")
    owner = None
    if asked.user is not None:
        found = find_user(project, asked.user)
        owner = 0 if found is None else found.id
    rows = project.store.events.latest(asked.limit, type_=asked.dataType, user=owner, before=asked.before)
    return json_answer({"events": [row.line for row in rows], "next": _next([row.row for row in rows], asked.limit)})


def members(project: Project, _request: Request, body: bytes) -> Response:
    """POST /_sandbox/members: `{"list": 1000001}`, or its name; email and userId of each member.

    At most 1,000 come at a time: `next` is the `after` of the others.
    """
    asked = typed_json.read(_MEMBERS, body)
    rows = project.store.lists.some_members(_list_id(project, asked.list), asked.limit, after=asked.after)
    shown = [{name: value for name, value in asdict(row).items() if name != "user"} for row in rows]
    return json_answer({"members": shown, "next": _next([row.user for row in rows], asked.limit)})


def find_user(project: Project, identifier: str) -> User | None:
    """Find a user by an address in any case, or else by a userId."""
    users = project.store.users
    return users.by_email(normalise_email(identifier)) or users.by_user_id(identifier)


def _list_id(project: Project, asked: int | str) -> int:
    found = [row.id for row in project.store.lists.all() if asked in (row.id, row.name)]
    if len(found) != 1:
        raise ValueError(f"list: {len(found) or 'no'} lists have this id or name")
    return found[0]


def _next(rows: Sequence[int], limit: int) -> Any:
    return rows[-1] if len(rows) == limit else None
