"""Control routes that fill a project: records, or a synthetic project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from iterable_sandbox.control import views
from iterable_sandbox.exports import loading
from iterable_sandbox.project.project import Project
from iterable_sandbox.seed.plan import MAX_DAYS, Plan
from iterable_sandbox.seed.seeding import seed as seed_store
from iterable_sandbox.wire import typed_json
from iterable_sandbox.wire.responses import json_answer

_MAX_USERS: Final = 100_000
_MAX_EVENTS: Final = 1_000_000


@dataclass(frozen=True)
class _SeedRequest:
    """Arguments of `iterable-sandbox seed`. None for `until` is the time of the sandbox."""

    users: Annotated[int, Field(ge=1, le=_MAX_USERS)] = 500
    events: Annotated[int, Field(ge=0, le=_MAX_EVENTS)] = 6_000
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 60
    seed: int = 1
    until: AwareDatetime | None = None


_SEED: Final = TypeAdapter(_SeedRequest)


def load(project: Project, request: Request, body: bytes) -> Response:
    """POST /_sandbox/load?dataType=user: lines of JSON, as `iterable-sandbox load` takes them.

    A line without a time gets that of the sandbox. All lines are stored, or none.
    """
    data_type = request.query_params.get("dataType", "")
    if data_type not in loading.data_type_names():
        raise ValueError("dataType: there is no such data type")
    return json_answer({"loaded": loading.load(project.store, data_type, body.split(b"\n"), project.clock)})


def seed(project: Project, request: Request, body: bytes) -> Response:
    """POST /_sandbox/seed: `{"users": 500}` fills an empty project; the answer is its state."""
    asked = typed_json.read(_SEED, body or b"{}")
    until = asked.until or project.clock.moment()
    plan = Plan(asked.users, asked.events, asked.days, asked.seed, until, project.settings.project_type)
    seed_store(project.store, plan)
    return views.state(project, request, body)
