"""Control routes that change the sandbox. Each answers with the new state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from iterable_sandbox.control import views
from iterable_sandbox.faults import read_fault
from iterable_sandbox.project.project import Project
from iterable_sandbox.rules import runtime_settings
from iterable_sandbox.wire import typed_json
from iterable_sandbox.wire.clock import checked, milliseconds

_CENTURY_SECONDS: Final = 100 * 366 * 86_400


@dataclass(frozen=True)
class _ClockChange:
    """Change of the clock: to the time `set`, if given, and then on by `advance` seconds."""

    advance: Annotated[float, Field(ge=0, le=_CENTURY_SECONDS, allow_inf_nan=False)] = 0
    set: AwareDatetime | None = None


_CLOCK_CHANGE: Final = TypeAdapter(_ClockChange)


def add_fault(project: Project, request: Request, body: bytes) -> Response:
    """POST /_sandbox/faults: add a fault."""
    project.faults.add(read_fault(body))
    return views.faults(project, request, body)


def clear_faults(project: Project, request: Request, body: bytes) -> Response:
    """DELETE /_sandbox/faults: remove all faults."""
    project.faults.clear()
    return views.faults(project, request, body)


def set_clock(project: Project, request: Request, body: bytes) -> Response:
    """POST /_sandbox/clock: `{"advance": 86400}`, or `{"set": "2026-11-01T00:00:00Z"}`."""
    change = typed_json.read(_CLOCK_CHANGE, body)
    now = project.clock.now() if change.set is None else checked("set", milliseconds(change.set))
    checked("advance", now + change.advance * 1000)
    if change.set is not None:
        project.set_time(change.set)
    project.clock.advance(timedelta(seconds=change.advance))
    return views.clock(project, request, body)


def change_settings(project: Project, request: Request, body: bytes) -> Response:
    """POST /_sandbox/settings: change the settings in the JSON object; others stay."""
    project.settings = runtime_settings.with_changes(project.settings, body)
    return views.settings(project, request, body)


def clear_requests(project: Project, request: Request, body: bytes) -> Response:
    """DELETE /_sandbox/requests: clear the request log."""
    project.log.clear()
    return views.requests(project, request, body)
