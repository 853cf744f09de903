"""Creating, changing and ending experiments. The texts of errors are not known."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.experiments.experiments import ONE, PATH, answer_with, existing_experiment, guarded
from iterable_sandbox.rules.experiments import (
    CHANNEL_TYPES,
    HOLDOUT,
    OPEN,
    RUNNING,
    TYPES,
    Row,
    new_experiment,
    status,
    variant_ids,
    with_settings,
)
from iterable_sandbox.wire.body_schema import BOOLEAN, NUMBER, OBJECT, STRING, object_of
from iterable_sandbox.wire.responses import bad_params

_SIZES: Final = (("holdoutSettings", "holdOutGroupSize"), ("explorationBlastSettings", "testSizePercentage"))
_LEAST_VARIANTS: Final = 2
_EVENTS: Final = ("opens", "clicks")
_LARGEST_SIZE: Final = 99


def create_experiment(call: Call) -> Response:
    """POST /api/experiments: a draft, with the template of the campaign as its control."""
    body, resources = call.body, call.project.store.resources
    campaign = resources.get("campaign", body["campaignId"])
    if campaign is None or campaign.get("messageMedium") != "Email" or "templateId" not in campaign:
        raise bad_params(f"Invalid campaign id: {body['campaignId']}")
    if body["experimentType"] not in TYPES:
        raise bad_params(f"Invalid experimentType: {body['experimentType']}")
    name = body.get("name") or f"{campaign['name']} Experiment"
    number = resources.new_id("experiment")
    return _stored(call, new_experiment(number, name, campaign, body["experimentType"], call.project.clock.now()))


def copy_variant(call: Call) -> Response:
    """POST /api/experiments/{experimentId}/variants: adds a variant with a copy of a template."""
    row, body, resources = _in_state(call, OPEN), call.body, call.project.store.resources
    template = resources.get("template", body["copyFromTemplateId"])
    if template is None or CHANNEL_TYPES.get(template["messageMedium"]) != row.get("channelType", "email"):
        raise bad_params(f"Invalid template id: {body['copyFromTemplateId']}")
    number, now = resources.new_id("template"), call.project.clock.now()
    name = body.get("name") or f"Copy of {template['name']}"
    copied = {key: value for key, value in template.items() if key != "clientTemplateId"}
    copied |= {"templateId": number, "name": name, "createdAt": now, "updatedAt": now}
    resources.add("template", [(number, copied | {"campaignId": row["campaignId"]})])
    more = {"templateIds": [*row["templateIds"], number], "variantNames": [*row.get("variantNames", []), name]}
    return _stored(call, row | more | {"status": "ready"})


def update_settings(call: Call) -> Response:
    """PATCH /api/experiments/{experimentId}/settings: null removes a block, and what is absent stays."""
    row, body = _in_state(call, OPEN), call.body
    if body.get("evenlySplitVariations") is False:
        raise bad_params("evenlySplitVariations must be true")
    for block, size in _SIZES:
        if body.get(block) is not None and not 1 <= body[block][size] <= _LARGEST_SIZE:
            raise bad_params(f"{size} must be between 1 and {_LARGEST_SIZE}")
    event = (body.get("conversionEventSettings") or {}).get("systemConversionEventType")
    if event is not None and event.lower() not in _EVENTS:
        raise bad_params(f"Invalid systemConversionEventType: {event}")
    return _stored(call, with_settings(row, body))


def start_experiment(call: Call) -> Response:
    """POST /api/experiments/{experimentId}/start: of a draft with at least two variants."""
    row = _in_state(call, OPEN)
    if len(row["templateIds"]) < _LEAST_VARIANTS:
        raise bad_params("An experiment needs at least two variants")
    return _stored(call, row | {"status": "running", "startDate": call.project.clock.now()})


def cancel_experiment(call: Call) -> Response:
    """POST /api/experiments/{experimentId}/cancel: ends a running one without a winner."""
    return _stored(call, _in_state(call, RUNNING) | _finished(call) | {"winner": None})


def declare_winner(call: Call) -> Response:
    """POST /api/experiments/{experimentId}/winner: ends a running one. The holdout cannot win."""
    row, winner = _in_state(call, RUNNING), call.body["variantId"]
    if winner == HOLDOUT or winner not in variant_ids(row):
        raise bad_params(f"Invalid variant id: {winner}")
    return _stored(call, row | _finished(call) | {"winner": winner})


def delete_experiment(call: Call) -> Response:
    """POST /api/experiments/{experimentId}/delete: of a draft. It answers with what it has deleted."""
    row = _in_state(call, OPEN)
    call.project.store.resources.delete("experiment", row["id"])
    return answer_with(call, row)


def _finished(call: Call) -> dict[str, Any]:
    return {"status": "finished", "finishDate": call.project.clock.now()}


def _in_state(call: Call, allowed: Collection[str]) -> Row:
    row = existing_experiment(call)
    if status(row) not in allowed:
        raise bad_params(f"The experiment is {status(row)}, and not one of: {', '.join(allowed)}")
    return row


def _stored(call: Call, row: Row) -> Response:
    call.project.store.resources.add("experiment", [(row["id"], row)])
    return answer_with(call, row)


_SETTINGS: Final = object_of(
    conversionEventSettings=object_of(systemConversionEventType=STRING, customConversionId=NUMBER),
    holdoutSettings=object_of(
        required=("holdOutGroupSize", "attributionPeriodHours"), holdOutGroupSize=NUMBER, attributionPeriodHours=NUMBER
    ),
    explorationBlastSettings=object_of(
        required=("testSizePercentage", "testDurationMinutes"), testSizePercentage=NUMBER, testDurationMinutes=NUMBER
    ),
    explorationTriggerSettings=object_of(required=("testSendsPerVariation",), testSendsPerVariation=NUMBER),
    evenlySplitVariations=BOOLEAN,
)
_NEW: Final = object_of(
    required=("campaignId", "experimentType"), campaignId=NUMBER, experimentType=STRING, name=STRING
)
_COPY: Final = object_of(required=("copyFromTemplateId",), copyFromTemplateId=NUMBER, name=STRING)
_WINNER: Final = object_of(required=("variantId",), variantId=NUMBER)

ENDPOINTS: Final = (
    Endpoint("POST", PATH, guarded(create_experiment), _NEW),
    Endpoint("POST", f"{ONE}/variants", guarded(copy_variant), _COPY),
    Endpoint("PATCH", f"{ONE}/settings", guarded(update_settings), _SETTINGS),
    Endpoint("POST", f"{ONE}/start", guarded(start_experiment), OBJECT),
    Endpoint("POST", f"{ONE}/cancel", guarded(cancel_experiment), OBJECT),
    Endpoint("POST", f"{ONE}/winner", guarded(declare_winner), _WINNER),
    Endpoint("POST", f"{ONE}/delete", guarded(delete_experiment), OBJECT),
)
