"""Outbox of webhooks: a temporary table on disk, so that memory stays small; it ends with the sandbox.

Deliveries are written in the transaction of their event, so that a rollback undoes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from iterable_sandbox.store.sql.database import BulkInsert, Database, Row
from iterable_sandbox.wire.json_text import from_own_json, to_json

_CLAIM: Final = """
UPDATE deliveries SET claimed = 1, tries = tries + 1 WHERE id =
    (SELECT id FROM deliveries WHERE claimed = 0 AND due_ms <= ? ORDER BY due_ms, id LIMIT 1)
RETURNING webhook, event, tags, body, lost, due_ms, tries, id
"""


@dataclass(frozen=True)
class Delivery:
    """One event for one webhook.

    Attributes:
        tags: values of the merge tags of the URL.
        lost: whether it is dropped on purpose instead of sent.
        due_ms: when to send it, in epoch milliseconds.
        tries: number of attempts, with the one that it was claimed for.
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
    """Deliveries that wait or are in flight."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = count(1)

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Store new deliveries."""
        for one in deliveries:
            number = next(self._ids)
            self._database.save(_INSERT_DELIVERIES, number, replace(one, id=number))

    def claim(self, now_ms: int) -> Delivery | None:
        """Claim the delivery that is due first, until it is put off or removed; None if none is due."""
        rows = self._database.rows(_CLAIM, (now_ms,))
        if not rows:
            return None
        webhook, event, tags, body, lost, due_ms, tries, number = rows[0]
        return Delivery(webhook, event, from_own_json(tags), body, bool(lost), due_ms, tries, number)

    def put_off(self, delivery: Delivery, due_ms: int) -> None:
        """Release a claimed delivery for a later attempt."""
        self._database.write("UPDATE deliveries SET claimed = 0, due_ms = ? WHERE id = ?", (due_ms, delivery.id))

    def remove(self, delivery: Delivery) -> None:
        """Remove a claimed delivery."""
        self._database.write("DELETE FROM deliveries WHERE id = ?", (delivery.id,))

    def count(self) -> int:
        """Count all of them."""
        return self._database.number("SELECT count(*) FROM deliveries")

    def by_webhook(self) -> dict[int, int]:
        """Count them by webhook."""
        return dict(self._database.rows("SELECT webhook, count(*) FROM deliveries GROUP BY webhook"))


def _rows(deliveries: Sequence[Delivery]) -> Iterable[Row]:
    return [(one.id, one.webhook, one.event, to_json(one.tags), one.body, one.lost, one.due_ms) for one in deliveries]


_INSERT_DELIVERIES: Final = BulkInsert(
    "INSERT INTO deliveries (id, webhook, event, tags, body, lost, due_ms) VALUES {rows}", _rows
)
