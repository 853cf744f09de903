"""Which windows are downloaded and which are left to jobs, and that nothing is planned twice or left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise

from hypothesis import given
from hypothesis import strategies as st

from tap_iterable.export.export_plan import MAX_JOB_WINDOW, MODES, Mode, minutes, plans, summary
from tap_iterable.export.windows import Window, gaps, windows

START = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = st.integers(0, 2500)
SPANS = st.lists(DAYS, max_size=12).map(
    lambda spans: {
        f"stream {number}": windows(START, START + timedelta(days=days), timedelta(days=30))
        for number, days in enumerate(spans)
    }
)


@given(SPANS, st.sampled_from(MODES), st.integers(1, 4))
def test_every_moment_of_every_stream_is_planned_once(todo: dict[str, list[Window]], mode: Mode, at_once: int) -> None:
    for name, plan in plans(todo, mode, at_once).items():
        planned = sorted([*plan.jobs, *plan.downloads], key=lambda window: window.start)
        assert all(left.end == right.start for left, right in pairwise(planned))
        assert [window.start for window in planned[:1]] == [window.start for window in todo[name][:1]]
        assert [window.end for window in planned[-1:]] == [window.end for window in todo[name][-1:]]
        assert all(window.end - window.start <= MAX_JOB_WINDOW for window in plan.jobs)


@given(SPANS, st.integers(1, 4))
def test_auto_is_never_slower_than_the_better_of_the_others(todo: dict[str, list[Window]], at_once: int) -> None:
    chosen = minutes(plans(todo, "auto", at_once), at_once)
    assert chosen <= minutes(plans(todo, "stream", at_once), at_once)
    assert chosen <= minutes(plans(todo, "jobs", at_once), at_once) + len(todo) / 4


def test_short_increments_of_all_streams_are_downloaded_and_a_long_history_is_not() -> None:
    day = {f"s{number}": windows(START, START + timedelta(days=1), timedelta(days=30)) for number in range(53)}
    years = {name: windows(START, START + timedelta(days=1095), timedelta(days=30)) for name in day}
    assert not any(plan.jobs for plan in plans(day, "auto", 4).values())
    assert minutes(plans(day, "auto", 4), 4) == (53 - 4) / 4  # the first four need not wait
    history = plans(years, "auto", 4)
    assert sum(bool(plan.jobs) for plan in history.values()) > 30
    assert minutes(history, 4) < minutes(plans(years, "stream", 4), 4) / 2


def test_a_stream_that_has_history_keeps_its_tail_for_data_json() -> None:
    year = {"users": windows(START, START + timedelta(days=365), timedelta(days=30))}
    plan = plans(year, "auto", 4)["users"]
    assert plan.jobs or len(plan.downloads) == 13
    assert plan.downloads[-1].end == START + timedelta(days=365)


def test_the_plan_is_told_with_its_minutes() -> None:
    year = {"users": windows(START, START + timedelta(days=120), timedelta(days=30))}
    chosen = plans(year, "stream", 4)
    assert summary(chosen, 4, is_limited=True) == "Plan for 1 export stream: 4 windows."
    chosen = plans(year, "jobs", 4)
    assert summary(chosen, 4, is_limited=True) == (
        "Plan for 1 export stream: 0 windows, and 1 export job, 4 at a time, at least 5 min "
        "(4 windows a minute, 5 min a job)."
    )


def test_a_plan_without_limits_promises_no_time_that_only_limits_cost() -> None:
    years = {f"s{number}": windows(START, START + timedelta(days=365), timedelta(days=30)) for number in range(53)}
    chosen = plans(years, "stream", 4)
    assert summary(chosen, 4, is_limited=False) == "Plan for 53 export streams: 689 windows."
    assert "at least 2 h 51 min" in summary(chosen, 4, is_limited=True)


TAKEN = st.lists(st.integers(0, 86_400), max_size=8, unique=True).map(sorted)


@given(TAKEN, st.integers(60, 90_000))
def test_gaps_and_what_is_taken_cover_the_range_exactly_once(bounds: list[int], size: int) -> None:
    moments = [START + timedelta(seconds=bound) for bound in bounds]
    taken = [Window(left, right) for left, right in zip(moments[::2], moments[1::2], strict=False)]
    end = START + timedelta(days=1)
    free = gaps(START, end, taken, timedelta(seconds=size))
    cover = sorted(chain(taken, free), key=lambda window: window.start)
    assert [cover[0].start, cover[-1].end] == [START, end]
    assert all(left.end == right.start for left, right in pairwise(cover))
