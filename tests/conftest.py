"""Fixtures for all tests.

- `sandbox`: a running, empty e-mail-based project. `sandbox.inject(...)` injects a fault, `sandbox.requests(...)` is
  its request log, `sandbox.counts()` the numbers of its users, events and so on.
- `client`: an `IterableClient` of this sandbox.
- `seeded_database`: the path of a database with a small synthetic project. It is shared: copy it to write to it.
- `server`: a `ScriptedServer` with an empty script.
- `distributions`, `wheel`: the built distributions of this repository.

    def test_a_list_can_be_read(sandbox: Sandbox, client: IterableClient) -> None:
        sandbox.store.lists.create("Readers", None, 0)
        assert client.get_json("/api/lists")["lists"][0]["name"] == "Readers"
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.seed.seeding import Plan, seed
from iterable_sandbox.server import Sandbox
from iterable_sandbox.store.store import Store
from tests.scripted_server import ScriptedServer

ROOT = Path(__file__).parent.parent

# How long an example takes says nothing on a busy machine.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Luck must not decide what lands: there, examples are the same each time. Everywhere else they differ, to find more.
settings.register_profile("repeatable", settings.get_profile("untimed"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "untimed"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A fresh, empty e-mail project in memory, without limits."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[IterableClient]:
    """A client of the fresh sandbox that does not wait long between tries."""
    opened = IterableClient(
        sandbox.api_key, api_url=sandbox.url, limiter=Unlimited(), max_tries=3, first_wait=0.01, longest_wait=0.02
    )
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def seeded_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small seeded e-mail project: 200 users and 3,000 events in the 60 days before 2026-11-01. Copy it to write."""
    path = tmp_path_factory.mktemp("seeded") / "project.db"
    store = Store(str(path))
    seed(store, Plan(200, 3000, 60, 1, datetime(2026, 11, 1, tzinfo=UTC)))
    store.close()
    return path


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("distributions")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "--quiet", "--out-dir", folder, ROOT], check=True, timeout=300)
    return folder


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    """The wheel, as users install it."""
    (made,) = distributions.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def running_server() -> Iterator[ScriptedServer]:
    """One server for all tests that want answers on order."""
    with ScriptedServer().running() as server:
        yield server


@pytest.fixture
def server(running_server: ScriptedServer) -> ScriptedServer:
    """That server, with nothing to play yet, and which has seen nothing."""
    running_server.forget()
    return running_server
