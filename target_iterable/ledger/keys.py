"""Keys of the ledger.

The ledger hashes and encrypts everything of a project with one secret, the data key. It is stored in the ledger,
wrapped: encrypted with a key that is derived from `ledger_key`, or else from the API key. A changed key only wraps the
data key anew, and nothing is lost. Projects that share a ledger have data keys of their own.

A key that is not in the ledger may be a new key of a known project, or the key of another project; the ledger cannot
tell. So it opens nothing until the user says which: see `LedgerKeys.rotate` and `LedgerKeys.share`. Until then its data
key is the one that version 1 of the ledger derived from that API key.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from secrets import token_bytes
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy import Connection, Engine, column, delete, exists, insert, inspect, select, table, update

from target_iterable.core.keyed_hash import update_hash
from target_iterable.ledger.schema import KEY_ID_BYTES, KEYS, VERSION_1_TABLES, lock_table
from target_iterable.ledger.write_log import split_bytes

_DATA_KEY_BYTES: Final = 32
_MIN_CHARACTERS: Final = 16
_HASH_BYTES: Final = 16
_SCOPE_BYTES: Final = 8
_MIRRORS: Final = table("iterable_mirrors", column("key"), column("stream"))
_ASSOCIATED_DATA: Final = b"data key of the ledger"
_LOGGER: Final = logging.getLogger("target-iterable.ledger")


class DataKey(NamedTuple):
    """Secret of a project.

    Attributes:
        secret: key of all hashes and ciphertexts, 32 bytes.
        is_known: whether it is stored in the ledger.
    """

    secret: bytes
    is_known: bool


class _Row(NamedTuple):
    """Stored data key.

    Attributes:
        wrapped: the encrypted data key.
        api_keys: ids of all API keys that were used together with its `ledger_key`.
    """

    wrapped: bytes
    api_keys: Sequence[bytes]


class _WrappingKey:
    """Key that the user has, an API key or a `ledger_key`, which wraps a data key.

    Attributes:
        id: hash by which the row is found.
        version_1_secret: data key that version 1 of the ledger derived from it, if it is an API key.
    """

    def __init__(self, text: str) -> None:
        self.id = blake2b(text.encode(), digest_size=KEY_ID_BYTES, person=b"ledger key id").digest()
        self.version_1_secret = blake2b(text.encode(), digest_size=_DATA_KEY_BYTES).digest()
        self._cipher = AESSIV(blake2b(text.encode(), digest_size=64, person=b"ledger wrapping").digest())

    def wrap(self, secret: bytes) -> bytes:
        return self._cipher.encrypt(secret, [_ASSOCIATED_DATA])

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return self._cipher.decrypt(wrapped, [_ASSOCIATED_DATA])
        except InvalidTag:
            raise ValueError(
                "`ledger` holds a key that was changed, so nothing in it can be read. Restore the database from a copy."
            ) from None


class LedgerKeys:
    """Data keys of one ledger, whose layout is of the present version.

    Raises:
        ValueError: from every method, naming the setting that is wrong.
        SQLAlchemyError: from every method, if the database cannot be used.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, api_key: str, ledger_key: str | None = None, *, persist: bool = True) -> DataKey:
        """Return the data key of the project, which is new if the ledger is; without `persist`, nothing is stored."""
        wrapping_key, api_wrapping_key = _wrapping_keys(api_key, ledger_key)
        with self._engine.begin() as connection:
            row = _rows(connection).get(wrapping_key.id)
        if row is not None and api_wrapping_key.id in row.api_keys:
            return DataKey(wrapping_key.unwrap(row.wrapped), is_known=True)
        with self._exclusive(persist=persist) as connection:
            return _open(connection, wrapping_key, api_wrapping_key)

    def rotate(self, previous: str, api_key: str, ledger_key: str | None = None) -> str:
        """Wrap the data key that `previous` opens with the present key; return a sentence that says what was done."""
        old, (wrapping_key, api_wrapping_key) = _WrappingKey(previous), _wrapping_keys(api_key, ledger_key)
        with self._exclusive() as connection:
            rows = _rows(connection)
            if wrapping_key.id in rows and old.id not in rows:
                return "The ledger opens with the present key already."
            if wrapping_key.id in rows:
                raise ValueError(
                    "`ledger` has records under the present key and others under `previous_ledger_key`, and they "
                    "cannot be put together: these are two projects, or two keys of one that were both in use."
                )
            row = rows.get(old.id)
            if row is None and not _may_be_of_version_1(connection, old, rows):
                raise ValueError("`previous_ledger_key` opens nothing in `ledger`. It must be the key before this one.")
            secret = old.version_1_secret if row is None else old.unwrap(row.wrapped)
            connection.execute(delete(KEYS).where(KEYS.c.id == old.id))
            _insert(connection, wrapping_key, secret, [*([] if row is None else row.api_keys), api_wrapping_key.id])
        return "The ledger opens with the present key from now on. Nothing was lost."

    def share(self, api_key: str, ledger_key: str | None = None) -> str:
        """Let another project use the ledger; return a sentence that says what was done."""
        wrapping_key, api_wrapping_key = _wrapping_keys(api_key, ledger_key)
        with self._exclusive() as connection:
            if _open(connection, wrapping_key, api_wrapping_key).is_known:
                return "The ledger opens with this key already."
            _insert(connection, wrapping_key, api_wrapping_key.version_1_secret, [api_wrapping_key.id])
        return "The ledger is used by this project, too, from now on."

    @contextmanager
    def _exclusive(self, *, persist: bool = True) -> Iterator[Connection]:
        """Yield a connection while no other process changes the keys; without `persist`, changes are rolled back."""
        with self._engine.connect() as connection:
            lock_table(connection, KEYS)
            yield connection
            (connection.commit if persist else connection.rollback)()


