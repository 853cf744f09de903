"""A long history is divided by the size of a sample, and no day is left out or read twice."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from iterable_runs.queries.history_parts import days_within, parts_of
from iterable_runs.queries.rows import micros
from tests.runs.conftest import command
from tests.runs.histories import NOW, WrittenHistory

DATES = st.dates(date(2012, 1, 1), date(2030, 1, 1))


@given(DATES, DATES, st.integers(1, 4000))
def test_parts_are_exactly_the_history_in_its_order_and_about_equally_long(start: date, end: date, days: int) -> None:
    parts = parts_of(start, end, days)
    if end <= start:
        assert parts == []
        return
    assert (parts[0].start, parts[-1].end) == (start, end)
    assert all(one.end == other.start for one, other in pairwise(parts))
    lengths = [part.days for part in parts]
    assert min(lengths) >= 1
    assert max(lengths) <= min(min(lengths) + 1, days)
    assert len(parts) == -(-(end - start).days // days)
    assert all(part.last + timedelta(days=1) == part.end for part in parts)


@given(st.integers(1, 10**12), st.floats(1e-6, 1e12))
def test_days_keep_within_a_budget_unless_one_day_is_more(budget: int, a_day: float) -> None:
    days = days_within(budget, a_day)
    assert days >= 1
    assert days == 1 or days * a_day <= budget * (1 + 1e-9)


@pytest.fixture(scope="module", autouse=True)
def runs(history: WrittenHistory) -> None:
    """A month of history in 62 minutes, and a run that has read nothing."""
    began = NOW - timedelta(hours=2)
    history.run("aaaa0000", began, ended_at=micros(began + timedelta(minutes=62)), read=3_100_000)
    history.run("bbbb0000", read=0)


def plan(history: WrittenHistory, *options: str) -> Result:
    return command(history.place, "plan", *options)


def test_a_plan_keeps_to_rows_or_minutes_at_the_pace_of_a_run(history: WrittenHistory) -> None:
    year = ("2024-01-01", "2025-01-01")
    for options in (
        ("--run", "aaaa", "--rows", "9200000"),
        ("--run", "aaaa", "--days", "31", "--minutes", "184"),
        ("--rows-a-day", "100000", "--rows", "9200000"),
    ):
        planned = plan(history, *year, *options, "--for", "dagster")
        assert planned.exit_code == 0, planned.output
        # A leap year, in four parts.
        assert planned.stdout.splitlines() == [
            "--partition-range 2024-01-01...2024-03-31",
            "--partition-range 2024-04-01...2024-07-01",
            "--partition-range 2024-07-02...2024-09-30",
            "--partition-range 2024-10-01...2024-12-31",
        ]
        assert planned.stderr.startswith("4 parts of 92 days at most, about 9,200,000 rows")
        assert ("3 h 4 min" in planned.stderr) is ("--run" in options)


def test_a_plan_for_meltano_names_both_ends_and_a_state_for_each_part(history: WrittenHistory) -> None:
    [line] = plan(history, "2024-01-01", "2024-02-01", "--run", "aaaa", "--rows", "10000000").stdout.splitlines()
    assert "TAP_ITERABLE_START_DATE=2024-01-01 TAP_ITERABLE_END_DATE=2024-02-01 " in line
    assert "--state-id-suffix=2024-01-01-to-2024-02-01 " in line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rows", "1"), "--rows-a-day"),
        (("--rows-a-day", "1"), "--minutes"),
        (("--rows-a-day", "1", "--minutes", "1"), "give --run"),
        (("--run", "bbbb", "--rows", "1"), "no sample"),
        (("--run", "cccc", "--rows", "1"), "No run has an id"),
    ],
)
def test_what_a_plan_lacks_is_told(history: WrittenHistory, options: tuple[str, ...], said: str) -> None:
    planned = plan(history, "2024-01-01", "2024-02-01", *options)
    assert planned.exit_code != 0
    assert said in planned.stderr
