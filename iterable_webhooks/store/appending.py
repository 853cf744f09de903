"""Appending to the store: all that arrived together in one transaction, in an order that no reader can pass.

Who appends raises the last position first and holds its row until the commit. So positions become visible in their
order, whoever appends: a reader that has seen a position has been able to see all before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from iterable_webhooks.store.errors import store_error
from iterable_webhooks.store.events import Delivery, MalformedBody
from iterable_webhooks.store.opening import Bodies
from iterable_webhooks.store.schema import EVENTS, MALFORMED, NAMES, STORE

_RAISE: Final = update(STORE).values(last_position=STORE.c.last_position + bindparam("number"))
_LAST: Final = select(STORE.c.last_position)
_INSERT_EVENTS: Final = insert(EVENTS)
_INSERT_MALFORMED: Final = insert(MALFORMED)
_INSERT_NAMES: Final = sqlite.insert(NAMES).on_conflict_do_nothing()

# One statement, which the server commits by itself: a receiver that stands still holds no lock.
_APPEND_IN_POSTGRESQL: Final = text(
    f"""
    WITH raised AS (
        UPDATE {STORE.name} SET last_position = last_position + :number RETURNING last_position - :number AS base
    ), malformed AS (
        INSERT INTO {MALFORMED.name} (received_at, project, reason, body)
        SELECT r.received_at, r.project, r.reason, r.body
        FROM unnest(CAST(:bad_received_at AS bigint[]), CAST(:bad_project AS text[]), CAST(:bad_reason AS text[]),
            CAST(:bad_body AS bytea[])) AS r(received_at, project, reason, body)
    ), names AS (
        INSERT INTO {NAMES.name} (project, event_name)
        SELECT r.project, r.event_name
        FROM raised, unnest(CAST(:new_project AS text[]), CAST(:new_name AS text[])) AS r(project, event_name)
        ON CONFLICT DO NOTHING
    )
    INSERT INTO {EVENTS.name} (position, received_at, project, event_name, body)
    SELECT raised.base + r.number, r.received_at, r.project, r.event_name, r.body
    FROM raised, unnest(CAST(:received_at AS bigint[]), CAST(:project AS text[]), CAST(:event_name AS text[]),
        CAST(:body AS bytea[])) WITH ORDINALITY AS r(received_at, project, event_name, body, number)
    """  # noqa: S608 (names of our own tables)
)


class Appender(Protocol):
    """Appends to the store; one thread uses it."""

    def append(self, deliveries: Sequence[Delivery], malformed: Sequence[MalformedBody]) -> None:
        """Store all of it in one transaction, which is on the disk when this returns.

        With nothing to store, it says whether the store would take it.

        Raises:
            WebhookStoreError: if the store did not take it. Where the connection broke, it may be stored all the same.
        """


class _KnownNames:
    """Pairs of project and event name that are in the store for sure."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()

    def new(self, deliveries: Sequence[Delivery]) -> list[tuple[str, str]]:
        return sorted({(one.project, one.event_name) for one in deliveries} - self._known)

    def add(self, names: Sequence[tuple[str, str]]) -> None:
        if len(self._known) < _MOST_NAMES:
            self._known.update(names)


_MOST_NAMES: Final = 10_000
"""Names are kept up to here: whoever has the secret can make up any number of them."""


class SqliteAppender:
    """See `Appender`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._names = _KnownNames()

    def append(self, deliveries: Sequence[Delivery], malformed: Sequence[MalformedBody]) -> None:
        """See `Appender`."""
        new = self._names.new(deliveries)
        try:
            with self._engine.begin() as connection:
                connection.execute(_RAISE, {"number": len(deliveries)})
                if deliveries:
                    base = connection.execute(_LAST).scalar_one() - len(deliveries)
                    rows = [{"position": base + n, **one._asdict()} for n, one in enumerate(deliveries, 1)]
                    connection.execute(_INSERT_EVENTS, rows)
                if malformed:
                    connection.execute(_INSERT_MALFORMED, [one._asdict() for one in malformed])
                if new:
                    connection.execute(_INSERT_NAMES, [{"project": p, "event_name": name} for p, name in new])
        except SQLAlchemyError as error:
            raise store_error(error) from None
        self._names.add(new)


class PostgresqlAppender:
    """See `Appender`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._names = _KnownNames()

    def append(self, deliveries: Sequence[Delivery], malformed: Sequence[MalformedBody]) -> None:
        """See `Appender`."""
        new = self._names.new(deliveries)
        parameters: dict[str, Any] = {
            "number": len(deliveries),
            **{name: [getattr(one, name) for one in deliveries] for name in Delivery._fields},
            **{f"bad_{name}": [getattr(one, name) for one in malformed] for name in MalformedBody._fields},
            "body": Bodies(one.body for one in deliveries),
            "bad_body": Bodies(one.body for one in malformed),
            "new_project": [project for project, _ in new],
            "new_name": [name for _, name in new],
        }
        try:
            with self._engine.connect() as connection:
                connection.execute(_APPEND_IN_POSTGRESQL, parameters)
        except SQLAlchemyError as error:
            raise store_error(error) from None
        self._names.add(new)


def appender(engine: Engine) -> Appender:
    """Appends to the store of an engine that `open_for_writing` gave."""
    return SqliteAppender(engine) if engine.dialect.name == "sqlite" else PostgresqlAppender(engine)
