"""What is made in Iterable's web interface and only read through the API: campaigns, templates, channels ..."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

from iterable_sandbox.json_text import to_json
from iterable_sandbox.store.database import Database

Kind = Literal["campaign", "template", "channel", "messageType"]


class Resources:
    """JSON objects by kind and id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, kind: Kind) -> list[dict[str, Any]]:
        """All of one kind, by id."""
        sql = "SELECT body FROM resources WHERE kind = ? ORDER BY id"
        return [json.loads(body) for (body,) in self._database.rows(sql, (kind,))]

    def add(self, kind: Kind, resources: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Store many by their ids."""
        sql = "INSERT INTO resources VALUES (?, ?, ?)"
        self._database.write_many(sql, ((kind, number, to_json(body)) for number, body in resources))
