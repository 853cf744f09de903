"""Limits that processes share outlive a restart of their store, and count by its clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from fakeredis import TcpFakeServer
from redis import Redis

from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import DAY, Limit
from iterable_api.rate_limits.limiter import DocumentedLimits
from iterable_api.rate_limits.rules import Rule
from iterable_api.rate_limits.state_store import LimitStoreError, open_store
from tests.postgres_server import RestartableServer, restartable

EXPORT = ("GET", "/api/export/data.json")
FORGET = ("POST", "/api/users/forget")


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableServer]:
    with restartable(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    if "postgresql" in request.fixturenames:
        request.getfixturevalue("postgresql").run("DROP TABLE IF EXISTS iterable_rate_limits")


def limits_in(place: str, slept: list[float], patience: float = 60, **options: Any) -> DocumentedLimits:
    return DocumentedLimits(store=open_store(place, patience), sleep=slept.append, **options)


def test_sessions_that_a_failover_has_ended_are_replaced(postgresql: RestartableServer) -> None:
    slept: list[float] = []
    with closing(limits_in(postgresql.url, slept)) as limits:
        for _ in range(facts_of(*EXPORT).limits[0].count):
            limits.acquire(*EXPORT)
            postgresql.end_sessions()
        assert slept == []
        limits.acquire(*EXPORT)
        assert 14 < slept[0] < 17


@pytest.mark.parametrize("endpoint", [EXPORT, FORGET])
def test_a_server_that_is_restarted_is_waited_for(postgresql: RestartableServer, endpoint: tuple[str, str]) -> None:
    with closing(limits_in(postgresql.url, [])) as limits:
        limits.acquire(*endpoint)
        postgresql.stop()
        waiting = Thread(target=limits.acquire, args=endpoint)
        waiting.start()
        waiting.join(1)
        assert waiting.is_alive()
        postgresql.start()
        waiting.join(60)
        assert not waiting.is_alive()


def test_a_server_that_does_not_come_back_in_time_is_an_error_that_names_the_setting(
    postgresql: RestartableServer,
) -> None:
    with closing(limits_in(postgresql.url, [], patience=1)) as limits:
        limits.acquire(*EXPORT)
        postgresql.stop()
        try:
            with pytest.raises(LimitStoreError, match="`rate_limit_store`"):
                limits.acquire(*EXPORT)
        finally:
            postgresql.start()


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_worker_whose_clock_is_wrong_changes_nothing(
    postgresql: RestartableServer, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    """All slots of the minute are taken by one worker; by the other's clock they would be free, or far away."""
    slept: list[float] = []
    with closing(limits_in(postgresql.url, slept)) as right, closing(limits_in(postgresql.url, slept)) as wrong:
        for _ in range(4):
            right.acquire(*EXPORT)
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + 60 * minutes)
        wrong.acquire(*EXPORT)
    assert len(slept) == 1
    assert 13 < slept[0] < 17


def test_one_statement_gives_the_slots_that_the_rule_gives(postgresql: RestartableServer) -> None:
    """PostgreSQL works a token bucket out by itself, any other store by the rule."""
    store = open_store(postgresql.url)
    for endpoint in (EXPORT, ("POST", "/api/users/bulkUpdate")):
        rule, state, name = Rule(facts_of(*endpoint).limits[0]), "", " ".join(endpoint)
        for moment in (1000, 1000, 1000, 1200, 9000, 9000, 9000, 9000, 9000, 200_000, 200_001, 199_000):
            expected = rule.reserve(state, "", moment)
            got = store.reserve(name, rule, "", moment)
            assert expected is not None
            assert got is not None
            assert abs(got.wait - expected.wait) <= 1
            state = got.state
            assert int(got.state) <= int(expected.state) < int(got.state) + 2000
    store.close()


def test_a_standby_that_lags_behind_gives_no_slot_twice(postgresql: RestartableServer) -> None:
    slept: list[float] = []
    with closing(limits_in(postgresql.url, slept)) as limits:
        for _ in range(4):
            limits.acquire(*EXPORT)
        postgresql.run("DELETE FROM iterable_rate_limits")
        limits.acquire(*EXPORT)
    assert 13 < slept[0] < 17


