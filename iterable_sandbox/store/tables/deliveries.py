"""Calls of webhooks that wait, on disk however many they are; gone when the sandbox ends.

They are written in the transaction of their event, so that what is undone is told to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from iterable_sandbox.store.sql.database import Database, Row, Saving
from iterable_sandbox.wire.json_text import from_own_json, to_json

_CLAIM: Final = """
UPDATE deliveries SET claimed = 1, tries = tries + 1 WHERE id =
    (SELECT id FROM deliveries WHERE claimed = 0 AND due_ms <= ? ORDER BY due_ms, id LIMIT 1)
RETURNING webhook, event, tags, body, lost, due_ms, tries, id
"""


@dataclass(frozen=True)
class Delivery:
    """One event that goes to one webhook.

    Attributes:
        tags: what the merge tags of the URL stand for.
        lost: whether it is to get lost on its way.
        due_ms: when to call, in epoch milliseconds.
        tries: how often it was tried, with the try that it was claimed for.
    """

    webhook: int
    event: str
    tags: dict[str, Any]
    body: str
    lost: bool
    due_ms: int
    tries: int = 0
    id: int = 0


class Deliveries:
    """All calls that were not made yet, or are being made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = count(1)

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Store new ones."""
        for one in deliveries:
            number = next(self._ids)
            self._database.save(_SAVING, number, replace(one, id=number))

    def claim(self, now_ms: int) -> Delivery | None:
        """The one whose time came first, for the caller alone until it is put off or removed; None if none is due."""
        rows = self._database.rows(_CLAIM, (now_ms,))
        if not rows:
            return None
        webhook, event, tags, body, lost, due_ms, tries, number = rows[0]
        return Delivery(webhook, event, from_own_json(tags), body, bool(lost), due_ms, tries, number)

    def put_off(self, delivery: Delivery, due_ms: int) -> None:
        """Try a claimed one again later."""
        self._database.write("UPDATE deliveries SET claimed = 0, due_ms = ? WHERE id = ?", (due_ms, delivery.id))

    def remove(self, delivery: Delivery) -> None:
        """Have done with a claimed one."""
        self._database.write("DELETE FROM deliveries WHERE id = ?", (delivery.id,))

    def count(self) -> int:
        """How many there are."""
        return self._database.number("SELECT count(*) FROM deliveries")

    def by_webhook(self) -> dict[int, int]:
        """How many there are of each webhook."""
        return dict(self._database.rows("SELECT webhook, count(*) FROM deliveries GROUP BY webhook"))


def _rows(deliveries: Sequence[Delivery]) -> Iterable[Row]:
    return [(one.id, one.webhook, one.event, to_json(one.tags), one.body, one.lost, one.due_ms) for one in deliveries]


_SAVING: Final = Saving("INSERT INTO deliveries (id, webhook, event, tags, body, lost, due_ms) VALUES {rows}", _rows)
