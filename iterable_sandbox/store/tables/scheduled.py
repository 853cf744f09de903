"""Messages that wait for their time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from iterable_sandbox.store.sql.database import Database
from iterable_sandbox.wire.json_text import from_own_json, to_json

_COLUMNS: Final = "campaign, user, due_ms, body, id"


@dataclass(frozen=True)
class Scheduled:
    """One message to one user. `due_ms` is epoch milliseconds; `request` is what was asked for."""

    campaign: int
    user: int
    due_ms: int
    request: dict[str, Any]
    id: int = 0


class Schedule:
    """All messages that were not sent yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, message: Scheduled) -> int:
        """Store a message; its id."""
        sql = "INSERT INTO scheduled (campaign, user, due_ms, body) VALUES (?, ?, ?, ?)"
        values = (message.campaign, message.user, message.due_ms, to_json(message.request))
        return self._database.write(sql, values).lastrowid or 0

    def due(self, now_ms: int) -> list[Scheduled]:
        """What is to be sent by now, in the order of its times."""
        return self._found("due_ms <= ?", now_ms)

    def get(self, message_id: int) -> list[Scheduled]:
        """The message with an id, if it was not sent yet."""
        return self._found("id = ?", message_id)

    def of_user(self, user: int) -> list[Scheduled]:
        """What waits for a user."""
        return self._found("user = ?", user)

    def remove(self, message_id: int) -> None:
        """Take one message away."""
        self._database.write("DELETE FROM scheduled WHERE id = ?", (message_id,))

    def remove_of(self, user: int) -> None:
        """Take away what waits for a user."""
        self._database.write("DELETE FROM scheduled WHERE user = ?", (user,))

    def _found(self, condition: str, value: int) -> list[Scheduled]:
        sql = f"SELECT {_COLUMNS} FROM scheduled WHERE {condition} ORDER BY due_ms, id"  # noqa: S608 (constants)
        rows = self._database.rows(sql, (value,))
        return [Scheduled(row[0], row[1], row[2], from_own_json(row[3]), row[4]) for row in rows]