def unknown_key_message() -> str:
    """Return the message for a user whose key is not in the ledger: what it may mean, and what to do."""
    return (
        "`ledger` was made with other keys, and this one opens nothing in it. If the API key of the project has "
        "changed, or `ledger_key`, set `previous_ledger_key` to the one before it and run `target-iterable "
        "--rotate-ledger-key` once. If this is another project that is to use the same ledger, run `target-iterable "
        "--share-ledger` once. Or name another `ledger`."
    )


def _wrapping_keys(api_key: str, ledger_key: str | None) -> tuple[_WrappingKey, _WrappingKey]:
    """Return the key that wraps the data key, and the one of the API key."""
    if ledger_key is not None and len(ledger_key) < _MIN_CHARACTERS:
        # Not in the schema of the settings: the SDK would show it.
        raise ValueError(f"`ledger_key` must have {_MIN_CHARACTERS} characters at least, and nobody should guess it.")
    return _WrappingKey(api_key if ledger_key is None else ledger_key), _WrappingKey(api_key)


def _open(connection: Connection, wrapping_key: _WrappingKey, api_wrapping_key: _WrappingKey) -> DataKey:
    rows = _rows(connection)
    row, before = rows.get(wrapping_key.id), rows.get(api_wrapping_key.id)
    if row is not None and before is not None and wrapping_key.id != api_wrapping_key.id:
        raise ValueError(
            "`ledger_key` is that of another project: the one of this API key has records of its own in `ledger`. "
            "Each project needs a `ledger_key` of its own."
        )
    if row is not None:
        return _join(connection, wrapping_key, api_wrapping_key, row)
    if before is not None:
        secret = api_wrapping_key.unwrap(before.wrapped)
        connection.execute(delete(KEYS).where(KEYS.c.id == api_wrapping_key.id))
        _LOGGER.info("`ledger` opens with `ledger_key` from now on, whatever the API key is.")
    elif not rows and not _is_in_use(connection):
        secret = token_bytes(_DATA_KEY_BYTES)
    elif _may_be_of_version_1(connection, api_wrapping_key, rows):
        secret = api_wrapping_key.version_1_secret
    else:
        return DataKey(api_wrapping_key.version_1_secret, is_known=False)
    _insert(connection, wrapping_key, secret, [api_wrapping_key.id])
    return DataKey(secret, is_known=True)


def _join(connection: Connection, wrapping_key: _WrappingKey, api_wrapping_key: _WrappingKey, row: _Row) -> DataKey:
    if api_wrapping_key.id not in row.api_keys:
        _LOGGER.warning(
            "This API key comes with the `ledger_key` of another one, and so is taken for a key of the same project. "
            "If it is another project, end the run, and give it a `ledger_key` of its own: else records that the other "
            "project has count as sent."
        )
        changed = {"api_keys": b"".join([*row.api_keys, api_wrapping_key.id])}
        connection.execute(update(KEYS).where(KEYS.c.id == wrapping_key.id).values(changed))
    return DataKey(wrapping_key.unwrap(row.wrapped), is_known=True)


def _rows(connection: Connection) -> dict[bytes, _Row]:
    rows = connection.execute(select(KEYS.c.id, KEYS.c.wrapped, KEYS.c.api_keys))
    return {id_: _Row(wrapped, [*split_bytes(api_keys, KEY_ID_BYTES)]) for id_, wrapped, api_keys in rows}


def _insert(connection: Connection, wrapping_key: _WrappingKey, secret: bytes, api_keys: Sequence[bytes]) -> None:
    row = {"id": wrapping_key.id, "wrapped": wrapping_key.wrap(secret), "api_keys": b"".join(api_keys)}
    connection.execute(insert(KEYS), row)


def _is_in_use(connection: Connection) -> bool:
    """Whether anything was ever stored in the ledger."""
    inspector = inspect(connection)
    tables = [table(name) for name in VERSION_1_TABLES if inspector.has_table(name)]
    return any(connection.execute(select(exists().select_from(it))).scalar() for it in tables)


def _may_be_of_version_1(connection: Connection, wrapping_key: _WrappingKey, rows: Mapping[bytes, _Row]) -> bool:
    """Whether a ledger of version 1 may have been made with this API key.

    The names of mirrored streams, which version 1 keeps in plain text, prove or refute it. Without any, the first key
    is believed: no other one is stored yet.
    """
    found = _read_mirrors(connection)
    if not found:
        return not rows
    return any(_version_1_mirror_key(wrapping_key, stream) == id_ for id_, stream in found)


def _read_mirrors(connection: Connection) -> Sequence[tuple[bytes, str]]:
    if not inspect(connection).has_table(_MIRRORS.name):
        return []
    found: Sequence[Any] = connection.execute(select(_MIRRORS.c["key"], _MIRRORS.c["stream"])).all()
    return found


def _version_1_mirror_key(wrapping_key: _WrappingKey, stream: str) -> bytes:
    """Compute the key of a mirrored stream in version 1."""
    hasher = blake2b(key=wrapping_key.version_1_secret, digest_size=_HASH_BYTES)
    return update_hash(hasher, f"mirror {stream}".encode()).digest()[:_SCOPE_BYTES]
