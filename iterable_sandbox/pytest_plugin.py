"""Pytest fixtures that run a sandbox, for tests of pipelines.

# conftest.py
pytest_plugins = ["iterable_sandbox.pytest_plugin"]

# test_pipeline.py
def test_users_arrive(iterable_sandbox):
    run_my_pipeline(api_url=iterable_sandbox.url, api_key=iterable_sandbox.api_key)
    assert iterable_sandbox.user("ana@example.com")["plan"] == "gold"

`iterable_sandbox.client.SandboxClient` says what else a sandbox can be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox

StartSandbox = Callable[..., Sandbox]


@pytest.fixture
def start_iterable_sandbox() -> Iterator[StartSandbox]:
    """Start sandboxes that stop when the test ends: `start_iterable_sandbox(project_type="hybrid", limits=True)`.

    Keyword arguments are those of `iterable_sandbox.server.Sandbox`.
    """
    with ExitStack() as running:

        def start(**settings: Any) -> Sandbox:
            return running.enter_context(Sandbox(**settings))

        yield start


@pytest.fixture
def iterable_sandbox(start_iterable_sandbox: StartSandbox) -> Sandbox:
    """An empty e-mail-based project in memory, without rate limits, on a free port of 127.0.0.1."""
    return start_iterable_sandbox()
