"""Filters of webhooks: blast and triggered sends, channels, message types, changes of lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.tables.events import Event
from iterable_sandbox.webhooks.message_context import MessageContext
from iterable_sandbox.webhooks.registration import Webhook

_SWITCHES: Final[Mapping[str, str]] = {"Blast": "blastSendEnabled", "Triggered": "triggeredSendEnabled"}
_FILTERS: Final[Mapping[str, str]] = {"channelIds": "channelId", "messageTypeIds": "messageTypeId"}
_SUBSCRIPTIONS: Final = ("emailSubscribe", "emailUnSubscribe")


def is_delivered(event: Event, settings: Settings) -> bool:
    """Return whether an event is delivered at all: changes of lists only with `webhook_list_updates`."""
    if settings.webhook_list_updates or event.type not in _SUBSCRIPTIONS or not event.line.get("emailListIds"):
        return True
    return bool(event.line.get("channelIds") or event.line.get("messageTypeIds"))


def matches(webhook: Webhook, event: Event, context: MessageContext, settings: Settings) -> bool:
    """Return whether an event passes the filters of a webhook that is enabled and has it ticked."""
    return _is_switched_on(webhook, event.type, context, settings) and all(
        _passes(webhook[ids], context.fields[name], settings) for ids, name in _FILTERS.items()
    )


def _is_switched_on(webhook: Webhook, type_: str, context: MessageContext, settings: Settings) -> bool:
    """Read the switches as the ticks "Email Blast Send" and "Email Triggered Send" of the web interface."""
    if type_ != "emailSend" and settings.webhook_send_switches == "emailSend":
        return True
    switch = _SWITCHES.get(context.campaign_type or "")
    return switch is None or bool(webhook[switch])


def _passes(allowed: list[int], number: Any, settings: Settings) -> bool:
    if not allowed:
        return True
    if number is None:
        return settings.webhook_without_channel == "send"
    return number in allowed
