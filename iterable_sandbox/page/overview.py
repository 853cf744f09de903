"""`GET /`: what is in the project; and the page of webhooks."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from iterable_sandbox.control import webhooks as control
from iterable_sandbox.control.views import counts
from iterable_sandbox.page.rendering import PREFIX, render
from iterable_sandbox.page.table import ROWS, Cell, Table
from iterable_sandbox.project.project import Project
from iterable_sandbox.webhooks.attempts import Attempt


def overview(project: Project, request: Request, _body: bytes) -> Response:
    """GET /: counts of all kinds, and what the sandbox enforces."""
    state = counts(project)
    return render(
        project,
        request,
        "overview.html",
        "overview",
        settings=project.settings,
        facts=_facts(project, state),
        types=Table(
            "types",
            "Events by data type",
            ("Data type", "#Events"),
            [
                (Cell(name, f"{PREFIX}/events?type={name}"), Cell(f"{count:,}"))
                for name, count in state["events"].items()
            ],
            empty="There are no events yet.",
        ),
    )


def _facts(project: Project, state: dict[str, Any]) -> list[tuple[str, str]]:
    limited = sum(state["rateLimited"].values())
    numbers = {
        "Users": state["users"],
        "Events": sum(state["events"].values()),
        "Lists": len(state["lists"]),
        "Catalogs": len(state["catalogs"]),
        "Forgotten users": state["forgotten"],
        "Answers 429": limited,
    }
    kinds = {"Project type": str(state["projectType"]), "Rate limits": "on" if project.settings.limits else "off"}
    return [*kinds.items(), *((name, f"{value:,}") for name, value in numbers.items())]


def webhooks(project: Project, request: Request, _body: bytes) -> Response:
    """GET /_page/webhooks: the webhooks, and their latest calls."""
    attempts = project.webhooks.attempts.latest()[: -ROWS - 1 : -1]
    return render(
        project,
        request,
        "webhooks.html",
        "webhooks",
        webhooks=Table(
            "webhooks",
            "Webhooks",
            ("Endpoint", "#Id", "Enabled", "#Events ticked", "Calls"),
            [_webhook(row) for row in control.overview(project)],
            empty="There are none. POST /_sandbox/webhooks creates one.",
        ),
        attempts=Table(
            "attempts",
            "Calls, the last first",
            ("Event", "At", "#Webhook", "#Call", "#Try", "Outcome", "Answer", "#Milliseconds"),
            [_attempt(row) for row in attempts],
            empty="Nothing was called yet.",
        ),
    )


def _webhook(row: dict[str, Any]) -> list[Cell]:
    calls = ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in row["calls"].items())
    enabled = "yes" if row["enabled"] else "no"
    return [Cell(row["endpoint"]), Cell(str(row["id"])), Cell(enabled), Cell(str(len(row["events"]))), Cell(calls)]


def _attempt(row: Attempt) -> list[Cell]:
    return [
        Cell(row.event),
        Cell(row.at),
        Cell(str(row.webhook)),
        Cell(str(row.delivery)),
        Cell(str(row.tries)),
        Cell(row.outcome.replace("_", " "), is_bad=row.outcome != "delivered"),
        Cell(str(row.status or row.problem or "none")),
        Cell(str(row.milliseconds)),
    ]