def test_projects_in_one_store_have_budgets_of_their_own_but_for_limits_of_the_organisation(tmp_path: Path) -> None:
    slept: list[float] = []
    place = str(tmp_path / "limits.db")
    start = ("POST", "/api/export/start")
    with closing(limits_in(place, slept, project="a")) as one, closing(limits_in(place, slept, project="b")) as other:
        for _ in range(4):
            one.acquire(*EXPORT)
            other.acquire(*EXPORT)
        assert slept == []
        one.acquire(*start)
        other.acquire(*start)
        assert len(slept) == 1


@pytest.fixture
def redis_server() -> Iterator[TcpFakeServer]:
    server = TcpFakeServer(("127.0.0.1", 0))
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_redis_that_comes_back_empty_gives_no_slot_twice(redis_server: TcpFakeServer) -> None:
    slept: list[float] = []
    host, port = redis_server.server_address[:2]
    url = f"redis://{host!s}:{port}/0"
    with closing(limits_in(url, slept)) as limits, Redis.from_url(url) as client:
        for _ in range(4):
            limits.acquire(*EXPORT)
        client.flushall()
        limits.acquire(*EXPORT)
    assert 13 < slept[0] < 17


def test_a_redis_that_is_restarted_is_waited_for() -> None:
    first = TcpFakeServer(("127.0.0.1", 0))
    Thread(target=first.serve_forever, daemon=True).start()
    host, port = first.server_address[:2]
    with closing(limits_in(f"redis://{host!s}:{port}/0", [])) as limits:
        limits.acquire(*EXPORT)
        first.shutdown()
        first.server_close()
        limits.close()  # as the end of the process closes its connections
        waiting = Thread(target=limits.acquire, args=EXPORT)
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        second = TcpFakeServer(("127.0.0.1", int(port)))
        Thread(target=second.serve_forever, daemon=True).start()
        waiting.join(60)
        assert not waiting.is_alive()
    second.shutdown()
    second.server_close()


def test_a_slot_that_is_missed_is_given_up(tmp_path: Path) -> None:
    """A machine that stood still sends nothing that others have taken the place of."""

    class Late:
        now = 1000.0

        def clock(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds + (20 if seconds > 10 and self.now < 1010 else 0)

    late = Late()
    store = open_store(str(tmp_path / "limits.db"))
    with closing(DocumentedLimits(store=store, clock=late.clock, sleep=late.sleep)) as limits:
        for _ in range(4):
            limits.acquire(*EXPORT)
        limits.acquire(*EXPORT)
        # The fifth slot was missed by 20 s. It was given up for one that is free by now, so the next one is not.
        missed = late.now
        limits.acquire(*EXPORT)
        assert 10 < late.now - missed < 12


@pytest.mark.parametrize("endpoint", [EXPORT, ("POST", "/api/users/bulkUpdate")])
def test_a_machine_that_is_always_a_little_late_does_not_give_up_every_slot(endpoint: tuple[str, str]) -> None:
    class Late:
        now = 1000.0

        def clock(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds + 0.3

    late, (limit, *_) = Late(), facts_of(*endpoint).limits
    limits = DocumentedLimits(clock=late.clock, sleep=late.sleep)
    for _ in range(3 * limit.count):
        limits.acquire(*endpoint)
    # Of five requests a second it gives up some; of four a minute none, each of which would cost a quarter of a minute.
    slots = 5 if limit.seconds == 1 else 1
    assert late.now - 1000 < slots * 3.2 * limit.seconds


def test_a_daily_cap_is_not_used_twice_where_the_store_came_back_empty() -> None:
    """Others may have reserved in the empty store before: both count."""
    rule, states = Rule(Limit(5, DAY)), [""]
    for moment in range(1000, 1005):
        reserved = rule.reserve(states[-1], "", moment)
        assert reserved is not None
        states.append(reserved.state)
    newcomer = rule.reserve("", "", 1020)
    assert newcomer is not None
    assert rule.reserve(newcomer.state, states[-1], 1030) is None
    assert rule.reserve(newcomer.state, states[-3], 1030) is not None


def test_the_slots_of_a_dead_worker_come_back_by_themselves(tmp_path: Path) -> None:
    """A thread reserves one slot and waits for it: what dies with it is the time of that slot."""
    slept: list[float] = []
    place = str(tmp_path / "limits.db")
    dying = limits_in(place, [])
    for _ in range(6):
        dying.acquire(*EXPORT)
    dying.close()
    with closing(limits_in(place, slept)) as limits:
        limits.acquire(*EXPORT)
    assert 40 < slept[0] < 47
