"""Processes that share a store stay under the limits together."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fakeredis import TcpFakeServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from demo.postgresql import running_server
from iterable_api.errors import DailyCapReachedError
from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import DAY
from iterable_api.rate_limits import state_store as limit_stores
from iterable_api.rate_limits.limiter import DocumentedLimits
from iterable_api.rate_limits.rules import Reservation, Rule
from iterable_api.rate_limits.state_store import LimitStoreLockedError, Update, open_store
from iterable_sandbox.server import Sandbox
from tests.api.test_limits import LeakyBucket, VirtualTime

BULK = ("POST", "/api/users/bulkUpdate")
FORGET = ("POST", "/api/users/forget")

Place = Callable[[], str]


def _sqlite(folder: Path) -> Iterator[Place]:
    names = iter(range(1_000_000))
    yield lambda: str(folder / f"limits-{next(names)}.db")


def _postgresql(folder: Path) -> Iterator[Place]:
    with running_server(folder / "postgres") as server:

        def empty() -> str:
            server.run("DROP TABLE IF EXISTS iterable_rate_limits")
            return server.url

        yield empty


def _redis(_folder: Path) -> Iterator[Place]:
    server = TcpFakeServer(("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    host, port = server.server_address[:2]
    url = f"redis://{host!s}:{port}/0"

    def empty() -> str:
        with Redis.from_url(url) as client:
            client.flushdb()
        return url

    yield empty
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module", params=[_sqlite, _postgresql, _redis], ids=["sqlite", "postgresql", "redis"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Gives the path or URL of an empty store."""
    with TemporaryDirectory() as folder:
        yield from request.param(Path(folder))


@contextmanager
def _together(address: str, count: int = 3) -> Iterator[tuple[VirtualTime, list[DocumentedLimits]]]:
    time = VirtualTime()
    stores = [open_store(address) for _ in range(count)]
    yield time, [DocumentedLimits(clock=time.clock, sleep=time.sleep_elsewhere, store=store) for store in stores]
    for store in stores:
        store.close()


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0.0, 0.0, 0.0, 0.1, 1.0])), max_size=30))
def test_no_bucket_overflows_whoever_asks(place: Place, traffic: list[tuple[int, float]]) -> None:
    (limit,) = facts_of(*BULK).limits
    leaving = []
    with _together(place()) as (time, processes):
        for process, gap in traffic:
            time.now += gap
            time.slept.clear()
            processes[process].acquire(*BULK)
            leaving.append(time.now + sum(time.slept))
    bucket = LeakyBucket(limit)
    assert all(bucket.takes(at) for at in sorted(leaving))


def test_a_daily_cap_is_common_too(tmp_path: Path) -> None:
    short, cap = facts_of(*FORGET).limits
    with _together(str(tmp_path / "limits.db")) as (time, processes):
        for number in range(cap.count):
            time.now += short.seconds
            processes[number % 3].acquire(*FORGET)
        for process in processes:
            with pytest.raises(DailyCapReachedError):
                process.acquire(*FORGET)
        time.now += DAY
        processes[0].acquire(*FORGET)


def test_endpoints_have_budgets_of_their_own(place: Place) -> None:
    with _together(place(), 2) as (time, (one, other)):
        for limits, path in ((one, "/api/export/data.json"), (other, "/api/export/data.csv")):
            for _ in range(4):
                limits.acquire("GET", path)
        assert time.slept == []


CLIENT = """
import sys
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.state_store import open_store
from iterable_api.rate_limits.limiter import DocumentedLimits
url, key, place = sys.argv[1:]
client = IterableClient(key, api_url=url, limiter=DocumentedLimits(store=open_store(place)), max_tries=1)
for _ in range(8):
    client.post_json("/api/users/bulkUpdate", {"users": [{"email": "ann@example.com"}]})
"""


def test_three_processes_that_share_a_store_see_no_429(place: Place) -> None:
    """Each would be refused by the sandbox, and end with an error, at the first request too many."""
    address = place()
    with Sandbox(limits=True) as sandbox:
        command = [sys.executable, "-c", CLIENT, sandbox.url, sandbox.api_key, address]
        processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        errors = [process.communicate(timeout=60)[1] for process in processes]
    assert errors == ["", "", ""]


@pytest.mark.parametrize(
    "wrong",
    [
        "mysql://host/database",
        "postgresql://user:s3cret@127.0.0.1:1/database",
        "redis://:s3cret@host:port",
        "/no/such/folder/limits.db",
        "sqlite:////no/such/folder/limits.db",
    ],
)
def test_a_store_that_cannot_be_used_is_refused_by_the_name_of_its_setting(wrong: str) -> None:
    with pytest.raises(ValueError, match="`rate_limit_store`") as error:
        open_store(wrong)
    assert "s3cret" not in str(error.value)


def test_a_redis_that_is_not_there_is_told_of_without_its_password() -> None:
    store = open_store("redis://:s3cret@127.0.0.1:1/0")
    with pytest.raises(ValueError, match="`rate_limit_store`") as error:
        DocumentedLimits(store=store).acquire(*BULK)
    store.close()
    assert "s3cret" not in str(error.value)


def test_a_redis_that_says_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit_stores, "REDIS_TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = open_store(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        with pytest.raises(ValueError, match=r"`rate_limit_store` cannot be used \(TimeoutError\)"):
            DocumentedLimits(store=store).acquire(*BULK)
        store.close()


def test_a_store_that_has_failed_once_is_not_asked_again() -> None:
    """Each thread of a run would else wait for the same lock, one after the other."""
    asked: list[str] = []

    class Locked:
        def reserve(self, name: str, _rule: Rule, _seen: str, _now: int | None = None) -> Reservation | None:
            asked.append(name)
            raise LimitStoreLockedError

        def update(self, _name: str, _update: Update) -> None: ...

        def close(self) -> None: ...

    limits = DocumentedLimits(store=Locked())
    for _ in range(3):
        with pytest.raises(LimitStoreLockedError, match="`lock_timeout_seconds`"):
            limits.acquire(*BULK)
    assert len(asked) == 1
