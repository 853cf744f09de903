"""Writing the run history: one run notes itself, every few seconds, each time in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from secrets import token_bytes
from typing import Any, Final

from iterable_runs.store import statements
from iterable_runs.store.columns import (
    COLUMNS,
    HISTORY,
    IDENTITIES,
    REJECTS,
    REQUESTS,
    RUNS,
    SAMPLES,
    SCHEMA_VERSION,
    STREAMS,
)
from iterable_runs.store.databases import Database, HistoryNotWrittenError, Row, connect, transaction
from iterable_runs.store.facts import IdentityFacts, RequestFacts, RunEnd, RunStart, StreamFacts
from iterable_runs.store.identity_hash import identity_hash
from iterable_runs.store.statements import SQLITE
from iterable_runs.store.statuses import RUNNING
from iterable_runs.store.totals import total_of

_KEY_BYTES: Final = 32
_MICROSECONDS_A_DAY: Final = 86_400_000_000
_TABLE_ATTEMPTS: Final = 2
"""Two runs that make the tables at the same moment may clash in PostgreSQL; at the second attempt they are there."""


@dataclass(frozen=True)
class News:
    """What has happened since the last writing.

    Attributes:
        at: now, in microseconds since 1970.
        streams: all streams, as they are now.
        requests: new attempts, each with its number in the run.
        identities: new facts about users and items.
        is_sample: whether the sums are kept for the charts.
        end: how the run has ended; None while it goes on.
    """

    at: int
    streams: Sequence[StreamFacts]
    requests: Sequence[tuple[int, RequestFacts]] = ()
    identities: Sequence[IdentityFacts] = ()
    is_sample: bool = True
    end: RunEnd | None = None


class HistoryWriter:
    """Writes one run. One thread at a time may use it; every method raises `HistoryNotWrittenError`.

    Args:
        place: the path of a SQLite file, or the URL of a PostgreSQL database. Tables that are missing are made.
        run: the run.
    """

    def __init__(self, place: str, run: RunStart) -> None:
        self._run = run
        self._database = connect(place)
        self._add_identity = statements.add(IDENTITIES, self._database.dialect)
        try:
            self._key = _open(self._database)
        except HistoryNotWrittenError:
            self.close()
            raise

    def write(self, news: News) -> None:
        """Write all of it, or nothing."""
        run_id = self._run.id
        totals = total_of([stream.totals for stream in news.streams]).as_row()
        with transaction(self._database):
            self._put(RUNS, [self._run_row(news) | totals])
            self._put(STREAMS, [stream.as_row(run_id) for stream in news.streams])
            self._put(REJECTS, [row for stream in news.streams for row in stream.reject_rows(run_id)])
            self._add(REQUESTS, [{"run_id": run_id, "number": number, **asdict(one)} for number, one in news.requests])
            # In the order of the hashes, so that neighbours in the table are written one after the other.
            self._database.run_many(self._add_identity, sorted(self._identity_rows(news.identities)))
            if news.is_sample:
                self._add(SAMPLES, [{"run_id": run_id, "at": news.at, **totals}])

    def remove_old_runs(self, now: int, days: int) -> bool:
        """Remove a few runs that began more than so many days ago, with all that belongs to them.

        Returns:
            Whether there may be more of them.
        """
        database = self._database
        with transaction(database):
            old = database.run(statements.old_runs(database.dialect), [now - days * _MICROSECONDS_A_DAY])
            for statement in statements.removals(database.dialect):
                database.run_many(statement, old)
        return bool(old)

    def last_run(self) -> tuple[str, int] | None:
        """Status and last heartbeat of the run before, of the same plugin and pipeline; None if there is none."""
        run, database = self._run, self._database
        with transaction(database):
            found = database.run(
                statements.last_run(database.dialect), [run.plugin, run.pipeline, run.directory, run.id]
            )
        return (found[0][0], found[0][1]) if found else None

    def close(self) -> None:
        """Close the connection."""
        with suppress(*self._database.errors):
            self._database.close()

    def _run_row(self, news: News) -> dict[str, Any]:
        end = news.end
        return {
            **asdict(self._run),
            "status": end.status if end else RUNNING,
            "seen_at": news.at,
            "ended_at": end.at if end else None,
            "exit_code": end.exit_code if end else None,
            "error": end.error if end else "",
            "streams": len(news.streams),
        }

    def _identity_rows(self, identities: Iterable[IdentityFacts]) -> Iterator[tuple[bytes, str, str, str, int, str]]:
        """The rows, in the order of the columns. There may be very many, so no dictionary is made of each."""
        for one in identities:
            stream, reason = _storable(one.stream), _storable(one.reason)
            for name in {*one.names}:
                yield identity_hash(self._key, name), self._run.id, stream, one.verdict, one.at, reason

    def _put(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self._database.run_many(statements.put(table, self._database.dialect), _ordered(table, rows))

    def _add(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self._database.run_many(statements.add(table, self._database.dialect), _ordered(table, rows))


def _ordered(table: str, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    names = [column.name for column in COLUMNS[table]]
    return [[_storable(row[name]) for name in names] for row in rows]


def _storable(value: Any) -> Any:
    """A value as databases take it: they refuse halves of surrogate pairs, and PostgreSQL refuses NUL."""
    if value.__class__ is str:
        return value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return value


def _open(database: Database) -> bytes:
    """Make what is missing, and return the key of the hashes. Where all is there, nothing is written or locked."""
    if not (found := _read(database)):
        _make(database)
        found = _read(database)
    version, key = found[0]
    if version != SCHEMA_VERSION:
        raise HistoryNotWrittenError(
            f"it has version {version} of its tables, and this release knows version {SCHEMA_VERSION}"
        )
    return bytes(key)


def _read(database: Database) -> list[Row]:
    """Version and key; nothing as long as there are none."""
    try:
        return database.run(statements.READ_HISTORY)
    except database.errors:
        return []


def _make(database: Database) -> None:
    for attempt in range(1, _TABLE_ATTEMPTS + 1):
        try:
            with transaction(database):
                for statement in statements.tables(database.dialect):
                    database.run(statement)
                database.run(statements.add(HISTORY, database.dialect), [1, SCHEMA_VERSION, token_bytes(_KEY_BYTES)])
        except HistoryNotWrittenError:
            if attempt == _TABLE_ATTEMPTS or database.dialect is SQLITE:
                raise
        else:
            return
