"""The limiter lets nothing through that Iterable would refuse, and holds nothing up that it would not."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.errors import DailyCapReachedError
from iterable_api.facts.endpoints import ENDPOINTS, facts_of
from iterable_api.facts.limits import DAY, Limit
from iterable_api.rate_limits.limiter import DocumentedLimits, Unlimited
from iterable_api.rate_limits.rules import JITTER

FORGET = ("POST", "/api/users/forget")
A_MILLISECOND = 0.001


class Limited(NamedTuple):
    """A limit and the endpoint that has it."""

    method: str
    path: str
    limit: Limit


LIMITED = [Limited(*endpoint, limit) for endpoint, facts in ENDPOINTS.items() for limit in facts.limits]
SHORT = list({(one.limit.count, one.limit.seconds): one for one in LIMITED if one.limit.seconds < DAY}.values())
DAILY = [one for one in LIMITED if one.limit.seconds >= DAY]


def name(limited: Limited) -> str:
    return f"{limited.method} {limited.path} {limited.limit.count}/{limited.limit.seconds}"


@dataclass
class VirtualTime:
    """A clock that moves only when someone sleeps or when it is moved."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def sleep_elsewhere(self, seconds: float) -> None:
        """Another thread sleeps; for this one no time passes."""
        self.slept.append(seconds)


@dataclass
class LeakyBucket:
    """What Iterable is said to do: a bucket that runs out evenly and holds as much as its number."""

    limit: Limit
    level: float = 0.0
    since: float = 0.0

    def takes(self, at: float) -> bool:
        drained = (at - self.since) * self.limit.count / self.limit.seconds
        self.level, self.since = max(0.0, self.level - drained) + 1, at
        return self.level <= self.limit.count + 1e-6


def departures(limited: Limited, gaps: Sequence[float]) -> list[float]:
    """When requests leave that are asked for one `gap` after the other, each in a thread of its own."""
    time = VirtualTime()
    limits = DocumentedLimits(clock=time.clock, sleep=time.sleep_elsewhere)
    leaving = []
    for gap in gaps:
        time.now += gap
        time.slept.clear()
        limits.acquire(limited.method, limited.path)
        leaving.append(time.now + sum(time.slept))
    return leaving


@st.composite
def traffic(draw: st.DrawFn, jitter: float) -> tuple[Limited, list[float], list[float]]:
    """A limit, the gaps between requests and the time that each is under way.

    Bursts and pauses are sized by the limit itself, so that small and large limits are both tried hard.
    """
    limited = draw(st.sampled_from([one for one in SHORT if one.limit.count <= 100]))
    limit = limited.limit
    pace = limit.seconds / limit.count
    gap = st.just(0.0) | st.floats(0, 2 * pace) | st.floats(0, 2 * limit.seconds)
    bursts = draw(st.lists(st.tuples(gap, st.integers(1, limit.count + 3)), min_size=1, max_size=6))
    gaps = [gap for pause, size in bursts for gap in [pause, *[0.0] * (size - 1)]]
    delays = draw(st.lists(st.sampled_from([0.0, jitter]), min_size=len(gaps), max_size=len(gaps)))
    return limited, gaps, delays


@given(traffic(JITTER - A_MILLISECOND))
def test_no_bucket_of_the_documented_size_overflows_even_if_requests_overtake_each_other(
    case: tuple[Limited, list[float], list[float]],
) -> None:
    limited, gaps, delays = case
    leaving = departures(limited, gaps)
    bucket = LeakyBucket(limited.limit)
    arrivals = sorted(start + delay for start, delay in zip(leaving, delays, strict=True))
    assert all(bucket.takes(arrival) for arrival in arrivals)


@pytest.mark.parametrize("limited", SHORT, ids=name)
def test_no_bucket_overflows_when_all_requests_of_a_moment_arrive_at_once(limited: Limited) -> None:
    limit = limited.limit
    leaving = departures(limited, [0.0] * (4 * limit.count))
    for first in sorted({start for start in leaving if start < leaving[0] + limit.seconds})[:60]:
        gathered = first + JITTER - A_MILLISECOND
        bucket = LeakyBucket(limit)
        arrivals = [gathered if first <= start < gathered else start for start in leaving]
        assert all(bucket.takes(arrival) for arrival in arrivals)


@given(traffic(0.0))
def test_requests_leave_in_the_order_in_which_they_were_asked_for(
    case: tuple[Limited, list[float], list[float]],
) -> None:
    limited, gaps, _ = case
    leaving = departures(limited, gaps)
    assert leaving == sorted(leaving)


@pytest.mark.parametrize("limited", SHORT, ids=name)
def test_nobody_waits_longer_than_the_limit_demands(limited: Limited) -> None:
    limit = limited.limit
    leaving = departures(limited, [0.0] * (3 * limit.count))
    gaps = [later - earlier for earlier, later in pairwise(leaving)]
    pace = limit.seconds / limit.count
    # A limit of one has no burst to give up, so it pays for the jitter with time.
    slowest = pace + JITTER if limit.count == 1 else pace * 1.05
    assert max(gaps) <= slowest + A_MILLISECOND
    assert leaving[-1] - leaving[0] <= 3 * limit.count * slowest


