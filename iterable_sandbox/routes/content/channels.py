"""Channels and message types, without paging."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.wire.responses import json_answer


def list_channels(call: Call) -> Response:
    """GET /api/channels."""
    return json_answer({"channels": call.project.store.resources.all("channel")})


def list_message_types(call: Call) -> Response:
    """GET /api/messageTypes."""
    return json_answer({"messageTypes": call.project.store.resources.all("messageType")})


ENDPOINTS: Final = (
    Endpoint("GET", "/api/channels", list_channels),
    Endpoint("GET", "/api/messageTypes", list_message_types),
)
