"""Streams that are mirrored, each with the last version that was complete."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Row, Table, Text, select, text

from target_iterable.ledger.ledger import SCOPE_BYTES, Ledger

_TABLE: Final = Table(
    "iterable_mirrors",
    MetaData(),
    Column("key", LargeBinary(SCOPE_BYTES), primary_key=True),
    Column("stream", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
_UPSERT: Final = text(
    "INSERT INTO iterable_mirrors (key, stream, version) VALUES (:key, :stream, :version) "
    "ON CONFLICT (key) DO UPDATE SET version = excluded.version"
)


class MirroredStreams:
    """One stream among all mirrored ones.

    Args:
        stream: its name.
        key: what the keys of its members begin with.

    Raises:
        LedgerError: from every method, if the database cannot be read or written.
    """

    def __init__(self, ledger: Ledger, stream: str, key: bytes) -> None:
        self._ledger = ledger
        self._stream = stream
        self._key = key
        ledger.create_table(_TABLE)

    @property
    def version(self) -> int:
        """Last version that was completed; 0 if none was."""
        with self._ledger.transaction() as connection:
            return connection.execute(select(_TABLE.c.version).where(_TABLE.c.key == self._key)).scalar() or 0

    def store(self, version: int) -> None:
        """Make the stream known to the others, with its last complete version."""
        self._ledger.execute_many(_UPSERT, [{"key": self._key, "stream": self._stream, "version": version}])

    def others(self) -> dict[bytes, str]:
        """Return key -> name of all other streams."""
        with self._ledger.transaction() as connection:
            rows: list[Row[Any]] = [*connection.execute(select(_TABLE.c.key, _TABLE.c.stream))]
        return {key: stream for key, stream in rows if key != self._key}
