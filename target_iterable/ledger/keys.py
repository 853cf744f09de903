"""The keys of the ledger.

All that the ledger hashes and seals for a project, it does with one secret, the data key. That is kept in the ledger,
wrapped: encrypted with a key that follows from `ledger_key`, or else from the API key. So a key that has changed only
wraps the data key anew, and nothing is lost. Projects that share a ledger have data keys of their own.

A key that the ledger does not know may be a new key of a project that it knows, or another project: nobody can tell.
So it is a stranger, who finds nothing, until somebody says which of both it is: see `rotate` and `admit`. Its data key
is the one that version 1 of the ledger had for that API key.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from secrets import token_bytes
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy import Connection, Engine, column, delete, exists, insert, inspect, select, table, update

from target_iterable.ledger.keyed_hash import update_hash
from target_iterable.ledger.schema import KEY_ID_BYTES, KEYS, VERSION_1_TABLES, lock_table
from target_iterable.ledger.write_log import split_bytes

_DATA_KEY_BYTES: Final = 32
_LEAST_CHARACTERS: Final = 16
_HASH_BYTES: Final = 16
_PLACE_BYTES: Final = 8
_MIRRORS: Final = table("iterable_mirrors", column("key"), column("stream"))
_ABOUT: Final = b"data key of the ledger"
_LOGGER: Final = logging.getLogger("target-iterable.ledger")


class DataKey(NamedTuple):
    """What hashes and seals are made with, and whether the ledger knows whose it is."""

    secret: bytes
    is_known: bool


class _Row(NamedTuple):
    """A data key, wrapped, and the ids of all API keys that have come with its `ledger_key`."""

    wrapped: bytes
    api_keys: Sequence[bytes]


class _WrappingKey:
    """A key as a user has it: an API key, or a `ledger_key`.

    Attributes:
        id: a hash, by which its row is found.
        secret_1: the data key that version 1 of the ledger has made of it, if it is an API key.
    """

    def __init__(self, text: str) -> None:
        self.id = blake2b(text.encode(), digest_size=KEY_ID_BYTES, person=b"ledger key id").digest()
        self.secret_1 = blake2b(text.encode(), digest_size=_DATA_KEY_BYTES).digest()
        self._cipher = AESSIV(blake2b(text.encode(), digest_size=64, person=b"ledger wrapping").digest())

    def wrap(self, secret: bytes) -> bytes:
        return self._cipher.encrypt(secret, [_ABOUT])

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return self._cipher.decrypt(wrapped, [_ABOUT])
        except InvalidTag:
            raise ValueError(
                "`ledger` holds a key that was changed, so nothing in it can be read. Restore the database from a copy."
            ) from None


class LedgerKeys:
    """Those of one ledger, which is up to date.

    Raises:
        ValueError: from every method, naming the setting that is wrong.
        SQLAlchemyError: from every method, if the database cannot be used.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, api_key: str, ledger_key: str | None = None, *, keeps: bool = True) -> DataKey:
        """The data key of the project; a new one if the ledger is new. Without `keeps`, the ledger stays as it is."""
        key, own = _keys(api_key, ledger_key)
        with self._engine.begin() as connection:
            row = _rows(connection).get(key.id)
        if row is not None and own.id in row.api_keys:
            return DataKey(key.unwrap(row.wrapped), is_known=True)
        with self._alone(keeps=keeps) as connection:
            return _opened(connection, key, own)

    def rotate(self, previous: str, api_key: str, ledger_key: str | None = None) -> str:
        """Wrap the data key that `previous` opens with the key of now. What was done, in a sentence."""
        old, (key, own) = _WrappingKey(previous), _keys(api_key, ledger_key)
        with self._alone() as connection:
            rows = _rows(connection)
            if key.id in rows and old.id not in rows:
                return "The ledger opens with the present key already."
            if key.id in rows:
                raise ValueError(
                    "`ledger` has records under the present key and others under `previous_ledger_key`, and they "
                    "cannot be put together: these are two projects, or two keys of one that were both in use."
                )
            row = rows.get(old.id)
            if row is None and not _may_be_of_version_1(connection, old, rows):
                raise ValueError("`previous_ledger_key` opens nothing in `ledger`. It must be the key before this one.")
            secret = old.secret_1 if row is None else old.unwrap(row.wrapped)
            connection.execute(delete(KEYS).where(KEYS.c.id == old.id))
            _put(connection, key, secret, [*([] if row is None else row.api_keys), own.id])
        return "The ledger opens with the present key from now on. Nothing was lost."

    def admit(self, api_key: str, ledger_key: str | None = None) -> str:
        """Let another project use the ledger. What was done, in a sentence."""
        key, own = _keys(api_key, ledger_key)
        with self._alone() as connection:
            if _opened(connection, key, own).is_known:
                return "The ledger opens with this key already."
            _put(connection, key, own.secret_1, [own.id])
        return "The ledger is used by this project, too, from now on."

    @contextmanager
    def _alone(self, *, keeps: bool = True) -> Iterator[Connection]:
        """A transaction, while nobody else changes the keys; without `keeps` it is undone."""
        with self._engine.connect() as connection:
            lock_table(connection, KEYS)
            yield connection
            (connection.commit if keeps else connection.rollback)()


