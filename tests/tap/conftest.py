"""Taps that read from sandboxes of their own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from iterable_sandbox.server import Sandbox
from tests.api.scripted_server import ScriptedServer
from tests.tap.reading import TapRun


@pytest.fixture
def seeded(seeded_database: Path, tmp_path: Path) -> Iterator[Sandbox]:
    """A running sandbox with the seeded project, free to be changed."""
    copy = shutil.copy(seeded_database, tmp_path / "project.db")
    with Sandbox(database=str(copy)) as running:
        yield running


@pytest.fixture
def read(seeded: Sandbox, tmp_path: Path) -> TapRun:
    """Runs the tap against the seeded project."""
    return TapRun(seeded.url, seeded.api_key, tmp_path)


@pytest.fixture(scope="module")
def running_server() -> Iterator[ScriptedServer]:
    """A server for all tests of a module."""
    with ScriptedServer().running() as server:
        yield server


@pytest.fixture
def server(running_server: ScriptedServer) -> ScriptedServer:
    """A server that has nothing to play yet, and has seen nothing."""
    running_server.forget()
    return running_server
