"""Payload of an event: `email`, `userId`, `eventName`, and `dataFields` with the keys of `payload_keys`."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.store.tables.events import Event
from iterable_sandbox.webhooks.message_context import MessageContext
from iterable_sandbox.webhooks.payload_keys import EMPTY_VALUES, OBJECTS, OLD_SKIP, PAYLOADS, STORED_NAMES, PayloadKeys
from iterable_sandbox.wire.json_text import from_own_json

_MAX_DATA_LENGTH: Final = 12_000
"""Documented limit of `transactionalData` in characters. Cutting off the rest is an assumption."""
_NAMES: Final = ("email", "userId")
_WITHOUT_MESSAGE_ID: Final = frozenset({"pushOpen", "inAppOpen", "inAppClick"})


def build_payload(event: Event, context: MessageContext, settings: Settings, store: Store) -> dict[str, Any]:
    """Return the JSON object for a stored event, whose type must be in `PAYLOADS`."""
    fields = _EventFields(event, context, settings, store)
    keys = _keys(event.type, settings)
    data = {"createdAt": event.line["createdAt"]}
    data |= {name: fields.value(name) for name in keys.required}
    data |= {name: value for name in keys.optional if (value := fields.stored(name)) is not None}
    if "transactionalData" in data:
        data["transactionalData"] = _transactional_data(data["transactionalData"], settings)
    named: dict[str, Any] = {name: event.line[name] for name in _NAMES if name in event.line}
    return named | {"eventName": _event_name(event.type, settings), "dataFields": _identity(named) | data}


def _keys(type_: str, settings: Settings) -> PayloadKeys:
    if type_.endswith("SendSkip") and not settings.webhook_names_on_skips:
        return OLD_SKIP
    keys = PAYLOADS[type_]
    left_out = set() if settings.webhook_document_ids else {"esDocumentId"}
    if not settings.webhook_message_ids and type_ in _WITHOUT_MESSAGE_ID:
        left_out.add("messageId")
    return PayloadKeys(tuple(name for name in keys.required if name not in left_out), keys.optional)


def _event_name(type_: str, settings: Settings) -> str:
    return settings.webhook_in_app_delete if type_ == "inAppDelete" else type_


def _identity(named: Mapping[str, str]) -> dict[str, str]:
    """Return the identifier that `dataFields` repeats: the address, or else the userId."""
    return dict([*named.items()][:1])


def _transactional_data(text: str | None, settings: Settings) -> Any:
    if settings.webhook_transactional_data == "object":
        return from_own_json(text or "{}")
    return (text or "{}")[:_MAX_DATA_LENGTH]


class _EventFields:
    """Values of one event by their keys in webhooks."""

    def __init__(self, event: Event, context: MessageContext, settings: Settings, store: Store) -> None:
        self._event = event
        self._line = event.line
        self._context = context.fields
        self._settings = settings
        self._store = store
        self._aliases = STORED_NAMES.get(event.type, {})

    def stored(self, name: str) -> Any:
        """Return the value that the export has under this name, an older one, or dotted keys."""
        for known in (name, self._aliases.get(name, name)):
            if (value := self._line.get(known)) is not None:
                return value
        if name not in OBJECTS:
            return None
        start = f"{name}."
        return {key.removeprefix(start): value for key, value in self._line.items() if key.startswith(start)} or None

    def value(self, name: str) -> Any:
        """Return the stored, joined or derived value of a required key, or else its empty value."""
        found = self.stored(name)
        if found is None:
            found = self._context.get(name)
        if found is None and name in _MADE:
            found = _MADE[name](self)
        return EMPTY_VALUES.get(name) if found is None else found

    def recipient(self) -> str:
        """Return the user's address, or else the userId."""
        return str(self._line.get("email") or self._line.get("userId"))

    def email_id(self) -> str | None:
        """Return `c<campaign>:t<template>:<recipient>`."""
        campaign, template = self._context["campaignId"], self._context["templateId"]
        return None if campaign is None else f"c{campaign}:t{template}:{self.recipient()}"

    def document_id(self) -> str:
        """Return an id of the event that is the same at each delivery, in the form of Elasticsearch's ids."""
        named = sha256(f"{self._settings.project_id}/{self._event.type}/{self._event.row}".encode()).digest()
        return urlsafe_b64encode(named)[:20].decode()

    def tracked_link(self) -> dict[str, Any]:
        """Return the clicked link as the template has it: the URL, since nothing is rendered."""
        url = self._line.get("url")
        named = sha256(f"{self._context['templateId']}/{url}".encode()).hexdigest()
        return {"trackingId": named[:16], "templateUrl": url}

    def time_zone(self) -> Any:
        """Return the time zone of the user's profile."""
        user = self._store.users.by_row(self._event.user)
        return None if user is None else user.profile.get("timeZone")

    def project_id(self) -> int:
        """Return the id of the project."""
        return self._settings.project_id


_MADE: Final[Mapping[str, Callable[[_EventFields], Any]]] = {
    "emailId": _EventFields.email_id,
    "esDocumentId": _EventFields.document_id,
    "linkUrl": lambda fields: fields.stored("url"),
    "projectId": _EventFields.project_id,
    "publicIdString": lambda fields: str(uuid5(NAMESPACE_URL, fields.recipient())),
    "timeZone": _EventFields.time_zone,
    "trackedLink": _EventFields.tracked_link,
}
"""Keys with derived values."""
