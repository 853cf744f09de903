"""Parts of a long history, by the size of a sample: Iterable tells no sizes beforehand, but a run of one month does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from iterable_runs.queries.answers import Run
from iterable_runs.queries.errors import NotASampleError

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Pace:
    """What a day of history costs to read.

    Attributes:
        rows: of all streams together.
        minutes: of a run; None if it is not known.
    """

    rows: float
    minutes: float | None = None


@dataclass(frozen=True)
class Part:
    """Whole days of a history, from `start` to `end`, which is not in it."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end - _DAY


def pace_of(run: Run, days: int) -> Pace:
    """The pace of a run that has read so many days of history.

    Raises:
        NotASampleError: if it has read no rows, or is not over.
    """
    if run.ended is None or not run.totals.read:
        raise NotASampleError(f"The run {run.short_id} is no sample: it has read no rows, or has not come to its end.")
    return Pace(run.totals.read / days, run.seconds / 60 / days)


def parts_of(start: date, end: date, days: int) -> Sequence[Part]:
    """Divide a range of days into as few parts as possible, of `days` at most, and about equally long.

    Args:
        start: the first day.
        end: the day after the last one; nothing is divided if it is not after `start`.
        days: 1 or more.
    """
    whole = (end - start).days
    number = -(-whole // days)
    bounds = [start + whole * index // number * _DAY for index in range(number + 1)] if number > 0 else []
    return [Part(first, next_first) for first, next_first in pairwise(bounds)]


def days_within(budget: float, a_day: float) -> int:
    """How many days keep within a budget of rows or minutes; at least one, as a day is not divided."""
    return max(int(min(budget / a_day, date.max.toordinal())), 1)
