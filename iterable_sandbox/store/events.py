"""Events of all data types, each kept as the line that an export shows; and the lines in export order."""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from iterable_sandbox.json_text import to_json
from iterable_sandbox.store.database import Database, Row

_CHUNK: Final = 500
_INSERT: Final = "INSERT INTO events (type, created_at, user, campaign, event_id, body) VALUES (?, ?, ?, ?, ?, ?)"
_SHUFFLED: Final = "(id * 2654435761) % 4294967291"
"""Some order that has nothing to do with time, and is the same each time."""


@dataclass
class Event:
    """One event. `line` holds every field; `created_at` is epoch seconds; `user` is the user's row.

    `event_id` is only for events that a second event with the same id updates.
    """

    type: str
    created_at: int
    user: int
    line: dict[str, Any]
    event_id: str | None = None
    id: int = 0


@dataclass(frozen=True)
class Selection:
    """Which lines an export wants: a data type, `start` <= time < `end` in epoch seconds, maybe one campaign."""

    type: str
    start: int | None = None
    end: int | None = None
    campaign: int | None = None


class Events:
    """The events of the project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, events: Iterable[Event]) -> None:
        """Store many new events."""
        self._database.write_many(_INSERT, map(_values, events))

    def save(self, event: Event) -> None:
        """Store a new event, or the new state of one."""
        if event.id:
            sql = "UPDATE events SET created_at = ?, user = ?, campaign = ?, body = ? WHERE id = ?"
            _, created_at, user, campaign, _, body = _values(event)
            self._database.write(sql, (created_at, user, campaign, body, event.id))
        else:
            event.id = self._database.write(_INSERT, _values(event)).lastrowid or 0

    def by_event_id(self, type_: str, event_id: str) -> Event | None:
        """The event with an id that a client chose."""
        sql = "SELECT id, created_at, user, body FROM events WHERE type = ? AND event_id = ?"
        row = self._database.row(sql, (type_, event_id))
        return None if row is None else Event(type_, row[1], row[2], json.loads(row[3]), event_id, row[0])

    def of_user(self, user: int, *, types: Collection[str] = (), message_id: str | None = None) -> list[Event]:
        """The events of a user, the newest first; of some data types, or about one message, if asked for."""
        marks = ",".join("?" * len(types)) or "type"
        sql = f"""SELECT type, created_at, body, event_id, id FROM events WHERE user = ? AND type IN ({marks})
                  AND (? IS NULL OR body ->> 'messageId' = ?) ORDER BY created_at DESC, id DESC"""  # noqa: S608 (marks)
        rows = self._database.rows(sql, (user, *types, message_id, message_id))
        return [Event(row[0], row[1], user, json.loads(row[2]), row[3], row[4]) for row in rows]

    def delete_of(self, user: int) -> None:
        """Delete the events of a user."""
        self._database.write("DELETE FROM events WHERE user = ?", (user,))

    def hand_over(self, user: int, new_owner: int, identifiers: Mapping[str, str]) -> None:
        """Give the events of a user to another one, or to the same one under other identifiers."""
        patch = to_json({"email": None, "userId": None, "itblUserId": None, **identifiers})
        sql = "UPDATE events SET user = ?, body = json_patch(body, ?) WHERE user = ?"
        self._database.write(sql, (new_owner, patch, user))

    def count(self, type_: str | None = None) -> int:
        """How many there are, of one data type or of all."""
        if type_ is None:
            return self._database.number("SELECT count(*) FROM events")
        return self._database.number("SELECT count(*) FROM events WHERE type = ?", (type_,))

    def types(self) -> dict[str, int]:
        """The data types that are there, with their counts."""
        return dict(self._database.rows("SELECT type, count(*) FROM events GROUP BY type ORDER BY type"))

    def lines(self, selection: Selection, *, shuffled: bool) -> Iterator[list[str]]:
        """The export lines of a selection of events or users, in chunks.

        Which lines they are is settled when the first chunk is asked for; a row that is deleted before its
        chunk comes is left out.
        """
        table = "users" if selection.type == "user" else "events"
        ids = self._selected(table, selection, shuffled=shuffled)
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            sql = f"SELECT id, body FROM {table} WHERE id IN ({marks})"  # noqa: S608 (constants and marks)
            bodies: dict[int, str] = dict(self._database.rows(sql, chunk))
            yield [bodies[row_id] for row_id in chunk if row_id in bodies]

    def _selected(self, table: str, selection: Selection, *, shuffled: bool) -> array[int]:
        column = "updated_at" if table == "users" else "created_at"
        wanted: dict[str, Any] = {f"{column} >= ?": selection.start, f"{column} < ?": selection.end}
        if table == "events":
            wanted |= {"type = ?": selection.type, "campaign = ?": selection.campaign}
        given = {condition: value for condition, value in wanted.items() if value is not None}
        where = " AND ".join(given) or "TRUE"
        order = _SHUFFLED if shuffled else f"{column}, id"
        sql = f"SELECT id FROM {table} WHERE {where} ORDER BY {order}"  # noqa: S608 (constants)
        return array("q", (row[0] for row in self._database.rows(sql, list(given.values()))))


def _values(event: Event) -> Row:
    campaign = event.line.get("campaignId")
    return event.type, event.created_at, event.user, campaign, event.event_id, to_json(event.line)
