"""Removal of events that were read and are old."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from iterable_webhooks.store.errors import store_error
from iterable_webhooks.store.schema import EVENTS, MALFORMED, READERS, STORE

_AT_ONCE: Final = 500
"""Rows that one transaction removes: receivers wait for no more than that."""

_READ: Final = select(func.min(READERS.c.position)).scalar_subquery()
"""The least position of the readers; none if there are no readers."""


def remove_some(engine: Engine, keep: timedelta) -> int:
    """Remove some of what is to go, in short transactions; how many rows that were. Call it until there are none.

    That are events which every reader has read and which were received longer ago than `keep`; without a reader none.
    Malformed bodies, which no reader reads, go by their age alone.

    Raises:
        WebhookStoreError: if the store cannot be used.
    """
    before = time.time_ns() // 1_000 - keep // timedelta(microseconds=1)
    try:
        return _remove_events(engine, before) + _remove_malformed(engine, before)
    except SQLAlchemyError as error:
        raise store_error(error) from None


def _remove_events(engine: Engine, before: int) -> int:
    position = EVENTS.c.position
    with engine.begin() as connection:
        last_old = _last_old(connection, before)
        chosen = select(position).where(position <= _READ, position <= last_old).order_by(position).limit(_AT_ONCE)
        return connection.execute(delete(EVENTS).where(position.in_(chosen))).rowcount


def _remove_malformed(engine: Engine, before: int) -> int:
    chosen = select(MALFORMED.c.id).where(MALFORMED.c.received_at < before).limit(_AT_ONCE)
    with engine.begin() as connection:
        return connection.execute(delete(MALFORMED).where(MALFORMED.c.id.in_(chosen))).rowcount


def _last_old(connection: Connection, before: int) -> int:
    """The last position in front of all events that are not old.

    No index on the time is needed for that, since the old ones are in front. One that stands behind a young one, for
    the clocks of two receivers differ, waits until that is old too.
    """
    young = select(EVENTS.c.position).where(EVENTS.c.received_at >= before).order_by(EVENTS.c.position).limit(1)
    found = connection.scalar(young)
    if found is not None:
        return int(found) - 1
    return int(connection.execute(select(STORE.c.last_position)).scalar_one())
