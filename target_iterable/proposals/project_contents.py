"""What a proposal has to know of the project: fields, lists, catalogs, channels, message types. It is only read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from iterable_api.errors import ForbiddenError, UnauthorizedError
from iterable_api.facts.identity import ProjectType
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from target_iterable.project.connection_check import project_type_of
from target_iterable.project.project import Project

_Part = TypeVar("_Part")
_NO_RIGHT: Final = (UnauthorizedError, ForbiddenError)


class Group(NamedTuple):
    """A channel or a message type. `is_marketing`: whether it is one of marketing mails."""

    id: int
    name: str
    is_marketing: bool = False


@dataclass
class ProjectContents:
    """What the project holds.

    Attributes:
        type: type of the project; that of the setting, if the key may not ask.
        is_type_known: whether Iterable has told the type.
        fields: dotted paths of profile fields -> type.
        lists: names of the lists that can be written.
        catalogs: names of catalogs.
        item_types: returns the field types of a catalog.
        channels: the channels.
        message_types: the message types.
        unreadable: what the key may not read.
    """

    type: ProjectType
    is_type_known: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    catalogs: frozenset[str] = frozenset()
    item_types: Callable[[str], Mapping[str, str]] = lambda _: {}
    channels: tuple[Group, ...] = ()
    message_types: tuple[Group, ...] = ()
    unreadable: list[str] = field(default_factory=list)


def read_project(project: Project) -> ProjectContents:
    """Read what the project holds, with GET requests only.

    Raises:
        IterableError: if Iterable cannot be reached, or the key may not even read the fields of profiles.
    """
    client = project.client
    found = ProjectContents(project.type)
    found.fields = dict(project.fields.types.types_of(project.fields.user_scope()))
    type_ = _part(found, "the type of the project", lambda: project_type_of(client), None)
    found.type, found.is_type_known = type_ or project.type, type_ is not None
    found.lists = _part(found, "lists", lambda: frozenset(project.lists.names()), frozenset())
    found.catalogs = _part(found, "catalogs", lambda: frozenset(project.catalogs.names()), frozenset())
    found.item_types = lambda name: project.fields.types.types_of(project.fields.item_scope(name))
    found.channels = _part(found, "channels", lambda: _groups(client, "/api/channels", "channels"), ())
    found.message_types = _part(
        found, "message types", lambda: _groups(client, "/api/messageTypes", "messageTypes"), ()
    )
    return found


def _part(found: ProjectContents, what: str, read: Callable[[], _Part], otherwise: _Part) -> _Part:
    """Read one part; note it in `unreadable` if the key has no right to it."""
    try:
        return read()
    except _NO_RIGHT:
        found.unreadable.append(what)
        return otherwise


def _groups(client: IterableClient, path: str, array: str) -> tuple[Group, ...]:
    entries: list[Mapping[str, Any]] = confirmed(client, "GET", path)[array]
    return tuple(Group(entry["id"], entry["name"], _is_marketing(entry)) for entry in entries)


def _is_marketing(entry: Mapping[str, Any]) -> bool:
    return (entry.get("channelType"), entry.get("messageMedium")) == ("Marketing", "Email")