def unknown_key_message() -> str:
    """What to say to somebody whose key the ledger does not know."""
    return (
        "`ledger` was made with other keys, and this one opens nothing in it. If the API key of the project has "
        "changed, or `ledger_key`, set `previous_ledger_key` to the one before it and run `target-iterable "
        "--rotate-ledger-key` once. If this is another project that is to use the same ledger, run `target-iterable "
        "--share-ledger` once. Or name another `ledger`."
    )


def _keys(api_key: str, ledger_key: str | None) -> tuple[_WrappingKey, _WrappingKey]:
    """What opens the ledger, and the API key."""
    if ledger_key is not None and len(ledger_key) < _LEAST_CHARACTERS:
        # Not in the schema of the settings: the SDK would show it.
        raise ValueError(f"`ledger_key` must have {_LEAST_CHARACTERS} characters at least, and nobody should guess it.")
    return _WrappingKey(api_key if ledger_key is None else ledger_key), _WrappingKey(api_key)


def _opened(connection: Connection, key: _WrappingKey, own: _WrappingKey) -> DataKey:
    rows = _rows(connection)
    row, before = rows.get(key.id), rows.get(own.id)
    if row is not None and before is not None and key.id != own.id:
        raise ValueError(
            "`ledger_key` is that of another project: the one of this API key has records of its own in `ledger`. "
            "Each project needs a `ledger_key` of its own."
        )
    if row is not None:
        return _joined(connection, key, own, row)
    if before is not None:
        secret = own.unwrap(before.wrapped)
        connection.execute(delete(KEYS).where(KEYS.c.id == own.id))
        _LOGGER.info("`ledger` opens with `ledger_key` from now on, whatever the API key is.")
    elif not rows and not _is_in_use(connection):
        secret = token_bytes(_DATA_KEY_BYTES)
    elif _may_be_of_version_1(connection, own, rows):
        secret = own.secret_1
    else:
        return DataKey(own.secret_1, is_known=False)
    _put(connection, key, secret, [own.id])
    return DataKey(secret, is_known=True)


def _joined(connection: Connection, key: _WrappingKey, own: _WrappingKey, row: _Row) -> DataKey:
    if own.id not in row.api_keys:
        _LOGGER.warning(
            "This API key comes with the `ledger_key` of another one, and so is taken for a key of the same project. "
            "If it is another project, end the run, and give it a `ledger_key` of its own: else records that the other "
            "project has count as sent."
        )
        changed = {"api_keys": b"".join([*row.api_keys, own.id])}
        connection.execute(update(KEYS).where(KEYS.c.id == key.id).values(changed))
    return DataKey(key.unwrap(row.wrapped), is_known=True)


def _rows(connection: Connection) -> dict[bytes, _Row]:
    rows = connection.execute(select(KEYS.c.id, KEYS.c.wrapped, KEYS.c.api_keys)).tuples()
    return {id_: _Row(wrapped, [*split_bytes(api_keys, KEY_ID_BYTES)]) for id_, wrapped, api_keys in rows}


def _put(connection: Connection, key: _WrappingKey, secret: bytes, api_keys: Sequence[bytes]) -> None:
    row = {"id": key.id, "wrapped": key.wrap(secret), "api_keys": b"".join(api_keys)}
    connection.execute(insert(KEYS), row)


def _is_in_use(connection: Connection) -> bool:
    """Whether something was ever put into it."""
    inspector = inspect(connection)
    tables = [table(name) for name in VERSION_1_TABLES if inspector.has_table(name)]
    return any(connection.execute(select(exists().select_from(it))).scalar() for it in tables)


def _may_be_of_version_1(connection: Connection, key: _WrappingKey, rows: Mapping[bytes, _Row]) -> bool:
    """Whether a ledger of version 1 may have been made with this API key.

    The names of mirrored streams, which are kept in plain text, prove it or refute it. Where there are none, the first
    who comes is believed: there is nobody else yet.
    """
    found = _mirrors(connection)
    if not found:
        return not rows
    return any(_mirror_1(key, stream) == id_ for id_, stream in found)


def _mirrors(connection: Connection) -> Sequence[tuple[bytes, str]]:
    if not inspect(connection).has_table(_MIRRORS.name):
        return []
    return connection.execute(select(_MIRRORS.c["key"], _MIRRORS.c["stream"])).tuples().all()


def _mirror_1(key: _WrappingKey, stream: str) -> bytes:
    """What version 1 calls a mirrored stream."""
    hasher = blake2b(key=key.secret_1, digest_size=_HASH_BYTES)
    return update_hash(hasher, f"mirror {stream}".encode()).digest()[:_PLACE_BYTES]
