"""Questions about runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Executable, Row, and_, case, cast, func, or_, select
from sqlalchemy.types import Integer

from iterable_runs.presentation.statuses import KILLED
from iterable_runs.queries.answers import Day, Found, Overview, RejectCount, Request, Run, Sample, StreamOfRun
from iterable_runs.queries.conditions import (
    beyond,
    conditions,
    escaped,
    kind_of_run,
    mark_of,
    place_of_mark,
    shown_kind,
)
from iterable_runs.queries.errors import NoSuchRunError
from iterable_runs.queries.filters import RunFilter, RunPage
from iterable_runs.queries.finding import find_identity
from iterable_runs.queries.opening import LOCK_TIMEOUT, HistoryDatabase, shown_place
from iterable_runs.queries.rows import micros, moment_of, reject_of, request_of, run_of, sample_of, stream_of
from iterable_runs.store.statuses import FAILED, RUNNING, SUCCEEDED
from iterable_runs.store.tables import REJECTS, REQUESTS, RUNS, SAMPLES, STREAMS

LAST: Final = "last"
"""What stands for the id of the run that began last."""
_DAY: Final = timedelta(days=1)
_MICROSECONDS_A_DAY: Final = 86_400_000_000
_MOST_SAMPLES: Final = 200
_MOST_NAMES: Final = 500
_LARGEST_NUMBER: Final = 2**31 - 1
_GOOD_ANSWERS: Final = (200, 299)


class History:
    """The run history at a place. Every method raises `HistoryError` if it cannot be read.

    Args:
        place: the path of a SQLite file, or the URL of a PostgreSQL database.
        lock_timeout: seconds to wait for the locks of others.
    """

    def __init__(self, place: str, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self._database = HistoryDatabase(place, lock_timeout)
        self.shown_place = shown_place(place)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def overview(self, now: datetime) -> Overview:
        """What is to be seen at a glance; nothing at all where no run has made a history."""
        if self._database.is_missing:
            return Overview(0, 0, 0, 0, 0)
        kind, last_day = kind_of_run(now), RUNS.c.started_at >= micros(now - _DAY)
        sums = (
            func.count(),
            func.sum(case((kind == RUNNING, 1), else_=0)),
            func.sum(case((last_day, 1), else_=0)),
            func.sum(case((and_(last_day, kind.in_((FAILED, KILLED))), 1), else_=0)),
            func.sum(case((last_day, RUNS.c.rejected), else_=0)),
        )
        (row,) = self._rows(select(*sums).select_from(RUNS))
        return Overview(*(int(value or 0) for value in row))

    def runs(self, wanted: RunFilter, number: int, before: str | None = None, after: str | None = None) -> RunPage:
        """Runs, the latest first; none where no run has made a history.

        Args:
            wanted: conditions on them.
            number: how many at most.
            before: a mark, to read older ones.
            after: a mark, to read the next newer ones.
        """
        if self._database.is_missing:
            return RunPage([], None, None)
        now = datetime.now(UTC)
        place = place_of_mark(after or before)
        is_upwards = after is not None and place is not None
        order = (RUNS.c.started_at, RUNS.c.id) if is_upwards else (RUNS.c.started_at.desc(), RUNS.c.id.desc())
        statement = select(RUNS, kind_of_run(now).label("kind")).where(*conditions(wanted, now))
        if place is not None:
            statement = statement.where(beyond(place, newer=is_upwards))
        found = [run_of(row) for row in self._rows(statement.order_by(*order).limit(number + 1))]
        is_more, shown = len(found) > number, found[:number]
        if is_upwards:
            shown.reverse()
        has_newer, has_older = (is_more, True) if is_upwards else (place is not None, is_more)
        return RunPage(
            shown,
            mark_of(shown[0]) if shown and has_newer else None,
            mark_of(shown[-1]) if shown and has_older else None,
        )

    def days(self, now: datetime, number: int) -> list[Day]:
        """The last days in UTC, today included, with how many of their runs ended how."""
        first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=number - 1)
        # The rest is taken away first, as databases do not agree on how to divide.
        since = RUNS.c.started_at - micros(first)
        index = cast((since - since % _MICROSECONDS_A_DAY) / _MICROSECONDS_A_DAY, Integer)
        counted = select(index.label("day"), shown_kind(now).label("kind")).where(since >= 0).subquery()
        statement = select(counted.c.day, counted.c.kind, func.count()).group_by(counted.c.day, counted.c.kind)
        counts: dict[int, dict[str, int]] = {}
        for day, kind, count in self._rows(statement):
            counts.setdefault(day, {})[kind] = count
        return [Day(f"{first + timedelta(days=day):%m-%d}", counts.get(day, {})) for day in range(number)]

    def plugins(self) -> list[str]:
        """The plugins that have run."""
        return self._names(RUNS.c.plugin)

    def pipelines(self) -> list[str]:
        """The pipelines that have run."""
        return self._names(RUNS.c.pipeline)

    def run(self, run_id: str) -> Run:
        """The run with an id, or with the first letters of it; `LAST` is the one that began last.

        Raises:
            NoSuchRunError: if there is none, or if there are several.
        """
        statement = select(RUNS, kind_of_run(datetime.now(UTC)).label("kind")).order_by(RUNS.c.started_at.desc())
        if run_id == LAST:
            found = self._rows(statement.limit(1))
        else:
            begins_so = RUNS.c.id.like(f"{escaped(run_id)}%", escape="!")
            found = self._rows(statement.where(begins_so).limit(2)) if run_id and "\0" not in run_id else []
            found = [row for row in found if row.id == run_id] or found
        if len(found) != 1:
            many = "More than one run has" if found else "No run has"
            raise NoSuchRunError(f"{many} an id that begins with {run_id!r}. `iterable-runs list` shows them.")
        return run_of(found[0])

    def run_before(self, run: Run) -> str | None:
        """The id of the run of the same plugin and pipeline before; None for the first."""
        statement = select(RUNS.c.id).where(
            *conditions(RunFilter(run.plugin), run.started),
            RUNS.c.pipeline == run.pipeline,
            beyond((micros(run.started), run.id), newer=False),
        )
        found = self._rows(statement.order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc()).limit(1))
        return found[0].id if found else None

    def streams(self, run_id: str) -> list[StreamOfRun]:
        """The streams of a run: those with rejects first, then by name."""
        has_rejects = case((STREAMS.c.rejected > 0, 0), else_=1)
        statement = select(STREAMS).where(STREAMS.c.run_id == run_id).order_by(has_rejects, STREAMS.c.name)
        return [stream_of(row) for row in self._rows(statement)]

    def reject_counts(self, run_id: str) -> list[RejectCount]:
        """Why records of a run were rejected, the commonest reason first."""
        statement = select(REJECTS).where(REJECTS.c.run_id == run_id)
        order = (REJECTS.c["count"].desc(), REJECTS.c.stream, REJECTS.c.code)
        return [reject_of(row) for row in self._rows(statement.order_by(*order))]

    def requests(
        self, run_id: str, number: int, before: int | None = None, *, only_failed: bool = False
    ) -> list[Request]:
        """Requests of a run, the latest first.

        Args:
            run_id: the run.
            number: how many at most.
            before: only those with a smaller number.
            only_failed: only those that had no answer, a bad one, or rejects.
        """
        statement = select(REQUESTS).where(REQUESTS.c.run_id == run_id)
        if before is not None:
            statement = statement.where(REQUESTS.c.number < before)
        if only_failed:
            status = REQUESTS.c.status
            is_bad = or_(status.is_(None), ~status.between(*_GOOD_ANSWERS))
            statement = statement.where(or_(is_bad, REQUESTS.c.rejected > 0, REQUESTS.c.unknown > 0))
        return [request_of(row) for row in self._rows(statement.order_by(REQUESTS.c.number.desc()).limit(number))]

    def request(self, run_id: str, number: int) -> Request:
        """One request of a run.

        Raises:
            NoSuchRunError: if the run has none of this number.
        """
        statement = select(REQUESTS).where(REQUESTS.c.run_id == run_id, REQUESTS.c.number == number)
        found = self._rows(statement) if number <= _LARGEST_NUMBER else []
        if not found:
            raise NoSuchRunError(f"The run has no request {number}.")
        return request_of(found[0])

    def samples(self, run: Run) -> list[Sample]:
        """What a run has noted of itself over time; of very many, some, and always the last."""
        rows = self._rows(select(SAMPLES).where(SAMPLES.c.run_id == run.id).order_by(SAMPLES.c.at))
        every = max(-(-len(rows) // _MOST_SAMPLES), 1)
        return [sample_of(row, run.started) for row in rows[::-1][::every][::-1]]

    def find(self, identity: str) -> list[Found]:
        """What the last runs did with a user or an item, the latest first."""
        with self._database.connection() as connection:
            return find_identity(connection, identity)

    def last_runs(self) -> list[Run]:
        """The last run of each pipeline of each plugin."""
        if self._database.is_missing:
            return []
        latest = select(RUNS.c.plugin, RUNS.c.pipeline, func.max(RUNS.c.started_at).label("at"))
        last = latest.group_by(RUNS.c.plugin, RUNS.c.pipeline).limit(_MOST_NAMES).subquery()
        is_last = and_(
            RUNS.c.plugin == last.c.plugin, RUNS.c.pipeline == last.c.pipeline, RUNS.c.started_at == last.c.at
        )
        statement = select(RUNS, kind_of_run(datetime.now(UTC)).label("kind")).join(last, is_last)
        found = {(row.plugin, row.pipeline): row for row in self._rows(statement.order_by(RUNS.c.id))}
        return [run_of(row) for row in found.values()]

    def last_successes(self) -> Mapping[tuple[str, str], datetime]:
        """(plugin, pipeline) -> when a run last ended well."""
        if self._database.is_missing:
            return {}
        statement = select(RUNS.c.plugin, RUNS.c.pipeline, func.max(RUNS.c.ended_at).label("at"))
        statement = statement.where(RUNS.c.status == SUCCEEDED, RUNS.c.ended_at.is_not(None))
        rows = self._rows(statement.group_by(RUNS.c.plugin, RUNS.c.pipeline).limit(_MOST_NAMES))
        return {(row.plugin, row.pipeline): moment_of(row.at) for row in rows}

    def _names(self, column: Any) -> list[str]:
        if self._database.is_missing:
            return []
        statement = select(column).where(column != "").distinct().order_by(column).limit(_MOST_NAMES)
        return [row[0] for row in self._rows(statement)]

    def _rows(self, statement: Executable) -> list[Row[Any]]:
        with self._database.connection() as connection:
            return list(connection.execute(statement))
