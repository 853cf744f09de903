"""Registration of webhooks: in Iterable's web interface, here over `/_sandbox`.

A webhook is the JSON object that `GET /api/webhooks` shows, and in the store also `authToken`, `headers` and `events`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.webhooks.destination import endpoint_problem
from iterable_sandbox.webhooks.payload_keys import PAYLOADS
from iterable_sandbox.wire import typed_json
from iterable_sandbox.wire.bounds import Count, Positive

Webhook = Mapping[str, Any]

AUTH_TYPES: Final = ("NoAuth", "Basic", "OAuth2")
HIDDEN: Final = ("authToken", "headers", "events")
"""Fields of a webhook that the API never shows."""

_LINE: Final = r"^[^\r\n]*$"
_Text = Annotated[str, Field(pattern=_LINE)]
_EXACT: Final = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=False)


class _Header(BaseModel):
    model_config = _EXACT
    key: Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
    value: _Text


class _WebhookBody(BaseModel):
    """Fields of a webhook with the defaults of a new one."""

    model_config = _EXACT
    id: Positive | None = None
    endpoint: _Text = ""
    auth_type: Literal["NoAuth", "Basic", "OAuth2"] = "NoAuth"
    auth_token: _Text = ""
    enabled: bool = True
    blast_send_enabled: bool = True
    triggered_send_enabled: bool = True
    channel_ids: list[Count] = []
    message_type_ids: list[Count] = []
    headers: list[_Header] = []
    events: list[str] = list(PAYLOADS)


_DRAFT: Final = TypeAdapter(_WebhookBody)


def save(store: Store, settings: Settings, text: bytes | str) -> dict[str, Any]:
    """Create a webhook from a JSON object, or change the one with its `id`, and return it. New ones get all events.

    Raises:
        ValueError: naming what is wrong; also if the endpoint could never be called.
    """
    draft = typed_json.read(_DRAFT, text)
    known = None if draft.id is None else store.resources.get("webhook", draft.id)
    asked = draft.model_dump(by_alias=True, exclude_unset=known is not None)
    if others := set(asked.get("events", ())) - PAYLOADS.keys():
        raise ValueError(f"events: Iterable has no system webhook for {', '.join(sorted(others))}")
    webhook = {**(known or {}), **asked}
    if ("endpoint" in asked or known is None) and (problem := endpoint_problem(webhook["endpoint"], settings)):
        raise ValueError(f"endpoint: {problem}")
    webhook["id"] = draft.id or store.resources.new_id("webhook")
    store.resources.add("webhook", [(webhook["id"], webhook)])
    return webhook


def as_json(webhook: Webhook) -> dict[str, Any]:
    """Return the fields that the API shows: neither secrets nor events."""
    return {name: value for name, value in webhook.items() if name not in HIDDEN}


def ticked_events(webhook: Webhook) -> list[str]:
    """Return the ticked events. Seeded webhooks have none, so that no request leaves for them."""
    ticked: list[str] = webhook.get("events", [])
    return ticked
