"""Fixtures of the tests about runs.

- `history`: a written history in a SQLite file.
- `postgresql`: the URL of an empty PostgreSQL database.
- `page`: the page over it, served by a thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from threading import Event, Thread
from typing import Any, Final

import psycopg
import pytest
import requests
import uvicorn
from click.testing import CliRunner, Result

from demo.postgresql import running_server
from iterable_api.serving.listening import listen, url_of
from iterable_api.serving.server import Server
from iterable_runs.cli import main
from iterable_runs.page.app import build_app
from iterable_runs.queries.history import History
from tests.runs.histories import WrittenHistory

_TIMEOUT: Final = 60


class Page:
    """A page that is served."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=_TIMEOUT, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=_TIMEOUT, **options)


@contextmanager
def served(place: str, password: str | None = None) -> Iterator[Page]:
    """The page over a history in a thread, on a free port."""
    history, listener, has_started = History(place), listen("127.0.0.1", 0), Event()
    config = uvicorn.Config(build_app(history, password), ws="none", lifespan="off", log_config=None)
    server = Server(config, has_started.set)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    assert has_started.wait(_TIMEOUT)
    try:
        yield Page(url_of(listener))
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        history.close()


@pytest.fixture(scope="module")
def postgresql(postgresql_server: str) -> str:
    """The URL of an empty PostgreSQL database, one for each module of tests."""
    name = f"runs_{token_hex(4)}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return postgresql_server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with running_server(tmp_path_factory.mktemp("database") / "postgres") as server:
        yield server.url


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> WrittenHistory:
    """A history in a file, one for each module of tests."""
    return WrittenHistory(str(tmp_path_factory.mktemp("history") / "runs.db"))


@pytest.fixture(scope="module")
def page(history: WrittenHistory) -> Iterator[Page]:
    """Its page."""
    with served(history.place) as running:
        yield running


def command(place: str, *arguments: str, stdin: str = "") -> Result:
    """What the command says about a history, in this process."""
    ran = CliRunner().invoke(main, [*arguments], input=stdin, env={"ITERABLE_RUNS_STORE": place})
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran
