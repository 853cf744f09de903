"""Sending messages, and applying writes that are due. Messages are only recorded, as sent or skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from uuid import uuid4

from iterable_api.facts.identity import PLACEHOLDER_DOMAIN
from iterable_sandbox.project.project import Project
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.tables.scheduled import Scheduled
from iterable_sandbox.wire.json_text import to_json
from iterable_sandbox.writes import events, subscriptions

Json = Mapping[str, Any]

TYPES: Final[Mapping[str, str]] = {
    "Email": "emailSend",
    "Push": "pushSend",
    "InApp": "inAppSend",
    "SMS": "smsSend",
    "WebPush": "webPushSend",
    "WhatsApp": "whatsAppSend",
    "Embedded": "embeddedSend",
    "RCS": "rcsSend",
}
"""Medium of a campaign -> data type of its sends. The data type of its skips ends with `Skip`."""

WHOLE_CAMPAIGN: Final = 0
"""In place of the user of a scheduled message: the campaign goes to all its lists."""
_ZERO_COUNTERS: Final = {"catalogCollectionCount": 0, "catalogLookupCount": 0, "productRecommendationCount": 0}
_PHONE_FIELDS: Final = {"SMS": "toPhoneNumber", "WhatsApp": "toWhatsAppPhoneNumber"}


def send(project: Project, user: User, campaign: Json, request: Json, at_ms: int | None = None) -> None:
    """Record that a message was sent to a user, or why it was skipped.

    Args:
        project: the project.
        user: the recipient.
        campaign: resource of the campaign.
        request: body of the request that triggered the message.
        at_ms: time of sending in epoch milliseconds; None is now.
    """
    fields = _fields(project, campaign)
    type_, reason = TYPES[campaign["messageMedium"]], _skip_reason(project, user, campaign, request, fields)
    data = request.get("dataFields")
    fields |= {"messageId": uuid4().hex, "transactionalData": None if data is None else to_json(data)}
    if reason is not None:
        events.record(project, f"{type_}Skip", user, fields | {"reason": reason}, at_ms)
        return
    number = _PHONE_FIELDS.get(campaign["messageMedium"])
    reached = {} if number is None else {number: user.profile.get("phoneNumber")}
    events.record(project, type_, user, fields | reached | _ZERO_COUNTERS, at_ms)


def apply_due(project: Project) -> None:
    """Apply the delayed writes and send the scheduled messages that are due. Every request starts with this call."""
    project.delayed_writes.apply_due()
    _send_due(project)


def _send_due(project: Project) -> None:
    for message in project.store.schedule.due(project.clock.now()):
        with project.store.database.transaction():
            project.store.schedule.remove(message.id)
            _deliver(project, message)


def _deliver(project: Project, message: Scheduled) -> None:
    campaign = project.store.resources.get("campaign", message.campaign)
    if campaign is not None and message.user == WHOLE_CAMPAIGN:
        send_blast(project, campaign, message.due_ms)
        return
    user = project.store.users.by_row(message.user)
    if user is not None and campaign is not None:
        send(project, user, campaign, message.request, message.due_ms)


def send_blast(project: Project, campaign: Json, at_ms: int) -> None:
    """Send a blast to the members of its lists who are on no suppression list. It is finished at once."""
    users = members(project, campaign["listIds"]) - members(project, campaign["suppressionListIds"])
    for user in filter(None, map(project.store.users.by_row, sorted(users))):
        send(project, user, campaign, {}, at_ms)
    ended = {"campaignState": "Finished", "startAt": at_ms, "endedAt": at_ms, "sendSize": len(users)}
    project.store.resources.add("campaign", [(campaign["id"], {**campaign, **ended})])


def members(project: Project, list_ids: Iterable[int]) -> set[int]:
    """Row ids of the users on any of these lists. Lists that were deleted have none."""
    return {row for list_id in list_ids for row in project.store.lists.rows(list_id)}


def _fields(project: Project, campaign: Json) -> dict[str, Any]:
    """Ids of the campaign, its template, message type and channel, as far as the project has them."""
    template = project.store.resources.get("template", campaign["templateId"]) or {}
    type_id = template.get("messageTypeId")
    message_type = {} if type_id is None else project.store.resources.get("messageType", type_id) or {}
    return {
        "campaignId": campaign["id"],
        "templateId": campaign["templateId"],
        "messageTypeId": type_id,
        "channelId": message_type.get("channelId"),
    }


def _skip_reason(project: Project, user: User, campaign: Json, request: Json, fields: Json) -> str | None:
    """Reason to skip a message to a user, or None. Only the name of the first reason is documented."""
    ids = subscriptions.current(project, user)
    reasons: dict[str, Callable[[], bool]] = {
        "DuplicateMarketingMessage": lambda: (
            request.get("allowRepeatMarketingSends") is False and _was_sent(project, user, campaign)
        ),
        "ChannelUnsubscribed": lambda: fields["channelId"] in ids[subscriptions.UNSUBSCRIBED_CHANNELS],
        "MessageTypeUnsubscribed": lambda: fields["messageTypeId"] in ids[subscriptions.UNSUBSCRIBED_TYPES],
        "NoEmail": lambda: campaign["messageMedium"] == "Email" and not _can_be_mailed(user),
    }
    return next((name for name, applies in reasons.items() if applies()), None)


def _was_sent(project: Project, user: User, campaign: Json) -> bool:
    sent = project.store.events.of_user(user.id, types=[TYPES[campaign["messageMedium"]]])
    return any(event.line.get("campaignId") == campaign["id"] for event in sent)


def _can_be_mailed(user: User) -> bool:
    return user.email is not None and not user.email.endswith(f"@{PLACEHOLDER_DOMAIN}")
