"""The Iterable project that all sinks of a run write into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from iterable_api.client import IterableClient
from iterable_api.errors import BadRequestError, ConflictError, UnreadableAnswerError
from iterable_api.identity import ProjectType
from target_iterable.delivery.refusal import RecordRefusedError
from target_iterable.fields import Fields

_PAGE = 100


class Project:
    """One client, so that all sinks share one limiter, and what is known of the lists, the catalogs and the fields."""

    def __init__(self, client: IterableClient, type_: ProjectType, *, coerce: bool) -> None:
        self.client = client
        self.type = type_
        self.lists = Lists(client)
        self.catalogs = Catalogs(client)
        self.fields = Fields(client, coerce=coerce)


@dataclass(frozen=True)
class _List:
    id: int
    writable: bool


class Lists:
    """The project's lists by name, read once. Names need not be unique, and only `Standard` lists can be written."""

    def __init__(self, client: IterableClient) -> None:
        self._client = client
        self._by_name: dict[str, list[_List]] | None = None

    def id_of(self, name: str, *, create: bool) -> int:
        """The list called `name`, made if there is none and `create` says so.

        Raises:
            RecordRefusedError: if there is none, more than one, or one that cannot be written.
        """
        known = self._known().setdefault(name, [])
        if not known and create:
            answer = self._client.post_json("/api/lists", {"name": name})
            known.append(_List(_member(answer, "listId"), writable=True))
        return _only(known)

    def _known(self) -> dict[str, list[_List]]:
        if self._by_name is None:
            self._by_name = {}
            for entry in _member(self._client.get_json("/api/lists"), "lists"):
                writable = entry.get("listType", "Standard") == "Standard"
                self._by_name.setdefault(entry["name"], []).append(_List(entry["id"], writable))
        return self._by_name


def _only(lists: list[_List]) -> int:
    if not lists:
        raise RecordRefusedError("unknownList", "there is no list of this name")
    if len(lists) > 1:
        raise RecordRefusedError("ambiguousList", "several lists have this name; give the `list_id`")
    if not lists[0].writable:
        raise RecordRefusedError("unwritableList", "only lists of the type Standard can be written")
    return lists[0].id


class Catalogs:
    """The project's catalogs, read once. Iterable does not tell capitals in their names.

    Attributes:
        on_create: called with the name before a catalog is made.
    """

    on_create: Callable[[str], None] | None = None

    def __init__(self, client: IterableClient) -> None:
        self._client = client
        self._known: dict[str, str] | None = None

    def ensure(self, name: str) -> str:
        """The catalog's name as Iterable spells it. Makes the catalog if there is none."""
        if self._known is None:
            self._known = self._read()
        if name.lower() not in self._known:
            if self.on_create is not None:
                self.on_create(name)
            self._create(name)
            self._known[name.lower()] = name
        return self._known[name.lower()]

    def _create(self, name: str) -> None:
        """Another process may have been quicker; the contract does not say how Iterable puts that."""
        try:
            self._client.request("POST", "/api/catalogs/{catalogName}", path_params={"catalogName": name})
        except (BadRequestError, ConflictError):
            if name.lower() not in self._read():
                raise

    def _read(self) -> dict[str, str]:
        return {name.lower(): name for name in self._names()}

    def _names(self) -> Iterator[str]:
        page, more = 1, True
        while more:
            answer = self._client.get_json("/api/catalogs", params={"page": page, "pageSize": _PAGE})
            params = _member(answer, "params")
            yield from (entry["name"] for entry in _member(params, "catalogNames"))
            page, more = page + 1, bool(params.get("nextPageUrl"))


def _member(answer: Any, member: str) -> Any:
    if not isinstance(answer, dict) or answer.get(member) is None:
        raise UnreadableAnswerError(f"Iterable's answer has no `{member}`")
    return answer[member]
