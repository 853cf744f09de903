"""Tables of the store, and their version."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

SCHEMA_VERSION: Final = 1

_metadata: Final = MetaData()

STORE: Final = Table(
    "iterable_webhook_store",
    _metadata,
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("last_position", BigInteger, nullable=False),
)
"""One row. Who appends raises `last_position` first, and so holds the row until the end of the transaction."""

EVENTS: Final = Table(
    "iterable_webhook_events",
    _metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("received_at", BigInteger, nullable=False),
    Column("project", Text, nullable=False),
    Column("event_name", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
BY_NAME: Final = Index("iterable_webhook_events_by_name", EVENTS.c.event_name, EVENTS.c.position)

NAMES: Final = Table(
    "iterable_webhook_names",
    _metadata,
    Column("project", Text, primary_key=True),
    Column("event_name", Text, primary_key=True),
)
"""Every event name that was ever stored, for each project."""

MALFORMED: Final = Table(
    "iterable_webhook_malformed",
    _metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("received_at", BigInteger, nullable=False),
    Column("project", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Bodies that are no JSON objects."""

READERS: Final = Table(
    "iterable_webhook_readers",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("marked_at", BigInteger, nullable=False),
)
"""Up to which position each reader has read."""

TABLES: Final = (EVENTS, NAMES, MALFORMED, READERS)
"""All but `STORE`, which is made and looked at first."""