@pytest.mark.parametrize("limited", SHORT, ids=name)
def test_a_pause_gives_the_burst_back(limited: Limited) -> None:
    limit = limited.limit
    first, *others = departures(limited, [0.0] * limit.count)
    burst = 1 + others.count(first)
    again = departures(limited, [*[0.0] * limit.count, 3.0 * limit.seconds, *[0.0] * (limit.count - 1)])
    assert again.count(again[limit.count]) == burst
    assert burst >= min(limit.count, max(1, limit.count * (1 - JITTER) - 1))


def test_a_slow_limit_keeps_its_whole_burst() -> None:
    """Four windows of an export can be asked for at once."""
    (export,) = (one for one in LIMITED if one.path == "/api/export/data.json")
    assert len(set(departures(export, [0.0] * export.limit.count))) == 1


@pytest.mark.parametrize("cap", DAILY, ids=name)
def test_a_used_up_daily_cap_is_an_error_and_not_a_day_of_waiting(cap: Limited) -> None:
    time = VirtualTime()
    limits = DocumentedLimits(clock=time.clock, sleep=time.sleep)
    for _ in range(cap.limit.count):
        limits.acquire(cap.method, cap.path)
    assert max(time.slept) < 1
    time.slept.clear()
    with pytest.raises(
        DailyCapReachedError, match=rf"{cap.method} {cap.path}: the daily cap of {cap.limit.count} requests"
    ):
        limits.acquire(cap.method, cap.path)
    assert time.slept == []


@pytest.mark.parametrize("cap", DAILY, ids=name)
def test_a_daily_cap_counts_the_last_24_hours(cap: Limited) -> None:
    time = VirtualTime()
    limits = DocumentedLimits(clock=time.clock, sleep=time.sleep)
    started = time.now
    for _ in range(cap.limit.count):
        limits.acquire(cap.method, cap.path)
    time.now = started + DAY - 1
    with pytest.raises(DailyCapReachedError):
        limits.acquire(cap.method, cap.path)
    time.now = started + DAY + 1
    limits.acquire(cap.method, cap.path)


def test_daily_caps_do_not_share_a_budget() -> None:
    time = VirtualTime()
    limits = DocumentedLimits(clock=time.clock, sleep=time.sleep)
    for _ in range(1000):
        limits.acquire(*FORGET)
    limits.acquire("POST", "/api/users/unforget")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/journeys"), ("POST", "/api/lists/subscribe"), ("DELETE", "/api/users/bulkUpdate"), ("GET", "")],
)
def test_an_endpoint_without_a_row_is_not_limited(method: str, path: str) -> None:
    time = VirtualTime()
    limits = DocumentedLimits(clock=time.clock, sleep=time.sleep)
    for _ in range(5000):
        limits.acquire(method, path)
    assert facts_of(method, path).limits == ()
    assert time.slept == []


def test_endpoints_do_not_share_a_budget() -> None:
    time = VirtualTime()
    limits = DocumentedLimits(clock=time.clock, sleep=time.sleep)
    for path in ("/api/export/data.json", "/api/export/data.csv"):
        for _ in range(4):
            limits.acquire("GET", path)
    assert time.slept == []


def test_no_endpoint_has_two_limits_for_one_period() -> None:
    rows = [(one.method, one.path, one.limit.seconds) for one in LIMITED]
    assert len(rows) == len(set(rows))
    assert all(one.limit.count > 0 for one in LIMITED)


def test_the_limits_of_an_endpoint_come_with_the_shortest_period_first() -> None:
    assert facts_of(*FORGET).limits == (Limit(3, 1), Limit(1000, DAY))
    for facts in ENDPOINTS.values():
        assert list(facts.limits) == sorted(facts.limits, key=lambda limit: limit.seconds)


def test_threads_that_ask_at_once_get_a_place_each() -> None:
    """Every sleep is asked for once, so no two threads were given the same place."""
    bulk = ("POST", "/api/users/bulkUpdate")
    time = VirtualTime()
    limits = DocumentedLimits(clock=time.clock, sleep=time.sleep_elsewhere)
    ready = threading.Barrier(8)

    def ask() -> None:
        ready.wait()
        for _ in range(25):
            limits.acquire(*bulk)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = VirtualTime()
    alone_limits = DocumentedLimits(clock=alone.clock, sleep=alone.sleep_elsewhere)
    for _ in range(200):
        alone_limits.acquire(*bulk)
    assert sorted(time.slept) == alone.slept


def test_without_limits_nothing_is_held_up() -> None:
    for _ in range(1000):
        Unlimited().acquire("GET", "/api/export/data.json")
