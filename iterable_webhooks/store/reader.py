"""Reading the store, for the tap: events in the order of storing, and a mark of what was read.

    with StoreReader("iterable-webhooks.db") as reader:
        for batch in reader.read(after, names=["emailOpen"]):
            ...                                  # hand on batch.events, then keep batch.read_to
        reader.mark_read("tap-iterable", position)

The order is the order of storing, and positions become visible in it: reading on after a position misses nothing, also
where several receivers append to one PostgreSQL. Keep `store_id` beside a position, which means nothing elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from sqlalchemy import ColumnElement, Connection, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from iterable_api.waiting.retry_policy import LOCK_TIMEOUT
from iterable_webhooks.store.errors import PositionAheadError, store_error
from iterable_webhooks.store.events import BEGINNING, EventBatch, Position, StoredEvent
from iterable_webhooks.store.opening import insert_of, open_for_reading
from iterable_webhooks.store.schema import EVENTS, MALFORMED, NAMES, READERS, STORE

_BATCH_ROWS: Final = 1_000
_BATCH_BYTES: Final = 4_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Mark(NamedTuple):
    """Up to where a reader has read, and when it said so last, in UTC."""

    reader: str
    position: Position
    marked_at: datetime


class StoreReader:
    """A store of received webhooks, for readers. Receivers may append meanwhile; each batch is a short transaction.

    Args:
        place: the path of the SQLite file, or the URL of the PostgreSQL database.
        lock_timeout: seconds to wait for the locks of others.

    Raises:
        WebhookStoreMissingError: if there is no store.
        WebhookStoreVersionError: if another release made it.
        WebhookStoreError: if the database cannot be used. So does every method.
    """

    def __init__(self, place: str, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self._engine = open_for_reading(place, lock_timeout)

    def read(
        self, after: Position = BEGINNING, names: Collection[str] | None = None, project: str | None = None
    ) -> Iterator[EventBatch]:
        """Events behind a position, up to the end that the store has when this begins.

        Args:
            after: the position that was read last.
            names: the event names to read; `NO_NAME` is that of bodies without one. None reads all.
            project: the project to read. None reads all.

        Yields:
            Batches of at most 1,000 events, and 4 MB of bodies if there is more than one. The last one ends with the
            end of the store, and has no events if none were left.

        Raises:
            PositionAheadError: if the store ends before `after`.
        """
        last = self.last_position
        if after > last:
            raise PositionAheadError(after, last)
        while after < last:
            batch = self._batch(after, last, _conditions(names, project))
            yield batch
            after = batch.read_to

    @property
    def store_id(self) -> str:
        """The random name that the store got when it was made."""
        with self._transaction() as connection:
            return str(connection.scalar(select(STORE.c.store_id)))

    @property
    def last_position(self) -> Position:
        """The position of the event that was stored last; it stays when that is removed."""
        with self._transaction() as connection:
            return Position(connection.execute(select(STORE.c.last_position)).scalar_one())

    def position_before(self, moment: datetime) -> Position:
        """Where to read on to find all that was received at a moment and later.

        It is looked up position by position, each look halving what is left, for times of receipt have no index. Where
        receivers have different clocks, ask for a moment that is earlier by what they may differ.
        """
        microseconds = (moment - _EPOCH) // timedelta(microseconds=1)
        next_receipt = select(EVENTS.c.received_at).order_by(EVENTS.c.position).limit(1)
        low, high = 0, int(self.last_position)
        while low < high:
            middle = (low + high) // 2
            with self._transaction() as connection:
                received_at = connection.scalar(next_receipt.where(EVENTS.c.position > middle))
            if received_at is None or received_at >= microseconds:
                high = middle
            else:
                low = middle + 1
        return Position(low)

    def event_names(self, project: str | None = None) -> list[str]:
        """All event names that were ever stored, sorted; in one project, or in all."""
        chosen = select(NAMES.c.event_name).distinct()
        if project is not None:
            chosen = chosen.where(NAMES.c.project == project)
        with self._transaction() as connection:
            return sorted(connection.scalars(chosen))

    def projects(self) -> list[str]:
        """All projects of which something was ever stored, sorted."""
        with self._transaction() as connection:
            return sorted(connection.scalars(select(NAMES.c.project).distinct()))

    def malformed_count(self) -> int:
        """How many bodies are kept that were no JSON objects."""
        with self._transaction() as connection:
            return int(connection.execute(select(func.count()).select_from(MALFORMED)).scalar_one())

    def mark_read(self, reader: str, position: Position) -> None:
        """Say up to where a reader has read. The first time registers it; begin with `BEGINNING`.

        While a reader is registered, `--keep-days` removes nothing behind its position. A reader that is to read
        again marks an earlier position.
        """
        row = {"name": reader, "position": position, "marked_at": time.time_ns() // 1_000}
        statement = insert_of(self._engine, READERS).values(row)
        with self._transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))

    def forget_reader(self, reader: str) -> bool:
        """Let a reader no longer keep events from being removed. False if there was none of that name."""
        with self._transaction() as connection:
            return bool(connection.execute(delete(READERS).where(READERS.c.name == reader)).rowcount)

    def marks(self) -> list[Mark]:
        """The marks of all readers, by their names."""
        with self._transaction() as connection:
            rows = connection.execute(select(READERS.c.name, READERS.c.position, READERS.c.marked_at)).all()
        return sorted(Mark(name, Position(position), _moment(marked)) for name, position, marked in rows)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _batch(self, after: Position, last: Position, conditions: list[ColumnElement[bool]]) -> EventBatch:
        position = EVENTS.c.position
        sizes = (
            select(position, func.length(EVENTS.c.body))
            .where(position > after, position <= last, *conditions)
            .order_by(position)
            .limit(_BATCH_ROWS)
        )
        with self._transaction() as connection:
            found = [(int(at), int(size)) for at, size in connection.execute(sizes)]
            fitting = _fitting(found)
            until = Position(found[fitting - 1][0]) if fitting else last
            chosen = select(*EVENTS.c).where(position > after, position <= until, *conditions).order_by(position)
            events = [_event(row) for row in connection.execute(chosen)]
        is_last = fitting == len(found) < _BATCH_ROWS
        return EventBatch(events, last if is_last else until)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise store_error(error) from None


def _fitting(found: list[tuple[int, int]]) -> int:
    """How many of the rows, by their sizes, make a batch: one at least, if there are any."""
    total = 0
    for number, (_, size) in enumerate(found):
        total += size
        if total > _BATCH_BYTES and number:
            return number
    return len(found)


def _conditions(names: Collection[str] | None, project: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if names is not None:
        conditions.append(EVENTS.c.event_name.in_(sorted(names)))
    if project is not None:
        conditions.append(EVENTS.c.project == project)
    return conditions


def _event(row: Any) -> StoredEvent:
    return StoredEvent(Position(row.position), _moment(row.received_at), row.project, row.event_name, bytes(row.body))


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
