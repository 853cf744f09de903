"""Responses of a dry run to planned writes: all rows are accepted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, Final

from iterable_api.errors import UnreadableAnswerError
from iterable_api.facts.endpoints import success_of
from target_iterable.field_types.inference import leaves

FIELDS: Final = "/api/users/getFields"
"""Path of the endpoint that lists the profile fields."""
_PROFILE_COLLECTIONS: Final = ("users", "subscribers")
_COLLECTIONS: Final = (*_PROFILE_COLLECTIONS, "usersByUserId", "updateSubscriptionsRequests", "events")


class NewFields:
    """Profile fields that planned requests would create, each once: a field is new to Iterable only once."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._lock = Lock()

    def record_known(self, body: bytes) -> None:
        """Record the fields in a response of `users/getFields`. Its reader handles a response of another form."""
        with suppress(UnreadableAnswerError), self._lock:
            self._known |= success_of("GET", FIELDS).read(body)["fields"].keys()

    def new_in(self, body: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return the members of a response that name the new fields of `body`.

        A project that takes no new fields would drop the fields that are called created here, unless the body forbids
        them: the project's setting cannot be read.
        """
        rows = [row for collection in _PROFILE_COLLECTIONS for row in body.get(collection, ()) if isinstance(row, dict)]
        new = {path for row in rows for path, _ in leaves(row.get("dataFields", {}))} - self._known
        if body.get("createNewFields") is False:
            return {"filteredOutFields": sorted(path for path in new if path.rpartition(".")[0] not in new)}
        with self._lock:
            self._known |= new
        return {"createdFields": sorted(new)}


def bulk_answer(body: bytes, new_fields: NewFields) -> dict[str, Any]:
    """Return the response to a bulk request of which all rows are accepted."""
    request = json.loads(body or b"{}")
    return {"successCount": _rows(request), "failCount": 0, **new_fields.new_in(request)}


def _rows(body: Mapping[str, Any]) -> int:
    collections: list[Sequence[Any]] = [body[name] for name in _COLLECTIONS if name in body]
    return sum(map(len, collections))
