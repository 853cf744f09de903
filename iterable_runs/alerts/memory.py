"""What alerts have told before, in a table of the run history."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from iterable_runs.alerts.storms import Told
from iterable_runs.store.databases import Database, HistoryNotWrittenError, connect, transaction
from iterable_runs.store.facts import RunStart

TABLE: Final = "iterable_run_alerts"
_NEWEST_ROW: Final = "newest_row"
"""Beside the names of conditions: `since` is the moment of the newest row that a run has read."""

_MAKE: Final = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (plugin TEXT NOT NULL, pipeline TEXT NOT NULL, directory TEXT NOT NULL, "
    "name TEXT NOT NULL, since BIGINT, told_at BIGINT, PRIMARY KEY (plugin, pipeline, directory, name))"
)
_READ: Final = (
    f"SELECT name, since, told_at FROM {TABLE} "  # noqa: S608 (our own names)
    "WHERE plugin = {0} AND pipeline = {0} AND directory = {0}"
)
_PUT: Final = (
    f"INSERT INTO {TABLE} VALUES ({{0}}, {{0}}, {{0}}, {{0}}, {{0}}, {{0}}) "  # noqa: S608 (our own names)
    "ON CONFLICT (plugin, pipeline, directory, name) DO UPDATE SET since = excluded.since, told_at = excluded.told_at"
)

_logger: Final = logging.getLogger(__name__)


class AlertMemory:
    """The alerts of one pipeline; without a pipeline those of one directory. A context manager.

    Where the history cannot be used, nothing is remembered: a message too many is better than one too few.

    Args:
        place: the run history; None if there is none.
        run: a run of the pipeline.

    Attributes:
        told: condition -> what is remembered of it.
        newest_row_at: the moment of the newest row that earlier runs have read, in microseconds since 1970; None if
            none is known.
    """

    def __init__(self, place: str | None, run: RunStart) -> None:
        self._pipeline = (run.plugin, run.pipeline, "" if run.pipeline else run.directory)
        self._database: Database | None = None
        rows: Sequence[Sequence[Any]] = ()
        try:
            if place is not None:
                self._database = connect(place)
                rows = self._read(self._database)
        except HistoryNotWrittenError as error:
            self._give_up(error)
        self.told = {name: Told(since, told_at) for name, since, told_at in rows if name != _NEWEST_ROW}
        self.newest_row_at: int | None = next((since for name, since, _ in rows if name == _NEWEST_ROW), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def write(self, told: Mapping[str, Told], newest_row_at: int | None = None) -> None:
        """Remember it."""
        rows: list[tuple[str, int | None, int | None]] = [(name, one.since, one.told_at) for name, one in told.items()]
        if newest_row_at is not None:
            rows.append((_NEWEST_ROW, newest_row_at, None))
        if self._database is None:
            return
        try:
            with transaction(self._database):
                self._database.run_many(self._sql(_PUT), [(*self._pipeline, *row) for row in rows])
        except HistoryNotWrittenError as error:
            self._give_up(error)

    def _read(self, database: Database) -> Sequence[Sequence[Any]]:
        with transaction(database):
            database.run(_MAKE)
            return database.run(self._sql(_READ), self._pipeline)

    def _sql(self, statement: str) -> str:
        return statement.format(self._database.dialect.parameter if self._database is not None else "")

    def _give_up(self, error: HistoryNotWrittenError) -> None:
        self._close()
        _logger.warning(
            "What alerts have told is not remembered, as the run history (`run_history`) cannot be used (%s): they may "
            "be sent again.",
            error,
        )

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()
