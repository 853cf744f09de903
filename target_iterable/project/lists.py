"""The lists of the project by name, made where they are missing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from iterable_api.errors import ApiError, UnreadableAnswerError
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from iterable_api.waiting.retry_policy import LIST_OF_ONE_NAME
from target_iterable.core.rejection import RecordRejectedError

STANDARD: Final = "Standard"
"""Type of the lists that can be written; others are `Dynamic`, `Suppression` or `Internal`."""
UNKNOWN_NAME: Final = "unknownList"
"""Code of the reject reason where no list has a name, or an id."""

_logger: Final = logging.getLogger("target-iterable")


@dataclass(frozen=True, order=True)
class _List:
    id: int
    type: str = STANDARD

    @property
    def writable(self) -> bool:
        return self.type == STANDARD


class Lists:
    """The project's lists, read once. Names need not be unique, and only `Standard` lists can be written.

    Attributes:
        made: ids of the lists that were made in this run.
    """

    def __init__(self, client: IterableClient) -> None:
        self.made: set[int] = set()
        self._client = client
        self._by_name: dict[str, list[_List]] | None = None
        self._ambiguous: set[str] = set()

    def id_of(self, name: str, *, create: bool, description: str | None = None) -> int:
        """The list called `name`, made with the description if there is none and `create` says so.

        Raises:
            RecordRejectedError: if there is none, more than one, or one that cannot be written.
        """
        if self._by_name is None:
            self._by_name = self._read()
        known = self._by_name.get(name, [])
        if not known and create:
            known = [self._make(name, description)]
        elif len(known) > 1 and name not in self._ambiguous:
            known = self._settled(name)
        self._by_name[name] = known
        return _only(known)

    def find(self, name: str, type_: str) -> int | None:
        """The id of the only list of this name and type; None if there is none, or more than one."""
        if self._by_name is None:
            self._by_name = self._read()
        found = [known.id for known in self._by_name.get(name, []) if known.type == type_]
        return found[0] if len(found) == 1 else None

    def names(self) -> set[str]:
        """The names of all lists that can be written."""
        if self._by_name is None:
            self._by_name = self._read()
        return {name for name, lists in self._by_name.items() if any(known.writable for known in lists)}

    def has_name(self, name: str) -> bool:
        """Whether there is a list of this name."""
        if self._by_name is None:
            self._by_name = self._read()
        return bool(self._by_name.get(name))

    def has(self, id_: int) -> bool:
        """Whether there is a list of this id."""
        if self._by_name is None:
            self._by_name = self._read()
        return any(known.id == id_ for lists in self._by_name.values() for known in lists)

    def _make(self, name: str, description: str | None) -> _List:
        """A new list; or the one of another process that was quicker.

        Nothing at Iterable keeps names unique. So whoever has made a list looks whether there is an older one, which
        has the lower id, and then takes the own one back: it is empty, and all who look find the older one.
        """
        body = {"name": name} | ({"description": description} if description else {})
        made = _List(confirmed(self._client, "POST", "/api/lists", json=body)["listId"])
        first = min([made, *self._read().get(name, [])])
        if first != made:
            self._take_back(made)
        self.made.add(first.id)
        return first

    def _take_back(self, made: _List) -> None:
        try:
            confirmed(self._client, "DELETE", "/api/lists/{listId}", path_params={"listId": made.id})
        except (ApiError, UnreadableAnswerError) as error:
            _logger.warning("There is a second, empty list of the same name now, with the id %d. %s", made.id, error)

    def _settled(self, name: str) -> list[_List]:
        """Wait for lists of that name to go that are about to be taken back. It is waited once: then they stay."""
        for wait in LIST_OF_ONE_NAME.waits():
            known = self._read().get(name, [])
            if len(known) <= 1:
                return known
            self._client.sleep(wait)
        self._ambiguous.add(name)
        return self._read().get(name, [])

    def _read(self) -> dict[str, list[_List]]:
        by_name: dict[str, list[_List]] = {}
        for entry in confirmed(self._client, "GET", "/api/lists")["lists"]:
            by_name.setdefault(entry["name"], []).append(_List(entry["id"], entry.get("listType", STANDARD)))
        return by_name


def _only(lists: Sequence[_List]) -> int:
    if not lists:
        raise RecordRejectedError(UNKNOWN_NAME, "there is no list of this name")
    if len(lists) > 1:
        raise RecordRejectedError("ambiguousList", "several lists have this name; give the `list_id`")
    if not lists[0].writable:
        raise RecordRejectedError("unwritableList", "only lists of the type Standard can be written")
    return lists[0].id
