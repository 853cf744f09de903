"""Messages that wait for their time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from iterable_sandbox.json_text import to_json
from iterable_sandbox.store.database import Database

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
        sql = f"SELECT {_COLUMNS} FROM scheduled WHERE due_ms <= ? ORDER BY due_ms, id"  # noqa: S608 (a constant)
        rows = self._database.rows(sql, (now_ms,))
        return [Scheduled(row[0], row[1], row[2], json.loads(row[3]), row[4]) for row in rows]

    def remove(self, message_id: int) -> bool:
        """Take one message away; whether there was one."""
        return self._database.write("DELETE FROM scheduled WHERE id = ?", (message_id,)).rowcount > 0

    def remove_of(self, user: int, campaign: int | None = None) -> bool:
        """Take away the messages to a user, of one campaign or of all; whether there were any."""
        sql = "DELETE FROM scheduled WHERE user = ? AND campaign = ifnull(?, campaign)"
        return self._database.write(sql, (user, campaign)).rowcount > 0
