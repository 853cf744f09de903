"""Resources that are mostly made in Iterable's web interface and read through the API: campaigns, templates, ..."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from iterable_sandbox.store.sql.database import Database
from iterable_sandbox.wire.json_text import from_own_json, to_json

Kind = Literal["campaign", "template", "channel", "messageType", "journey", "snippet", "webhook", "experiment"]

_NEW_ID: Final = """
INSERT INTO project (name, value) SELECT ?, coalesce(max(id), 0) + 1 FROM resources WHERE kind = ?
ON CONFLICT (name) DO UPDATE SET value = max(value + 1, CAST(excluded.value AS INTEGER)) RETURNING value
"""


class Resources:
    """JSON objects by kind and id."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes = 0

    @property
    def version(self) -> tuple[int, int]:
        """A value that changes with any of them, in this process or another one."""
        return self._database.version, self._changes

    def all(self, kind: Kind) -> list[dict[str, Any]]:
        """All resources of a kind, in the order of their ids."""
        sql = "SELECT body FROM resources WHERE kind = ? ORDER BY id"
        return [from_own_json(body) for (body,) in self._database.rows(sql, (kind,))]

    def get(self, kind: Kind, number: int) -> dict[str, Any] | None:
        """Find a resource by kind and id."""
        row = self._database.row("SELECT body FROM resources WHERE kind = ? AND id = ?", (kind, number))
        return None if row is None else dict(from_own_json(row[0]))

    def add(self, kind: Kind, resources: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Create or replace resources: (id, JSON object) pairs."""
        sql = "INSERT OR REPLACE INTO resources VALUES (?, ?, ?)"
        self._changes += 1
        self._database.write_many(sql, ((kind, number, to_json(body)) for number, body in resources))

    def delete(self, kind: Kind, number: int) -> None:
        """Delete a resource."""
        self._changes += 1
        self._database.write("DELETE FROM resources WHERE kind = ? AND id = ?", (kind, number))

    def new_id(self, kind: Kind) -> int:
        """Allocate an id that no resource of the kind has or had."""
        return self._database.number(_NEW_ID, (f"last {kind}", kind))
