"""Experiments: the list, the details and the contents of their variants."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint, Handler
from iterable_sandbox.rules.experiments import Row, details, flat_details, list_item, listed_status, variants
from iterable_sandbox.wire.responses import RefusedError, action_not_found, bad_params, json_answer, not_found

PATH: Final = "/api/experiments"
ONE: Final = f"{PATH}/{{experimentId}}"
_STATES: Final = ("draft", "running", "finished")
_DEFAULT_LIMIT: Final = 20
_LARGEST_LIMIT: Final = 1000
_CONTENT: Final = {"subject": "subject", "preheader": "preheaderText", "htmlSource": "html", "plainText": "plainText"}
"""Field of a variant's content -> field of the content of its template."""


def guarded(handler: Handler) -> Handler:
    """Return a handler that answers like a missing route where the project does not have these endpoints."""

    def answer(call: Call) -> Response:
        if call.project.settings.experiment_answers == "absent":
            raise RefusedError(action_not_found(call.request_line))
        return handler(call)

    return answer


def existing_experiment(call: Call) -> Row:
    """Find the experiment of the path.

    Raises:
        RefusedError: 404. Iterable's answer is not known.
    """
    number = call.parse_integer("experimentId", call.path["experimentId"])
    found = call.project.store.resources.get("experiment", number)
    if found is None:
        raise not_found(f"Experiment not found: {number}")
    return {"templateIds": [], **found}


def answer_with(call: Call, row: Row) -> Response:
    """Answer with the details of an experiment, in the form that the project is set to."""
    flat = call.project.settings.experiment_answers == "flat"
    return json_answer(flat_details(row) if flat else details(row, call.project.settings.project_id))


def list_experiments(call: Call) -> Response:
    """GET /api/experiments: filtered by campaign, state and time of the start, in the order of ids.

    Which time the range is about, the order, and the answer to a larger limit are not known.
    """
    state, campaign = call.text("state"), call.integer("campaignId")
    if state is not None and state not in _STATES:
        raise bad_params(f"Invalid state: {state}")
    earliest, latest = call.window()
    found = [
        row
        for row in call.project.store.resources.all("experiment")
        if (campaign is None or row["campaignId"] == campaign)
        and (state is None or listed_status(row) == state)
        and _is_between(row.get("startDate"), earliest, latest)
    ]
    limit, offset = call.integer("limit"), call.integer("offset") or 0
    size = _DEFAULT_LIMIT if limit is None else max(1, min(limit, _LARGEST_LIMIT))
    page = found[max(0, offset) :][:size]
    return json_answer({"experiments": [list_item(row) for row in page], "totalCount": len(found)})


def get_experiment(call: Call) -> Response:
    """GET /api/experiments/{experimentId}."""
    return answer_with(call, existing_experiment(call))


def get_variants(call: Call) -> Response:
    """GET /api/experiments/{experimentId}/variants: with the contents of e-mails."""
    row = existing_experiment(call)
    flat = call.project.settings.experiment_answers == "flat"
    shown = [_with_content(call, one, flat=flat) for one in variants(row)]
    return json_answer({"experimentId": row["id"], "variants": shown})


def _with_content(call: Call, variant: Row, *, flat: bool) -> dict[str, Any]:
    template = call.project.store.resources.get("template", variant["value"]["templateId"]) or {}
    stored = template.get("contents", {}).get("") if template.get("messageMedium") == "Email" else None
    content = None if stored is None else {name: stored.get(field) for name, field in _CONTENT.items()}
    shared = {"name": variant["name"], "content": content}
    if flat:
        return {"id": variant["id"], "percentage": variant["currentPercentage"], **shared}
    return {"variantId": variant["id"], **{name: variant[name] for name in ("value", "currentPercentage")}, **shared}


def _is_between(started_ms: int | None, earliest: int | None, latest: int | None) -> bool:
    if earliest is None and latest is None:
        return True
    if started_ms is None:
        return False
    at = int(datetime.fromtimestamp(started_ms / 1000, UTC).timestamp())
    return (earliest is None or at >= earliest) and (latest is None or at < latest)


ENDPOINTS: Final = (
    Endpoint("GET", PATH, guarded(list_experiments)),
    Endpoint("GET", ONE, guarded(get_experiment)),
    Endpoint("GET", f"{ONE}/variants", guarded(get_variants)),
)
