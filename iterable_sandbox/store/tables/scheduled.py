"""Scheduled messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from iterable_sandbox.store.sql.database import Database
from iterable_sandbox.wire.json_text import from_own_json, to_json

_COLUMNS: Final = "campaign, user, due_ms, body, id"


@dataclass(frozen=True)
class Scheduled:
    """One message to one user.

    Attributes:
        campaign: id of the campaign.
        user: row id of the user.
        due_ms: time of sending in epoch milliseconds.
        request: body of the request that scheduled it.
        id: id of the message; 0 before it is stored.
    """

    campaign: int
    user: int
    due_ms: int
    request: dict[str, Any]
    id: int = 0


class Schedule:
    """Messages that are scheduled and not sent yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, message: Scheduled) -> int:
        """Store a message and return its id."""
        sql = "INSERT INTO scheduled (campaign, user, due_ms, body) VALUES (?, ?, ?, ?)"
        values = (message.campaign, message.user, message.due_ms, to_json(message.request))
        return self._database.write(sql, values).lastrowid or 0

    def due(self, now_ms: int) -> list[Scheduled]:
        """Messages that are due, in the order of their times."""
        return self._select("due_ms <= ?", now_ms)

    def get(self, message_id: int) -> list[Scheduled]:
        """Message with an id; empty if it is unknown or sent."""
        return self._select("id = ?", message_id)

    def of_user(self, user: int) -> list[Scheduled]:
        """Messages to a user."""
        return self._select("user = ?", user)

    def remove(self, message_id: int) -> None:
        """Remove a message."""
        self._database.write("DELETE FROM scheduled WHERE id = ?", (message_id,))

    def remove_of(self, user: int) -> None:
        """Remove all messages to a user."""
        self._database.write("DELETE FROM scheduled WHERE user = ?", (user,))

    def _select(self, condition: str, value: int) -> list[Scheduled]:
        sql = f"SELECT {_COLUMNS} FROM scheduled WHERE {condition} ORDER BY due_ms, id"  # noqa: S608 (constants)
        rows = self._database.rows(sql, (value,))
        return [Scheduled(row[0], row[1], row[2], from_own_json(row[3]), row[4]) for row in rows]
