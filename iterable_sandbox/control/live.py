"""Control route of the simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from iterable_sandbox.live.simulation import Simulation
from iterable_sandbox.project.project import Project
from iterable_sandbox.wire import typed_json
from iterable_sandbox.wire.clock import checked
from iterable_sandbox.wire.responses import json_answer


@dataclass(frozen=True)
class _Request:
    """Number of events, and seconds by which the clock advances meanwhile."""

    events: Annotated[int, Field(ge=0, le=1000)] = 0
    advance: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0


_REQUEST: Final = TypeAdapter(_Request)


def simulating(simulation: Simulation) -> Callable[[Project, Request, bytes], Response]:
    """Return the handler of a simulation."""

    def run(project: Project, _request: Request, body: bytes) -> Response:
        """POST /_sandbox/live: `{"events": 20}` writes the next 20 events; the answer counts them by data type."""
        requested = typed_json.read(_REQUEST, body)
        checked("advance", project.clock.now() + requested.advance * 1000)
        if not requested.events:
            project.clock.advance(timedelta(seconds=requested.advance))
        happened = simulation.run(requested.events, requested.advance) if requested.events else {}
        return json_answer({"events": happened, "now": project.clock.moment().isoformat()})

    return run
