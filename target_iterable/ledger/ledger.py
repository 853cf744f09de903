"""What Iterable has accepted, in hashes: a table in SQLite or PostgreSQL that outlives the run.

All hashes are keyed with a secret of the project, see `ledger_keys`. So the ledger tells nothing about people to those
who do not have the key, and projects can share one ledger.

Who is about to overwrite a thing claims it first, and what was accepted is kept only where the claim still stands.
Several processes may write the same things at once: where their claims meet, nobody can say whose request Iterable
took last, so nothing is kept, and the thing is sent again the next time.

What is said goes into a log first, and from there into the table; see `ledger_log`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from operator import itemgetter
from secrets import token_bytes
from threading import Lock
from typing import ClassVar, Final
from urllib.parse import urlsplit

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    TextClause,
    delete,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from iterable_api.storage import databases
from iterable_api.storage.paths import private_file, sqlite_file
from iterable_api.waiting.retry_policy import LOCK_TIMEOUT
from target_iterable.ledger.errors import LedgerError, LedgerLockedError
from target_iterable.ledger.keyed_hash import told
from target_iterable.ledger.keys import LedgerKeys
from target_iterable.ledger.schema import bring_up_to_date
from target_iterable.ledger.sql import CONTENT_BYTES, DIALECTS, KEY_BYTES
from target_iterable.ledger.write_log import CLAIM, CLAIM_BYTES, FORGET, FORGET_PLACE, KEEP, REFUSED, ReplayedLog
from target_iterable.ledger.write_log import TABLE as LOG

PLACE_BYTES: Final = 8
_MANY: Final = 200_000
"""So many keys are settled in the log before the table gets them. Each takes about 150 bytes of memory until then."""
_MOST: Final = 10_000
"""So many keys fit into one statement of any database as parameters of their own."""

_TABLE: Final = Table(
    "iterable_ledger",
    MetaData(),
    Column("key", LargeBinary(KEY_BYTES), primary_key=True),
    Column("content", LargeBinary(CONTENT_BYTES), nullable=False),
    sqlite_with_rowid=False,
)


def _sqlite(place: str, lock_timeout: float) -> Engine:
    """The file at a path or URL, which is for its owner only if it is made now. So is what SQLite puts beside it."""
    path = sqlite_file(place)
    if not path or path == ":memory:":
        raise ValueError("it would be forgotten at the end of the run")
    private_file(path)
    return databases.sqlite(place, lock_timeout)


_KINDS: Final[Mapping[str, Callable[[str, float], Engine]]] = {
    "": _sqlite,
    "sqlite": _sqlite,
    "postgresql": databases.postgresql,
    "postgres": databases.postgresql,
}


class Ledger:
    """Key of a thing -> hash of what was last accepted of it. The table is made when it is missing.

    Attributes:
        is_writable: whether the database may be told anything.
        is_known: whether the database knows the project by its key.
    """

    is_writable: ClassVar[bool] = True

    def __init__(self, engine: Engine, secret: bytes, *, is_known: bool = True) -> None:
        self.is_known = is_known
        self._engine = engine
        self._dialect = DIALECTS[engine.dialect.name]
        self._writer = token_bytes(CLAIM_BYTES)
        self._secret = secret
        self._blank = blake2b(key=secret, digest_size=CONTENT_BYTES)
        self._replayed_log = ReplayedLog()
        self._locked: LedgerLockedError | None = None
        self._lock = Lock()
        self._has_written = False
        for table in (_TABLE, LOG):
            self.make(table)

    def make(self, table: Table) -> None:
        """Make a table, unless it is there.

        Raises:
            LedgerError: if that fails.
        """
        with self._database_errors():
            databases.create_table(self._engine, CreateTable(table, if_not_exists=True))

    def hash(self, *parts: bytes) -> bytes:
        """16 bytes that only who has the secret can make from `parts`."""
        return self.hasher(*parts).digest()

    def hasher(self, *parts: bytes) -> blake2b:
        """What makes such a hash, already told these parts; others behind them each need their `framing`, too."""
        return told(self._blank.copy(), *parts)

    def secret_for(self, purpose: str, size: int) -> bytes:
        """A secret of `size` bytes, at most 64, that only who has the project's secret can make."""
        return blake2b(purpose.encode(), key=self._secret, digest_size=size, person=b"secret").digest()

    def key(self, place: str, *name: str) -> bytes:
        """The key of what is so named in `place`. All keys of a place begin with the same 8 bytes."""
        return self.prefix(place) + self.hash(*(part.encode() for part in name))

    def read(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """What is kept under those of `keys` that are there.

        Raises:
            LedgerError: if it cannot be read.
        """
        if not keys:
            return {}
        with self._exclusive() as connection:
            self._replayed_log.replay(connection)
            claims, contents = self._replayed_log.claims, self._replayed_log.contents
            free = [key for key in keys if key not in claims]
            rest = self._dialect.pack(sorted(key for key in free if key not in contents))
            kept = dict(connection.execute(self._dialect.read, {"keys": rest}).tuples().all())
            return kept | {key: content for key in free if (content := contents.get(key))}

    def invalidate(self, keys: Collection[bytes]) -> None:
        """Keep nothing under `keys`.

        Raises:
            LedgerError: if it cannot be written.
        """
        self._append(FORGET, keys)

    def invalidate_scope(self, place: str) -> None:
        """Keep nothing that is in `place`.

        Raises:
            LedgerError: if it cannot be written.
        """
        first = self.prefix(place)
        with self._exclusive_write() as connection:
            self._replayed_log.append(connection, FORGET_PLACE, self._writer, first)
            connection.execute(delete(_TABLE).where(_TABLE.c.key.between(first, first + b"\xff" * CONTENT_BYTES)))

    def claim(self, keys: Collection[bytes]) -> None:
        """Take nothing under `keys` for accepted any more: it is about to be overwritten.

        Raises:
            LedgerError: if it cannot be written.
        """
        self._append(CLAIM, keys)

    def commit(self, contents: Mapping[bytes, bytes | None]) -> None:
        """Keep what was accepted, where it was claimed and nobody else has claimed it since. None was not accepted.

        Contents are hashes as `hash` makes them.

        Raises:
            LedgerError: if it cannot be written.
        """
        self._append(KEEP, contents, b"".join([content or REFUSED for content in contents.values()]))

    def in_other_database(self, engine: Engine) -> Ledger:
        """One with the same keys in another database."""
        return Ledger(engine, self._secret)

    def close(self) -> None:
        """Close the connections. What this process has changed is in the table then, or else still in the log."""
        if self._has_written:
            with suppress(LedgerError):
                self._compact()
        self._engine.dispose()

    def prefix(self, place: str) -> bytes:
        """What all keys of `place` begin with."""
        return self.hash(place.encode())[:PLACE_BYTES]

    def write(self, statement: TextClause, rows: Sequence[Mapping[str, bytes | int | str]]) -> None:
        """Execute a statement for each of `rows`, which have a `key`, in one transaction.

        Raises:
            LedgerError: if that fails.
        """
        # In the order of the keys, in which two processes do not wait for each other, and the file is written faster.
        if rows:
            with self.transaction() as connection:
                connection.execute(statement, sorted(rows, key=itemgetter("key")))

    def _append(self, kind: str, keys: Collection[bytes], contents: bytes = b"") -> None:
        if not keys:
            return
        with self._exclusive_write() as connection:
            self._replayed_log.append(connection, kind, self._writer, b"".join(keys), contents)
        if len(self._replayed_log.contents) >= _MANY:
            self._compact()

    def _compact(self) -> None:
        """Bring into the table what is in the log: so much at once, that a page is written for many keys."""
        with self._exclusive_write() as connection:
            self._replayed_log.replay(connection)
            contents = self._replayed_log.contents
            for kept in portions([key + content for key, content in contents.items() if content]):
                connection.execute(self._dialect.put, self._dialect.rows(kept))
            for gone in portions([key for key, content in contents.items() if not content]):
                connection.execute(self._dialect.drop, {"keys": self._dialect.pack(gone)})
            self._replayed_log.truncate(connection, self._writer)

    @contextmanager
    def _exclusive_write(self) -> Iterator[Connection]:
        """Such a connection, while nobody else writes, here or elsewhere."""
        with self._exclusive() as connection:
            connection.execute(self._dialect.lock)
            self._has_written = True
            yield connection

    @contextmanager
    def _exclusive(self) -> Iterator[Connection]:
        """Such a connection, while no other thread has one."""
        with self._lock:
            try:
                with self.transaction() as connection:
                    yield connection
            except BaseException:
                # What was heard may have been undone.
                self._replayed_log = ReplayedLog()
                raise

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose changes are kept all at the end, or none.

        Raises:
            LedgerError: for what goes wrong in the database.
        """
        with self._database_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _database_errors(self) -> Iterator[None]:
        """Say what goes wrong in the database. After one lock that was waited for in vain, no other is waited for."""
        if self._locked is not None:
            raise self._locked
        try:
            yield
        except SQLAlchemyError as error:
            if not databases.is_locked(error):
                raise LedgerError(error) from None
            self._locked = LedgerLockedError()
            raise self._locked from None


def portions(keys: Collection[bytes]) -> Iterator[list[bytes]]:
    """Keys in order, also with what belongs to them: as many at a time as a statement can hold."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _MOST):
        yield ordered[start : start + _MOST]


def open_ledger(
    place: str,
    api_key: str,
    kind: type[Ledger] = Ledger,
    *,
    ledger_key: str | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Ledger:
    """The ledger at a path or URL, brought up to date, as it is for the project that has these keys.

    Locks of other processes are waited for `lock_timeout` seconds.

    Raises:
        ValueError: naming the setting, if there is no such kind of database, its driver is not installed, it cannot be
            reached, or is of another version; or if the keys do not belong together.
    """
    with keys_of(place, lock_timeout) as (engine, keys):
        secret, is_known = keys.open(api_key, ledger_key, keeps=kind.is_writable)
        return kind(engine, secret, is_known=is_known)


@contextmanager
def keys_of(place: str, lock_timeout: float = LOCK_TIMEOUT) -> Iterator[tuple[Engine, LedgerKeys]]:
    """The database of the ledger at a path or URL, brought up to date, and its keys.

    Raises:
        ValueError: see `open_ledger`; also for what the database says inside.
    """
    try:
        engine = _KINDS[urlsplit(place).scheme](place, lock_timeout)
    except (ImportError, NoSuchModuleError):
        raise ValueError("`ledger` needs a driver: pip install 'singer-iterable[postgres]'.") from None
    except (ArgumentError, KeyError, ValueError):
        raise ValueError("`ledger` must be a file, or a URL of SQLite or PostgreSQL.") from None
    except OSError as error:
        raise ValueError(f"`ledger` cannot be written: {error.strerror}.") from None
    try:
        bring_up_to_date(engine)
        yield engine, LedgerKeys(engine)
    except (LedgerError, SQLAlchemyError, ValueError) as error:
        engine.dispose()
        raise ValueError(str(_failure(error) if isinstance(error, SQLAlchemyError) else error)) from None


def _failure(error: SQLAlchemyError) -> LedgerError:
    return LedgerLockedError() if databases.is_locked(error) else LedgerError(error)
