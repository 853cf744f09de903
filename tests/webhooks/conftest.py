"""Stores of both kinds, and receivers over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from demo.postgresql import running_server
from iterable_api.storage import databases
from tests.webhooks.receivers import Receiver, receiver

Start = Callable[..., Receiver]
"""Starts a receiver; arguments are options, keywords are those of `receiver`. It ends with the test."""


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with running_server(tmp_path_factory.mktemp("database") / "postgres") as server:
        yield server.url


@pytest.fixture
def postgresql_store(postgresql: str) -> str:
    """The URL of a PostgreSQL database without a store in it."""
    engine = databases.postgresql(postgresql)
    with engine.begin() as connection:
        names = connection.scalars(text("SELECT tablename FROM pg_tables WHERE tablename LIKE 'iterable_webhook_%'"))
        for name in names.all():
            connection.execute(text(f"DROP TABLE {name}"))
    engine.dispose()
    return postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The place of a new store, one of each kind."""
    return str(tmp_path / "store.db") if request.param == "sqlite" else str(request.getfixturevalue("postgresql_store"))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts receivers; by default over a SQLite file of the test."""
    numbers = count()
    with ExitStack() as stack:

        def started(*options: str, store: str | None = None, **keywords: Any) -> Receiver:
            place = store or str(tmp_path / "store.db")
            log = tmp_path / f"log-{next(numbers)}"
            return stack.enter_context(receiver(place, log, *options, **keywords))

        yield started


@pytest.fixture(scope="module")
def module_receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """One receiver for the tests of a module."""
    folder = tmp_path_factory.mktemp("receiver")
    with receiver(str(folder / "store.db"), folder / "log") as running:
        yield running
