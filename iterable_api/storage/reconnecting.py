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
from iterable_api.waiting.retry_policy import DATABASE_AWAY

_PATIENCE: Final = "seconds_away"
"""Name of the option of an engine that says for how long its server is waited for."""
_CONNECTION_LOST: Final = ("08", "57P")
"""First characters of PostgreSQL's codes for a connection that was ended, and for a server that stops or starts."""

_T = TypeVar("_T")
_logger: Final = logging.getLogger(__name__)


def is_lost(error: Exception) -> bool:
    """Whether the connection is gone, or none could be made. What was done in its transaction may or may not stay."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return error.connection_invalidated or str(state).startswith(_CONNECTION_LOST)
    # PostgreSQL's library gives no code where no connection could be made. SQLite has no server to lose.
    is_of_sqlite = hasattr(error.orig, "sqlite_errorcode")
    return error.connection_invalidated or (isinstance(error, OperationalError) and not is_of_sqlite)


def be_patient(engine: Engine, seconds: float) -> None:
    """Have `connected` wait for the server of `engine` for so many seconds."""
    engine.update_execution_options(**{_PATIENCE: seconds})


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """A connection of `engine`; see `be_patient`.

    Raises:
        SQLAlchemyError: if there is none in time.
    """
    with patiently(engine.connect, is_lost, engine.get_execution_options().get(_PATIENCE, 0)) as connection:
        yield connection


def patiently(call: Callable[[], _T], is_away: Callable[[Exception], bool], seconds: float) -> _T:
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
            if not is_away(error) or PROCESS.is_cancelled or now >= deadline:
                raise
            if deadline == now + seconds:
                _logger.warning(
                    "A database is away (%s). It is waited for, for up to %d s.", type(error).__name__, seconds
                )
        with suppress(RunEndedError):
            PROCESS.sleep(next(waits))
