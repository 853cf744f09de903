"""Fixtures of the tests of the client.

- `connect(**options)`: makes clients of the scripted server `server`, which do not really sleep between tries.
- `client`: such a client with default options.
- `naps`: the waits of these clients, in seconds.

    def test_a_503_is_tried_again(connect: Connect, server: ScriptedServer, naps: list[float]) -> None:
        server.script = [Answer(503), answer_json(200, {"lists": []})]
        connect(first_wait=1).get_json("/api/lists")
        assert len(naps) == 1
"""

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, settings

from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from tests.scripted_server import ScriptedServer

KEY = "0123456789abcdef0123456789abcdef"

# Examples of one test share a client and a server, and each looks at its own request only.
OVER_HTTP = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], max_examples=80)


class Connect(Protocol):
    """Makes a client of the scripted server; any option of the client may be given."""

    def __call__(self, **options: Any) -> IterableClient: ...


@pytest.fixture
def naps() -> list[float]:
    """The waits of a client between its tries; nobody really sleeps."""
    return []


@pytest.fixture
def connect(server: ScriptedServer, naps: list[float]) -> Iterator[Connect]:
    clients: list[IterableClient] = []

    def connect(**options: Any) -> IterableClient:
        defaults = {"api_url": server.url, "limiter": Unlimited(), "sleep": naps.append, "timeout": (5, 5)}
        clients.append(IterableClient(KEY, **{**defaults, **options}))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Connect) -> IterableClient:
    return connect()
