"""Opening of the ledger: from the settings to a database that is up to date, and the keys of a project in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from iterable_api.storage import databases
from iterable_api.storage.paths import private_file, sqlite_file
from iterable_api.waiting.retry_policy import LOCK_TIMEOUT
from target_iterable.ledger.errors import LedgerError, LedgerLockedError
from target_iterable.ledger.keys import LedgerKeys
from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.schema import migrate


def open_ledger(
    location: str,
    api_key: str,
    kind: type[Ledger] = Ledger,
    *,
    ledger_key: str | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Ledger:
    """Open the ledger at a path or URL for the project that has these keys, and migrate it to the present version.

    Args:
        location: value of the setting `ledger`.
        api_key: API key of the project.
        kind: class of the ledger; one that is not writable leaves the keys in the database as they are.
        ledger_key: value of the setting `ledger_key`.
        lock_timeout: seconds to wait for locks of other processes.

    Raises:
        ValueError: naming the setting, if the kind of database is unknown, its driver is not installed, it cannot be
            reached, or its version is unknown; or if the keys do not belong together.
    """
    with opened_keys(location, lock_timeout) as (engine, keys):
        secret, is_known = keys.open(api_key, ledger_key, persist=kind.is_writable)
        return kind(engine, secret, is_known=is_known)


@contextmanager
def opened_keys(location: str, lock_timeout: float = LOCK_TIMEOUT) -> Iterator[tuple[Engine, LedgerKeys]]:
    """Open the database of the ledger at a path or URL, migrate it, and yield it with its keys.

    Raises:
        ValueError: see `open_ledger`; also for failures of the database inside the context.
    """
    try:
        engine = _ENGINES[urlsplit(location).scheme](location, lock_timeout)
    except (ImportError, NoSuchModuleError):
        raise ValueError("`ledger` needs a driver: pip install 'singer-iterable[postgres]'.") from None
    except (ArgumentError, KeyError, ValueError):
        raise ValueError("`ledger` must be a file, or a URL of SQLite or PostgreSQL.") from None
    except OSError as error:
        raise ValueError(f"`ledger` cannot be written: {error.strerror}.") from None
    try:
        migrate(engine)
        yield engine, LedgerKeys(engine)
    except (LedgerError, SQLAlchemyError, ValueError) as error:
        engine.dispose()
        raise ValueError(str(_ledger_error(error) if isinstance(error, SQLAlchemyError) else error)) from None


def _ledger_error(error: SQLAlchemyError) -> LedgerError:
    return LedgerLockedError() if databases.is_locked(error) else LedgerError(error)


def _sqlite(location: str, lock_timeout: float) -> Engine:
    """Open a file. It is created for its owner only, and so are the files that SQLite puts beside it."""
    path = sqlite_file(location)
    if not path or path == ":memory:":
        raise ValueError("it would be forgotten at the end of the run")
    private_file(path)
    return databases.sqlite(location, lock_timeout)


_ENGINES: Final[Mapping[str, Callable[[str, float], Engine]]] = {
    "": _sqlite,
    "sqlite": _sqlite,
    "postgresql": databases.postgresql,
    "postgres": databases.postgresql,
}
"""Scheme of the URL -> factory of the engine; a path has no scheme."""
