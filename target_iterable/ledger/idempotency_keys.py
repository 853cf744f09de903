"""What has happened once, and must not happen again: a table beside the ledger's.

What must happen at most once is written down before it is asked for. So if a run dies in between, the next one finds
that it had begun, and does not take it for something new.
"""

from __future__ import annotations

from collections.abc import Collection
from secrets import token_bytes
from typing import Final

from sqlalchemy import Column, LargeBinary, MetaData, Table, bindparam, delete, select, text

from target_iterable.ledger.ledger import Ledger, sorted_chunks
from target_iterable.ledger.sql import KEY_BYTES

_TOKEN_BYTES: Final = 8
_DONE: Final = b""
"""In place of the token of the run that has begun it."""

_TABLE: Final = Table(
    "iterable_happenings",
    MetaData(),
    Column("key", LargeBinary(KEY_BYTES), primary_key=True),
    Column("state", LargeBinary(_TOKEN_BYTES), nullable=False),
    sqlite_with_rowid=False,
)
_AMONG: Final = _TABLE.c.key.in_(bindparam("keys", expanding=True))
_READ: Final = select(_TABLE.c.key, _TABLE.c.state).where(_AMONG)
_BEGIN: Final = text("INSERT INTO iterable_happenings (key, state) VALUES (:key, :state) ON CONFLICT (key) DO NOTHING")
_DO: Final = text(
    "INSERT INTO iterable_happenings (key, state) VALUES (:key, :state) "
    "ON CONFLICT (key) DO UPDATE SET state = excluded.state"
)


class IdempotencyStore:
    """Keys are those of the ledger. Threads may share it.

    Raises:
        LedgerError: from every method, if the database cannot be read or written.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._token = token_bytes(_TOKEN_BYTES)
        ledger.make(_TABLE)

    def key(self, what: str, which: str) -> bytes:
        """The key of what happens to something, of which `which` is the normal form."""
        return self._ledger.key(f"once in normal form {what}", which)

    def former_key(self, what: str, which: str) -> bytes:
        """The same as ledgers of version 1 have it: another form, which could be the normal form of something else."""
        return self._ledger.key(f"once {what}", which)

    def read(self, keys: Collection[bytes]) -> dict[bytes, bool]:
        """Those of `keys` that have happened, and (False) those of which nobody knows whether they have."""
        return {key: state == _DONE for key, state in self._states(keys).items()}

    def reserve(self, keys: Collection[bytes]) -> set[bytes]:
        """Write down that `keys` are about to happen; those which nobody else has begun or done."""
        self._ledger.write(_BEGIN, [{"key": key, "state": self._token} for key in keys])
        return {key for key, state in self._states(keys).items() if state == self._token}

    def release(self, keys: Collection[bytes]) -> None:
        """They were begun here, and have not happened."""
        self._delete(keys, state=self._token)

    def expire_foreign(self, keys: Collection[bytes]) -> None:
        """Take what others have begun for something that has not happened."""
        states = self._states(keys)
        for token in set(states.values()) - {_DONE, self._token}:
            self._delete([key for key, state in states.items() if state == token], state=token)

    def complete(self, keys: Collection[bytes]) -> None:
        """They have happened."""
        self._ledger.write(_DO, [{"key": key, "state": _DONE} for key in keys])

    def _states(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        states: dict[bytes, bytes] = {}
        with self._ledger.transaction() as connection:
            for some in sorted_chunks(keys):
                states.update((key, state) for key, state in connection.execute(_READ, {"keys": some}))
        return states

    def _delete(self, keys: Collection[bytes], state: bytes) -> None:
        with self._ledger.transaction() as connection:
            for some in sorted_chunks(keys):
                connection.execute(delete(_TABLE).where(_AMONG, _TABLE.c.state == state), {"keys": some})
