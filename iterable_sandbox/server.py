"""Run a sandbox: in a thread of a test, or as a process of its own."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final, Self

import uvicorn

from iterable_api.facts.identity import ProjectType
from iterable_api.serving.listening import listen, url_of
from iterable_api.serving.server import Server, exit_on_signals
from iterable_sandbox.client import SandboxClient
from iterable_sandbox.control.views import counts
from iterable_sandbox.faults import Fault, PlannedFault, read_fault
from iterable_sandbox.faults.connection import Connection
from iterable_sandbox.http.app import build_app
from iterable_sandbox.project.project import Project
from iterable_sandbox.project.request_log import Entry
from iterable_sandbox.rules.runtime_settings import checked
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.webhooks.attempts import Attempt
from iterable_sandbox.webhooks.registration import save
from iterable_sandbox.wire.clock import Clock

_START_TIMEOUT_SECONDS: Final = 10
_SHUTDOWN_GRACE_SECONDS: Final = 1


class _ThreadServer(Server):
    """Server in a thread that stops at once: uvicorn polls for the end every 0.1 s, then waits for its clients."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        ticks = count()
        while not await self.on_tick(next(ticks)):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), 0.1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()

    def stop(self) -> None:
        """Stop the server. Call this from another thread."""
        self.should_exit = True
        self._loop.call_soon_threadsafe(self._ended.set)


class Sandbox(SandboxClient):
    """A local Iterable in a thread of this process, on a free port of 127.0.0.1.

    Other keyword arguments are fields of `Settings`. `database` is a path or `:memory:`. The project type is that of
    the database; a new one gets `project_type`, or e-mail if none is given.

        with Sandbox(project_type="hybrid") as sandbox:
            requests.get(f"{sandbox.url}/api/lists", headers={"Api-Key": sandbox.api_key})
    """

    def __init__(
        self,
        *,
        project_type: ProjectType | str | None = None,
        limits: bool = False,
        database: str = ":memory:",
        clock: Clock | None = None,
        **settings: Any,
    ) -> None:
        self.clock = clock or Clock()
        self._project_type = None if project_type is None else ProjectType(project_type)
        self._settings = checked(Settings(limits=limits, **settings))
        self._database = database
        self._started = Event()

    def inject(self, fault: str, **options: Any) -> PlannedFault:
        """Inject a fault: `inject("cut", route="GET /api/export/data.json", bytes=1000)`.

        Faults and options are those of `POST /_sandbox/faults`. The result counts in `struck` the requests that got
        the fault. The sandbox must be running.

        Raises:
            ValueError: there is no such fault or option.
        """
        return self.project.faults.add(read_fault(json.dumps({"fault": fault, **options})))

    def requests(self, route: str = "*") -> list[Entry]:
        """Logged requests, also after the end of the sandbox."""
        return self.project.log.entries(route)

    def counts(self) -> dict[str, Any]:
        """Numbers of users, events, list members and so on, read here."""
        return counts(self.project)

    def add_webhook(self, endpoint: str, **options: Any) -> int:
        """Create a webhook and return its id: `add_webhook("http://127.0.0.1:8080/hook", events=["emailSend"])`.

        Options are the fields of `POST /_sandbox/webhooks`.

        Raises:
            ValueError: if an option or an event is unknown, or the endpoint is refused.
        """
        asked = json.dumps({"endpoint": endpoint, **options})
        number: int = save(self.store, self.project.settings, asked)["id"]
        return number

    def attempts(self) -> list[Attempt]:
        """Return the delivery attempts of webhooks, oldest first."""
        return self.project.webhooks.attempts.latest()

    def wait_for_webhooks(self, timeout: float = 10) -> bool:
        """Wait at most `timeout` seconds until every event was delivered or given up; return whether that is so."""
        return self.project.webhooks.wait(timeout)

    def __enter__(self) -> Self:
        self.store = Store(self._database)
        self.settings = replace(self._settings, project_type=self.store.project_type(self._project_type))
        self.project = Project(self.settings, self.store, self.clock)
        self.project.webhooks.start()
        listener = listen("127.0.0.1", 0)
        self._connect(url_of(listener), self.settings.api_key)
        self._server = _ThreadServer(_config(self.project), self._started.set)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        if not self._started.wait(_START_TIMEOUT_SECONDS):
            raise RuntimeError("The sandbox did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._server.stop()
        self._thread.join()
        self.project.webhooks.end()
        self.store.close()


@dataclass(frozen=True)
class Start:
    """Start parameters of a sandbox process.

    Attributes:
        database: path of the SQLite file, or `:memory:`.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        faults: faults to inject from the start.
        now: time of the sandbox at the start; None is the time of the machine.
    """

    database: str
    host: str
    port: int
    faults: Sequence[Fault] = ()
    now: datetime | None = None


def serve(settings: Settings, start: Start, on_start: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then exit with code 0. `on_start` is called with the URL once the server answers.

    Raises:
        OSError: the address cannot be bound.
        SystemExit: at the end.
    """
    listener = listen(start.host, start.port)
    store = Store(start.database)
    exit_on_signals()
    project = Project(settings, store, Clock())
    try:
        _prepare(project, start)
        Server(_config(project), lambda: on_start(url_of(listener))).run(sockets=[listener])
    finally:
        project.webhooks.end()
        store.close()


def _prepare(project: Project, start: Start) -> None:
    for fault in start.faults:
        project.faults.add(fault)
    if start.now is not None:
        project.set_time(start.now)
    project.webhooks.start()


def _config(project: Project) -> uvicorn.Config:
    return uvicorn.Config(
        build_app(project),
        lifespan="off",
        ws="none",
        http=Connection,
        loop="asyncio",
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_keep_alive=project.settings.keep_alive_seconds,
        timeout_graceful_shutdown=_SHUTDOWN_GRACE_SECONDS,
    )
