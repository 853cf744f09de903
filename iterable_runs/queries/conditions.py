"""Conditions on runs, in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_

from iterable_runs.presentation.statuses import KILLED, REJECTS, SILENCE
from iterable_runs.queries.answers import Run
from iterable_runs.queries.filters import RunFilter
from iterable_runs.queries.rows import micros
from iterable_runs.store.statuses import RUNNING, SUCCEEDED
from iterable_runs.store.tables import RUNS

_Place = tuple[int, str]


def kind_of_run(now: datetime) -> ColumnElement[str]:
    """The status of a run: as it has noted it, or killed if it has fallen silent."""
    is_silent = and_(RUNS.c.status == RUNNING, RUNS.c.seen_at < micros(now - SILENCE))
    return case((is_silent, KILLED), else_=RUNS.c.status)


def shown_kind(now: datetime) -> ColumnElement[str]:
    """The status as it is shown: success with rejects is one of its own."""
    has_rejects = and_(RUNS.c.status == SUCCEEDED, RUNS.c.rejected > 0)
    return case((has_rejects, REJECTS), else_=kind_of_run(now))


def conditions(wanted: RunFilter, now: datetime) -> Iterator[ColumnElement[bool]]:
    """The conditions of a filter."""
    if wanted.plugin:
        yield RUNS.c.plugin == wanted.plugin
    if wanted.pipeline:
        yield RUNS.c.pipeline == wanted.pipeline
    if wanted.status:
        yield shown_kind(now) == wanted.status


def beyond(place: _Place, *, newer: bool) -> ColumnElement[bool]:
    """Whether a run is older, or newer, than a place in the order of runs."""
    at, run_id = place
    if newer:
        return or_(RUNS.c.started_at > at, and_(RUNS.c.started_at == at, RUNS.c.id > run_id))
    return or_(RUNS.c.started_at < at, and_(RUNS.c.started_at == at, RUNS.c.id < run_id))


def place_of_mark(mark: str | None) -> _Place | None:
    """The place that a mark of `mark_of` names; None for anything else."""
    at, is_mark, run_id = (mark or "").partition(".")
    return (int(at), run_id.replace("\0", "")) if is_mark and at.isascii() and at.isdigit() and len(at) <= 18 else None  # noqa: PLR2004


def mark_of(run: Run) -> str:
    """A text for the place of a run in the order of runs."""
    return f"{micros(run.started)}.{run.id}"


def escaped(text: Any) -> str:
    """A text for LIKE, with `!` before what would have a meaning there."""
    return str(text).replace("!", "!!").replace("%", "!%").replace("_", "!_")
