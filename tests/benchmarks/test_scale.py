"""Workers over several projects that share a database move all that they have, whoever dies."""

from __future__ import annotations

import pytest

from benchmarks.scale.growth import measure, points
from benchmarks.scale.limiter import overhead
from benchmarks.scale.soak import Plan, soak

pytestmark = pytest.mark.more


def test_killed_workers_and_a_restarted_database_leave_every_record_once_and_no_refused_request() -> None:
    """Kills come after so many states, wherever the workers are then."""
    plan = Plan(
        processes=4,
        projects=2,
        events=20_000,
        users=3_000,
        chunk=500,
        kill_every=None,
        kill_after_states=8,
        most_rows=200,
        most_buffered=1_000,
    )
    outcome = soak(plan)
    assert outcome.kills >= 2
    assert outcome.restart_seconds > 0
    assert outcome.refused == 0


def test_projects_do_not_wait_for_each_other() -> None:
    """Each has a budget of its own in the store that they share: ten requests at five a second."""
    (alone,) = measure(10, [(1, 1)])
    (together,) = measure(10, [(2, 2)])
    assert alone.seconds > 1
    assert together.cpu_seconds > alone.cpu_seconds
    assert {(8, 8), (8, 4), (1, 1)} <= set(points())


def test_the_time_of_a_slot_is_measured() -> None:
    taken = overhead(2, 1, reservations=200)
    assert 0 < taken.median <= taken.percentile_99
