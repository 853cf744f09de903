"""From rows of the tables to answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row

from iterable_runs.queries.answers import RejectCount, Request, Run, Sample, StreamOfRun
from iterable_runs.store.tables import TOTALS
from iterable_runs.store.totals import Totals

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTED_BY_ALL: Final = ("read", "requests", "retries", "bytes")
"""What is 0, and not unknown, as long as nothing has happened."""


def moment_of(micros: int) -> datetime:
    """The moment that is so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def run_of(row: Row[Any]) -> Run:
    """A run, from a row of the runs with a column `kind` for its status."""
    return Run(
        id=row.id,
        plugin=row.plugin,
        pipeline=row.pipeline,
        kind=row.kind,
        started=moment_of(row.started_at),
        last_seen=moment_of(row.seen_at),
        ended=None if row.ended_at is None else moment_of(row.ended_at),
        exit_code=row.exit_code,
        version=row.version,
        host=row.host,
        totals=totals_of(row),
        streams=row.streams,
        dry_run=row.dry_run,
        error=row.error,
        directory=row.directory,
        request_log=Path(row.directory, row.request_log) if row.request_log else None,
    )


def totals_of(row: Row[Any]) -> Totals:
    """The sums of a row."""
    values = {name: getattr(row, name) for name in TOTALS}
    return Totals(**values | {name: values[name] or 0 for name in _COUNTED_BY_ALL})


def stream_of(row: Row[Any]) -> StreamOfRun:
    """A stream of a run."""
    return StreamOfRun(row.name, totals_of(row), row.object, row.bookmark_before, row.bookmark_after, row.rejects_path)


def reject_of(row: Row[Any]) -> RejectCount:
    """How many records were rejected for one reason."""
    return RejectCount(row.stream, row.code, row._mapping["count"], _texts(row.fields))  # noqa: SLF001 (`count` is a method)


def request_of(row: Row[Any]) -> Request:
    """A request; the columns are named as its attributes are."""
    members = dict(row._mapping)  # noqa: SLF001 (the public name of it)
    del members["run_id"]
    return Request(**members | {"at": moment_of(row.at)})


def sample_of(row: Row[Any], started: datetime) -> Sample:
    """The sums of a run at a moment."""
    return Sample((moment_of(row.at) - started).total_seconds(), totals_of(row))


def _texts(text: str) -> list[str]:
    try:
        values = json.loads(text)
    except ValueError:
        return []
    return [str(value) for value in values] if isinstance(values, list) else []
