"""System webhooks. They are made in the web interface; the API lists and updates them. The sandbox calls none."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.wire.body_schema import BOOLEAN, NUMBER, STRING, array_of, object_of
from iterable_sandbox.wire.responses import bad_params, json_answer

_AUTH_TYPES: Final = ("NoAuth", "Basic", "OAuth2")
_SECRET: Final = ("authToken", "headers")
_UPDATABLE: Final = ("endpoint", "authType", "enabled", "blastSendEnabled", "triggeredSendEnabled", *_SECRET)


def list_webhooks(call: Call) -> Response:
    """GET /api/webhooks."""
    return json_answer({"webhooks": [_shown(webhook) for webhook in call.project.store.resources.all("webhook")]})


def update_webhook(call: Call) -> Response:
    """POST /api/webhooks: only the given fields change. An unknown id is refused in plain text."""
    body = call.body
    webhook = call.project.store.resources.get("webhook", body["id"])
    if webhook is None:
        return PlainTextResponse(f"No webhook with id {body['id']}", 400)
    if body.get("authType") not in (None, *_AUTH_TYPES):
        raise bad_params(f"Invalid authType: {body['authType']}")
    webhook |= {name: body[name] for name in _UPDATABLE if body.get(name) is not None}
    call.project.store.resources.add("webhook", [(webhook["id"], webhook)])
    return json_answer(_shown(webhook))


def _shown(webhook: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in webhook.items() if name not in _SECRET}


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
