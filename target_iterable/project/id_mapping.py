"""Ids of another project: which list, channel or type of messages is meant here."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from iterable_api.facts.identity import ProjectType
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from target_iterable.records.column_mapping import Row

LIST: Final = "list"
CHANNEL: Final = "channel"
MESSAGE_TYPE: Final = "message type"
AUDIENCE: Final = "list of any type"
"""Lists that campaigns go to or leave out. Unlike those of `LIST`, they need not be writable."""

_NAMES: Final = {CHANNEL: ("/api/channels", "channels"), MESSAGE_TYPE: ("/api/messageTypes", "messageTypes")}
_ARRAYS: Final = {
    "emailListIds": LIST,
    "userListIds": LIST,
    "unsubscribedChannelIds": CHANNEL,
    "subscribedMessageTypeIds": MESSAGE_TYPE,
    "unsubscribedMessageTypeIds": MESSAGE_TYPE,
}
"""Profile fields that hold ids."""

_logger: Final = logging.getLogger("target-iterable")


class IdMapping:
    """Ids of the other project -> ids here, by kind, as far as the streams of this run have told their names.

    The id here is None for what has no counterpart.
    """

    def __init__(self, client: IterableClient, project_type: ProjectType) -> None:
        self._client = client
        self._lists = "emailListIds" if project_type is ProjectType.EMAIL else "userListIds"
        self._ids: defaultdict[str, dict[int, int | None]] = defaultdict(dict)
        self._here: dict[str, Mapping[str, int]] = {}
        self._told: set[str] = set()

    def learn(self, kind: str, there: int, here: int | None) -> None:
        """Take note of an id of the other project."""
        self._ids[kind][there] = here

    def meant(self, kind: str, there: int) -> int | None:
        """The id here of what has the id `there` in the other project; None if no counterpart is known."""
        return self._ids[kind].get(there)

    def id_here(self, kind: str, name: str) -> int | None:
        """The id of the channel or type of messages that has this name here. Nobody can make these by the API."""
        if kind not in self._here:
            path, array = _NAMES[kind]
            found = confirmed(self._client, "GET", path)[array]
            self._here[kind] = {entry["name"]: entry["id"] for entry in found}
        return self._here[kind].get(name)

    def of_profile(self, fields: Row) -> Row:
        """Profile fields with the ids that are meant. Arrays are left out of whose kind no names were told."""
        renumbered = {name: value for name, value in fields.items() if name not in _ARRAYS}
        for name, kind in _ARRAYS.items():
            there = fields.get(name)
            if isinstance(there, list) and self._ids[kind]:
                here = [id_ for id_ in map(self._ids[kind].get, there) if id_ is not None]
                self._tell_missing(kind, len(there) - len(here))
                renumbered[self._lists if kind == LIST else name] = here
        return renumbered

    def _tell_missing(self, kind: str, missing: int) -> None:
        if missing and kind not in self._told:
            self._told.add(kind)
            _logger.warning(
                "A user has a %s that is not in this project: the id is left out, and others like it.", kind
            )
