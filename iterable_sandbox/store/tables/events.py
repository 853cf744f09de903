"""Events of all data types, stored as export lines, and the selection of lines for an export."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from iterable_sandbox.store.sql.database import BulkInsert, Database, Index, Row, like
from iterable_sandbox.store.sql.name_index import NameIndex
from iterable_sandbox.wire.json_text import from_own_json, to_json, to_json_lines

_CHUNK_LINES: Final = 500
_COLUMNS: Final = "id, type, created_at, user, campaign, event_id, body"
_INSERT_SQL: Final = f"INSERT OR REPLACE INTO events ({_COLUMNS}) VALUES {{rows}}"  # noqa: S608 (a constant)
_SHUFFLED_ORDER: Final = "(id * 2654435761) % 4294967291"
"""Order that is unrelated to time, and the same in each run: a multiplicative hash of the id."""


@dataclass(slots=True)
class Event:
    """One event.

    Attributes:
        type: data type.
        created_at: epoch seconds.
        user: row id of its user.
        line: all fields, as an export shows them.
        event_id: id for types whose events are updated by a second event with the same id, else None.
        row: row id; 0 before the event is stored.
    """

    type: str
    created_at: int
    user: int
    line: dict[str, Any]
    event_id: str | None = None
    row: int = 0


@dataclass(frozen=True)
class Selection:
    """Selection of an export: a data type, `start` <= time < `end` in epoch seconds, and a campaign or None for all."""

    type: str
    start: int | None = None
    end: int | None = None
    campaign: int | None = None


class Events:
    """Events of the project."""

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
        """Cache many events for the `with` block, which must be inside a transaction that deletes none."""
        rows = self._names.rows_by_names(type_, event_ids)
        sql = f"SELECT {_COLUMNS} FROM events WHERE id IN ({{keys}})"  # noqa: S608 (a constant)
        self._prefetched = {event.row: event for event in map(_event, self._database.rows_by_keys(sql, rows))}
        try:
            yield
        finally:
            self._prefetched = None

    def add(self, events: Iterable[Event]) -> None:
        """Store many events in one transaction."""
        self._database.save_many(_INSERT_EVENTS, map(self._with_row, events))

    def save(self, event: Event) -> None:
        """Store an event. One with the same type and `event_id` is replaced."""
        with self._database.lock:
            self._with_row(event)
            if self._prefetched is not None and event.event_id is not None:
                self._prefetched[event.row] = event
            self._database.save(_INSERT_EVENTS, event.row, event)

    def by_event_id(self, type_: str, event_id: str) -> Event | None:
        """Find an event by its type and its client's id."""
        with self._database.lock:
            rows = self._names.rows(type_, event_id)
            # Type and id of an event never change, and its row id is not reused.
            return self._read(rows[0]) if rows else None

    def of_user(self, user: int, *, types: Collection[str] = (), message_id: str | None = None) -> list[Event]:
        """Events of a user, the newest first. Optionally only of some data types, or of one message."""
        self._database.ensure_index(Index.EVENTS_BY_USER)
        marks = ",".join("?" * len(types)) or "type"
        sql = f"""SELECT {_COLUMNS} FROM events WHERE user = ? AND type IN ({marks})
                  AND (? IS NULL OR body ->> 'messageId' = ?) ORDER BY created_at DESC, id DESC"""  # noqa: S608 (marks)
        rows = self._database.rows(sql, (user, *types, message_id, message_id))
        return [_event(row) for row in rows]

    def latest(
        self,
        limit: int,
        *,
        type_: str | None = None,
        user: int | None = None,
        part: str = "",
        before: int | None = None,
    ) -> list[Event]:
        """Events, the one that was written last first: of a data type, of a user, with a text in them, below a row id.

        Args:
            limit: the largest number of events.
            type_: data type; None for all.
            user: row id of their user; None for all.
            part: text that the line of an event must have in it.
            before: row id; None begins with the last one.
        """
        if user is not None:
            self._database.ensure_index(Index.EVENTS_BY_USER)
        sql = f"""SELECT {_COLUMNS} FROM events WHERE (:type IS NULL OR type = :type)
            AND (:user IS NULL OR user = :user)
            AND (:before IS NULL OR id < :before) AND body LIKE :part ESCAPE '!'
            ORDER BY id DESC LIMIT :limit"""  # noqa: S608 (a constant)
        in_json = to_json(part)[1:-1]
        values = {"type": type_, "user": user, "before": before, "part": like(in_json), "limit": limit}
        return [_event(row) for row in self._database.rows(sql, values)]

    def delete_of(self, user: int) -> None:
        """Delete the events of a user."""
        self._database.ensure_index(Index.EVENTS_BY_USER)
        self._database.write("DELETE FROM events WHERE user = ?", (user,))

    def reassign(self, user: int, new_owner: int, identifiers: Mapping[str, str]) -> None:
        """Move the events of a user to `new_owner`, who may be the same user, with new identifiers in their lines."""
        self._database.ensure_index(Index.EVENTS_BY_USER)
        patch = to_json({"email": None, "userId": None, "itblUserId": None, **identifiers})
        sql = "UPDATE events SET user = ?, body = json_patch(body, ?) WHERE user = ?"
        self._database.write(sql, (new_owner, patch, user))

    def count(self, type_: str | None = None) -> int:
        """Number of events, of one data type or of all."""
        if type_ is None:
            return self._database.number("SELECT count(*) FROM events")
        self._database.ensure_index(Index.EVENTS_BY_TIME)
        return self._database.number("SELECT count(*) FROM events WHERE type = ?", (type_,))

    def types(self) -> dict[str, int]:
        """Data type -> number of events."""
        self._database.ensure_index(Index.EVENTS_BY_TIME)
        return dict(self._database.rows("SELECT type, count(*) FROM events GROUP BY type ORDER BY type"))

    def lines(self, selection: Selection, *, shuffled: bool) -> Iterator[list[str]]:
        """Yield the export lines of a selection of events or users, in chunks.

        The first chunk fixes the selection. Rows that are deleted before their chunk is read are left out.
        """
        table = "users" if selection.type == "user" else "events"
        ids = self._selected_ids(table, selection, shuffled=shuffled)
        sql = f"SELECT id, body FROM {table} WHERE id IN ({{keys}})"  # noqa: S608 (constants)
        for start in range(0, len(ids), _CHUNK_LINES):
            chunk = ids[start : start + _CHUNK_LINES]
            bodies: dict[int, str] = dict(self._database.rows_by_keys(sql, chunk))
            yield [bodies[row_id] for row_id in chunk if row_id in bodies]

    def _with_row(self, event: Event) -> Event:
        """Set the row id of an event: that of the event with the same type and id, or a new one."""
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
        conditions: dict[str, Any] = {f"{column} >= ?": selection.start, f"{column} < ?": selection.end}
        index = Index.USERS_BY_TIME
        if table == "events":
            index = Index.EVENTS_BY_TIME if selection.campaign is None else Index.EVENTS_BY_CAMPAIGN
            conditions |= {"type = ?": selection.type, "campaign = ?": selection.campaign}
        self._database.ensure_index(index)
        active = {condition: value for condition, value in conditions.items() if value is not None}
        where = " AND ".join(active) or "TRUE"
        order = _SHUFFLED_ORDER if shuffled else f"{column}, id"
        sql = f"SELECT id FROM {table} WHERE {where} ORDER BY {order}"  # noqa: S608 (constants)
        return array("q", (row[0] for row in self._database.rows(sql, list(active.values()))))


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
