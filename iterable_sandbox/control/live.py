"""The control route that lets the project live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from iterable_sandbox.live.life import Life
from iterable_sandbox.project.project import Project
from iterable_sandbox.wire import typed_json
from iterable_sandbox.wire.responses import json_answer


@dataclass(frozen=True)
class _Span:
    """How many events happen, and by how many seconds the clock goes on meanwhile."""

    events: Annotated[int, Field(ge=0, le=1000)] = 0
    advance: Annotated[float, Field(ge=0, le=86_400)] = 0


_SPAN: Final = TypeAdapter(_Span)


def playing(life: Life) -> Callable[[Project, Request, bytes], Response]:
    """The handler for the life of a project."""

    def play(project: Project, _request: Request, body: bytes) -> Response:
        """POST /_sandbox/live: `{"events": 20}` lets the next so many events happen; the answer counts them by type."""
        span = typed_json.read(_SPAN, body)
        if not span.events:
            project.clock.advance(timedelta(seconds=span.advance))
        happened = life.play(span.events, span.advance) if span.events else {}
        return json_answer({"events": happened, "now": project.clock.moment().isoformat()})

    return play
