"""System webhooks. They are made in the web interface; the API lists and updates them."""

from __future__ import annotations

from typing import Final

from starlette.responses import PlainTextResponse, Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.webhooks.registration import AUTH_TYPES, as_json
from iterable_sandbox.wire.body_schema import BOOLEAN, NUMBER, STRING, array_of, object_of
from iterable_sandbox.wire.responses import bad_params, json_answer

_UPDATABLE: Final = (
    "endpoint",
    "authType",
    "authToken",
    "headers",
    "enabled",
    "blastSendEnabled",
    "triggeredSendEnabled",
)


def list_webhooks(call: Call) -> Response:
    """GET /api/webhooks."""
    return json_answer({"webhooks": [as_json(webhook) for webhook in call.project.store.resources.all("webhook")]})


def update_webhook(call: Call) -> Response:
    """POST /api/webhooks: only the given fields change. An unknown id is refused in plain text."""
    body = call.body
    webhook = call.project.store.resources.get("webhook", body["id"])
    if webhook is None:
        return PlainTextResponse(f"No webhook with id {body['id']}", 400)
    if body.get("authType") not in (None, *AUTH_TYPES):
        raise bad_params(f"Invalid authType: {body['authType']}")
    webhook |= {name: body[name] for name in _UPDATABLE if body.get(name) is not None}
    call.project.store.resources.add("webhook", [(webhook["id"], webhook)])
    return json_answer(as_json(webhook))


_UPDATE: Final = object_of(
    required=("id",),
    id=NUMBER,
    endpoint=STRING,
    authType=STRING,
    authToken=STRING,
    enabled=BOOLEAN,
    blastSendEnabled=BOOLEAN,
    triggeredSendEnabled=BOOLEAN,
    headers=array_of(object_of(required=("key", "value"), key=STRING, value=STRING)),
)

ENDPOINTS: Final = (
    Endpoint("GET", "/api/webhooks", list_webhooks),
    Endpoint("POST", "/api/webhooks", update_webhook, _UPDATE),
)
