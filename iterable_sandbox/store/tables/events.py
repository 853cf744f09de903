"""Events of all data types, each kept as the line that an export shows; and the lines in export order."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from iterable_sandbox.store.sql.database import BulkInsert, Database, Index, Row
from iterable_sandbox.store.sql.name_index import NameIndex
from iterable_sandbox.wire.json_text import from_own_json, to_json, to_json_lines

_CHUNK_LINES: Final = 500
_COLUMNS: Final = "id, type, created_at, user, campaign, event_id, body"
_INSERT_SQL: Final = f"INSERT OR REPLACE INTO events ({_COLUMNS}) VALUES {{rows}}"  # noqa: S608 (a constant)
_SHUFFLED_ORDER: Final = "(id * 2654435761) % 4294967291"
"""Some order that has nothing to do with time, and is the same each time."""


@dataclass(slots=True)
class Event:
    """One event. `line` holds every field; `created_at` is epoch seconds; `user` is the user's row.

    `event_id` is only for events that a second event with the same id updates. `row` is 0 before the event is stored.
    """

    type: str
    created_at: int
    user: int
    line: dict[str, Any]
    event_id: str | None = None
    row: int = 0


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
        self._names = NameIndex(
            database,
            names_sql="SELECT type, event_id, id FROM events WHERE event_id IS NOT NULL",
            last_row_sql="SELECT ifnull(max(id), 0) FROM events",
        )
        self._prefetched: dict[int, Event] | None = None

    @contextmanager
    def prefetch(self, type_: str, event_ids: Collection[str]) -> Iterator[None]:
        """Look for many events at once; inside of a transaction that deletes none."""
        rows = self._names.rows_by_names(type_, event_ids)
        sql = f"SELECT {_COLUMNS} FROM events WHERE id IN ({{keys}})"  # noqa: S608 (a constant)
        self._prefetched = {event.row: event for event in map(_event, self._database.rows_by_keys(sql, rows))}
        try:
            yield
        finally:
            self._prefetched = None

    def add(self, events: Iterable[Event]) -> None:
        """Store many events."""
        self._database.save_many(_INSERT_EVENTS, map(self._with_row, events))

    def save(self, event: Event) -> None:
        """Store a new event, or the new state of the one with its type and `event_id`."""
        with self._database.lock:
            self._with_row(event)
            if self._prefetched is not None and event.event_id is not None:
                self._prefetched[event.row] = event
            self._database.save(_INSERT_EVENTS, event.row, event)

    def by_event_id(self, type_: str, event_id: str) -> Event | None:
        """The event with an id that a client chose."""
        with self._database.lock:
            rows = self._names.rows(type_, event_id)
            # An event keeps its type and its id, and no other one gets its row.
            return self._read(rows[0]) if rows else None

    def of_user(self, user: int, *, types: Collection[str] = (), message_id: str | None = None) -> list[Event]:
        """The events of a user, the newest first; of some data types, or about one message, if asked for."""
        self._database.ensure_index(Index.EVENTS_BY_USER)
        marks = ",".join("?" * len(types)) or "type"
        sql = f"""SELECT {_COLUMNS} FROM events WHERE user = ? AND type IN ({marks})
                  AND (? IS NULL OR body ->> 'messageId' = ?) ORDER BY created_at DESC, id DESC"""  # noqa: S608 (marks)
        rows = self._database.rows(sql, (user, *types, message_id, message_id))
        return [_event(row) for row in rows]

    def delete_of(self, user: int) -> None:
        """Delete the events of a user."""
        self._database.ensure_index(Index.EVENTS_BY_USER)
        self._database.write("DELETE FROM events WHERE user = ?", (user,))

    def reassign(self, user: int, new_owner: int, identifiers: Mapping[str, str]) -> None:
        """Give the events of a user to another one, or to the same one under other identifiers."""
        self._database.ensure_index(Index.EVENTS_BY_USER)
        patch = to_json({"email": None, "userId": None, "itblUserId": None, **identifiers})
        sql = "UPDATE events SET user = ?, body = json_patch(body, ?) WHERE user = ?"
        self._database.write(sql, (new_owner, patch, user))

    def count(self, type_: str | None = None) -> int:
        """How many there are, of one data type or of all."""
        if type_ is None:
            return self._database.number("SELECT count(*) FROM events")
        self._database.ensure_index(Index.EVENTS_BY_TIME)
        return self._database.number("SELECT count(*) FROM events WHERE type = ?", (type_,))

    def types(self) -> dict[str, int]:
        """The data types that are there, with their counts."""
        self._database.ensure_index(Index.EVENTS_BY_TIME)
        return dict(self._database.rows("SELECT type, count(*) FROM events GROUP BY type ORDER BY type"))

    def lines(self, selection: Selection, *, shuffled: bool) -> Iterator[list[str]]:
        """The export lines of a selection of events or users, in chunks.

        Which lines they are is settled when the first chunk is asked for; a row that is deleted before its
        chunk comes is left out.
        """
        table = "users" if selection.type == "user" else "events"
        ids = self._selected_ids(table, selection, shuffled=shuffled)
        sql = f"SELECT id, body FROM {table} WHERE id IN ({{keys}})"  # noqa: S608 (constants)
        for start in range(0, len(ids), _CHUNK_LINES):
            chunk = ids[start : start + _CHUNK_LINES]
            bodies: dict[int, str] = dict(self._database.rows_by_keys(sql, chunk))
            yield [bodies[row_id] for row_id in chunk if row_id in bodies]

    def _with_row(self, event: Event) -> Event:
        """The event with its row: that of the one with its type and id, or a new one."""
        if not event.row:
            named = event.event_id
            event.row = self._names.row_or_new(event.type, named) if named is not None else self._names.new_row()
        return event

    def _read(self, row: int) -> Event | None:
        if self._prefetched is not None and row in self._prefetched:
            return self._prefetched[row]
        found = self._database.row(f"SELECT {_COLUMNS} FROM events WHERE id = ?", (row,))  # noqa: S608 (a constant)
        return None if found is None else _event(found)

    def _selected_ids(self, table: str, selection: Selection, *, shuffled: bool) -> array[int]:
        column = "updated_at" if table == "users" else "created_at"
        wanted: dict[str, Any] = {f"{column} >= ?": selection.start, f"{column} < ?": selection.end}
        index = Index.USERS_BY_TIME
        if table == "events":
            index = Index.EVENTS_BY_TIME if selection.campaign is None else Index.EVENTS_BY_CAMPAIGN
            wanted |= {"type = ?": selection.type, "campaign = ?": selection.campaign}
        self._database.ensure_index(index)
        given = {condition: value for condition, value in wanted.items() if value is not None}
        where = " AND ".join(given) or "TRUE"
        order = _SHUFFLED_ORDER if shuffled else f"{column}, id"
        sql = f"SELECT id FROM {table} WHERE {where} ORDER BY {order}"  # noqa: S608 (constants)
        return array("q", (row[0] for row in self._database.rows(sql, list(given.values()))))


def _event(row: Row) -> Event:
    row_id, type_, created_at, user, _, event_id, body = row
    return Event(type_, created_at, user, from_own_json(body), event_id, row_id)


def _rows(events: Sequence[Event]) -> Iterable[Row]:
    bodies = to_json_lines([event.line for event in events])
    return [
        (event.row, event.type, event.created_at, event.user, event.line.get("campaignId"), event.event_id, body)
        for event, body in zip(events, bodies, strict=True)
    ]


_INSERT_EVENTS: Final = BulkInsert(_INSERT_SQL, _rows)
