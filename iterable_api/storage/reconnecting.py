"""Databases that are restarted, or fail over to another server, in the middle of a run.

A connection that is lost is replaced, and a server that is away is waited for. Only what has answered before in this
run is: a wrong address is an error at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from iterable_api.errors import RunEndedError
from iterable_api.waiting.cancellation import PROCESS
from iterable_api.waiting.retry_policy import DATABASE_AWAY, LOST_TRANSACTION

_PATIENCE: Final = "seconds_away"
"""Name of the option of an engine that says for how long its server is waited for."""
_NO_CONNECTION: Final = ("08", "57P")
"""First characters of PostgreSQL's codes for a connection that failed, and for a server that stops or starts."""

_T = TypeVar("_T")
_logger: Final = logging.getLogger(__name__)


def is_lost(error: Exception) -> bool:
    """Whether a connection was lost in the middle of a transaction. What was done there may or may not stay."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_away(error: Exception) -> bool:
    """Whether no connection could be made, or one was lost."""
    if not isinstance(error, OperationalError):
        return is_lost(error)
    # SQLite has no server to wait for. PostgreSQL's library gives no code where no connection could be made.
    code = getattr(error.orig, "sqlstate", None)
    is_of_no_connection = not hasattr(error.orig, "sqlite_errorcode") and (code or "08").startswith(_NO_CONNECTION)
    return error.connection_invalidated or is_of_no_connection


def be_patient(engine: Engine, seconds: float) -> None:
    """Have `connected` wait for the server of `engine` for so many seconds."""
    engine.update_execution_options(**{_PATIENCE: seconds})


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """A connection of `engine`; see `be_patient`.

    Raises:
        SQLAlchemyError: if there is none in time.
    """
    with patiently(engine.connect, is_away, engine.get_execution_options().get(_PATIENCE, 0)) as connection:
        yield connection


def repeated_if_lost(transaction: Callable[[], _T], lost: type[Exception]) -> _T:
    """Run a transaction that may as well happen twice, again if it raises `lost`, over a new connection each time.

    There is no wait in between: `connected` waits for the server.
    """
    return LOST_TRANSACTION.retrying(lost, sleep=lambda _seconds: None)(transaction)


def patiently(call: Callable[[], _T], waits_for: Callable[[Exception], bool], seconds: float) -> _T:
    """Call again and again while the server is away, for `seconds` after the first failure.

    Raises:
        Exception: any other error of `call`, and its last one when the time is over or the run is asked to end.
    """
    waits, deadline = DATABASE_AWAY.waits(), 0.0
    while True:
        try:
            return call()
        except Exception as error:
            now = time.monotonic()
            deadline = deadline or now + seconds
            if not waits_for(error) or PROCESS.is_cancelled or now >= deadline:
                raise
            if deadline == now + seconds:
                _logger.warning(
                    "A database is away (%s). It is waited for, for up to %d s.", type(error).__name__, seconds
                )
        with suppress(RunEndedError):
            PROCESS.sleep(next(waits))
