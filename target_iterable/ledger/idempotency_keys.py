"""Table of idempotency keys, beside the ledger's: keys of effects that must happen once.

Where an effect must happen at most once, its key is stored as reserved before the request is sent. If the run dies in
between, the next one finds the key and does not send the request again.
"""

from __future__ import annotations

from collections.abc import Collection
from secrets import token_bytes
from typing import Final

from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, bindparam, delete, select, text

from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.repeating import repeated
from target_iterable.ledger.schema import lock_table
from target_iterable.ledger.sql import KEY_BYTES, sorted_chunks

_TOKEN_BYTES: Final = 8
_DONE: Final = b""
"""State of a key that is done. The state of a reserved key is the token of the run that has reserved it."""

_TABLE: Final = Table(
    "iterable_happenings",
    MetaData(),
    Column("key", LargeBinary(KEY_BYTES), primary_key=True),
    Column("state", LargeBinary(_TOKEN_BYTES), nullable=False),
    sqlite_with_rowid=False,
)
_KEY_IN: Final = _TABLE.c.key.in_(bindparam("keys", expanding=True))
_READ: Final = select(_TABLE.c.key, _TABLE.c.state).where(_KEY_IN)
_RESERVE: Final = text(
    "INSERT INTO iterable_happenings (key, state) VALUES (:key, :state) ON CONFLICT (key) DO NOTHING"
)
_COMPLETE: Final = text(
    "INSERT INTO iterable_happenings (key, state) VALUES (:key, :state) "
    "ON CONFLICT (key) DO UPDATE SET state = excluded.state"
)


class IdempotencyStore:
    """States of idempotency keys. Keys are those of the ledger. Threads may share it.

    Raises:
        LedgerError: from every method, if the database cannot be read or written.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._token = token_bytes(_TOKEN_BYTES)
        ledger.create_table(_TABLE)

    def key(self, kind: str, key: str) -> bytes:
        """Compute the key of an effect: `kind` says what happens, `key` is the record's key in its normal form."""
        return self._ledger.key(f"once in normal form {kind}", key)

    def former_key(self, kind: str, key: str) -> bytes:
        """Compute the key as ledgers of version 1 store it, which could equal the normal form of another key."""
        return self._ledger.key(f"once {kind}", key)

    @repeated
    def read(self, keys: Collection[bytes]) -> dict[bytes, bool]:
        """Return key -> whether it is done, else reserved; keys that are not stored are left out."""
        with self._ledger.transaction() as connection:
            return {key: state == _DONE for key, state in _states(connection, keys).items()}

    @repeated
    def write(
        self, *, done: Collection[bytes] = (), released: Collection[bytes] = (), reserved: Collection[bytes] = ()
    ) -> set[bytes]:
        """Change the states of many keys in one transaction. They are on the disk when this returns.

        Args:
            done: keys to store as done.
            released: keys to delete, if this run has reserved them: their effects have not happened.
            reserved: keys to store as reserved by this run, unless they are stored.

        Returns:
            those of `reserved` that this run has reserved.
        """
        if not (done or released or reserved):
            return set()
        with self._ledger.transaction() as connection:
            # Two processes that wait for each other's keys in the middle of their transactions would wait for ever.
            lock_table(connection, _TABLE)
            if done:
                connection.execute(_COMPLETE, [{"key": key, "state": _DONE} for key in done])
            if released:
                _delete(connection, released, self._token)
            if reserved:
                connection.execute(_RESERVE, [{"key": key, "state": self._token} for key in sorted(reserved)])
            states = _states(connection, reserved)
        return {key for key, state in states.items() if state == self._token}

    def reserve(self, keys: Collection[bytes]) -> set[bytes]:
        """Store `keys` as reserved by this run, unless they are stored; return those that this run has reserved."""
        return self.write(reserved=keys)

    def release(self, keys: Collection[bytes]) -> None:
        """Delete `keys` that this run has reserved: their effects have not happened."""
        self.write(released=keys)

    def complete(self, keys: Collection[bytes]) -> None:
        """Store `keys` as done."""
        self.write(done=keys)

    @repeated
    def expire_foreign(self, keys: Collection[bytes]) -> None:
        """Delete those of `keys` that other runs have reserved."""
        with self._ledger.transaction() as connection:
            states = _states(connection, keys)
            for token in set(states.values()) - {_DONE, self._token}:
                _delete(connection, [key for key, state in states.items() if state == token], token)


def _states(connection: Connection, keys: Collection[bytes]) -> dict[bytes, bytes]:
    states: dict[bytes, bytes] = {}
    for some in sorted_chunks(keys):
        states.update((key, state) for key, state in connection.execute(_READ, {"keys": some}))
    return states


def _delete(connection: Connection, keys: Collection[bytes], state: bytes) -> None:
    for some in sorted_chunks(keys):
        connection.execute(delete(_TABLE).where(_KEY_IN, _TABLE.c.state == state), {"keys": some})
