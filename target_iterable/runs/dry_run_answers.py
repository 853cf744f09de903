"""What Iterable would answer to planned writes, if it took all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, Final

from iterable_api.errors import UnreadableAnswerError
from iterable_api.facts.success_responses import SUCCESS_RESPONSES
from target_iterable.field_types.registry import leaves

FIELDS: Final = "/api/users/getFields"
_OF_PROFILES: Final = ("users", "subscribers")
_COLLECTIONS: Final = (*_OF_PROFILES, "usersByUserId", "updateSubscriptionsRequests", "events")


class NewFields:
    """Which profile fields planned requests would bring, each once, as for Iterable they are new only once."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._lock = Lock()

    def record_known(self, body: bytes) -> None:
        """Take over an answer of `users/getFields`, if it is one; whoever has asked for it finds out if it is not."""
        with suppress(UnreadableAnswerError), self._lock:
            self._known |= SUCCESS_RESPONSES["GET", FIELDS].read(body)["fields"].keys()

    def new_in(self, body: Mapping[str, Any]) -> dict[str, list[str]]:
        """The members of an answer that name the new fields of `body`.

        A project that takes none by itself would drop what is called created here, unless the body forbids it:
        nothing tells us its setting.
        """
        rows = [row for collection in _OF_PROFILES for row in body.get(collection, ()) if isinstance(row, dict)]
        new = {path for row in rows for path, _ in leaves(row.get("dataFields", {}))} - self._known
        if body.get("createNewFields") is False:
            return {"filteredOutFields": sorted(path for path in new if path.rpartition(".")[0] not in new)}
        with self._lock:
            self._known |= new
        return {"createdFields": sorted(new)}


def bulk_answer(body: bytes, new_fields: NewFields) -> dict[str, Any]:
    """All rows are taken."""
    sent = json.loads(body or b"{}")
    return {"successCount": _rows(sent), "failCount": 0, **new_fields.new_in(sent)}


def _rows(body: Mapping[str, Any]) -> int:
    collections: list[Sequence[Any]] = [body[name] for name in _COLLECTIONS if name in body]
    return sum(map(len, collections))
