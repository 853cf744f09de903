"""Iterable's export data types as one table: name on the wire, stream name, known fields.

The names are those of the API contract of July 2026 (53 of them). Any field may be absent, and a line may hold more;
`event_fields` has their types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from iterable_api.facts.event_fields import FIELDS

Names = tuple[str, ...]

_COMMON: Final[Names] = ("createdAt", "email", "userId", "itblUserId", "campaignId", "eventName", "itblInternal")
_MESSAGE: Final[Names] = ("messageId", "templateId")
_CHANNEL: Final[Names] = ("channelId", "messageTypeId")
_CONTENT: Final[Names] = ("contentId",)
_REASON: Final[Names] = ("reason",)
_TRIGGER: Final[Names] = ("transactionalData",)
_COUNTERS: Final[Names] = ("catalogCollectionCount", "catalogLookupCount", "productRecommendationCount")
_PLACE: Final[Names] = ("ip", "city", "region", "country", "timeZone", "userAgent", "userAgentDevice")
_SEND: Final[Names] = _MESSAGE + _CHANNEL + _CONTENT + _COUNTERS
_SKIP: Final[Names] = _MESSAGE + _CHANNEL + _CONTENT + _REASON + _TRIGGER
_BOT: Final[Names] = ("isBot",)
_ESP: Final[Names] = ("espName", "espAccountId")
_DEVICE: Final[Names] = ("deviceInfo",)
_IN_APP: Final[Names] = _MESSAGE + _DEVICE + ("messageContext", "expiresAt", "sentAt", "inboxSessionId")
_SUBSCRIPTION: Final[Names] = (
    "templateId",
    "workflowId",
    "emailListId",
    "emailListIds",
    "channelIds",
    "messageTypeIds",
)
_WHATSAPP: Final[Names] = ("toWhatsAppPhoneNumber",)
_WHATSAPP_TEXT: Final[Names] = ("whatsAppBodyField",)
_JOURNEY: Final[Names] = ("workflowId", "workflowName", "nodeCount", "nodePath", "orgId", "projectId", "timeZone")
_EXIT: Final[Names] = ("entranceTime", "exitTime", "exitReason", "exitRuleId", "exitNodeId")
_USER: Final[Names] = (
    "email",
    "userId",
    "itblUserId",
    "profileUpdatedAt",
    "signupDate",
    "signupSource",
    "firstName",
    "lastName",
    "phoneNumber",
    "phoneNumberDetails",
    "whatsAppPhoneNumber",
    "locale",
    "timeZone",
    "country",
    "region",
    "city",
    "ip",
    "lastKnownLatitude",
    "lastKnownLongitude",
    "receivedSMSDisclaimer",
    "knownLitigatorFilter",
    "emailListIds",
    "userListIds",
    "subscribedMessageTypeIds",
    "unsubscribedChannelIds",
    "unsubscribedMessageTypeIds",
    "devices",
    "browserTokens",
    "shoppingCartItems",
    "profile",
    "itblInternal",
    "itblDS",
)


@dataclass(frozen=True)
class DataType:
    """One export data type.

    Attributes:
        name: the value of `dataTypeName`.
        stream: the name of the stream.
        fields: the known fields with their types.
        range_field: the field that `startDateTime` and `endDateTime` filter on.
    """

    name: str
    stream: str
    fields: Mapping[str, str]
    range_field: str = "createdAt"


def _typed(*groups: Names) -> dict[str, str]:
    return {name: FIELDS[name].type for group in groups for name in group}


def _event(name: str, stream: str, *groups: Names) -> DataType:
    return DataType(name, stream, _typed(_COMMON, *groups))


USER: Final = DataType("user", "users", _typed(_USER), range_field="profileUpdatedAt")

EVENTS: Final[tuple[DataType, ...]] = (
    _event("emailSend", "email_send", _SEND, _TRIGGER, ("espName", "messageBusId")),
    _event("emailOpen", "email_open", _MESSAGE, _CONTENT, _PLACE, _BOT, ("proxySource",)),
    _event("emailClick", "email_click", _MESSAGE, _CONTENT, _PLACE, _BOT, ("proxySource", "url", "hrefIndex")),
    _event("hostedUnsubscribeClick", "hosted_unsubscribe_click", _MESSAGE, _CHANNEL, _PLACE, ("url",)),
    _event("emailComplaint", "email_complaint", _MESSAGE, ("recipientState",)),
    _event("emailBounce", "email_bounce", _MESSAGE, ("recipientState", "status", "bounceMessage")),
    _event("emailSendSkip", "email_send_skip", _SKIP),
    _event("pushSend", "push_send", _SEND, _TRIGGER, ("platformEndpoint", "notificationsEnabled")),
    _event(
        "pushOpen",
        "push_open",
        _MESSAGE,
        ("actionIdentifier", "appAlreadyRunning", "sentAt"),
    ),
    _event("pushUninstall", "push_uninstall", _MESSAGE, ("isGhostPush", "platformEndpoint")),
    _event("pushBounce", "push_bounce", _MESSAGE, _CHANNEL, ("platformEndpoint",)),
    _event("pushSendSkip", "push_send_skip", _SKIP),
    _event(
        "inAppSend",
        "in_app_send",
        _SEND,
        ("expiresAt", "messageContext", "priorityLevel"),
    ),
    _event("inAppOpen", "in_app_open", _IN_APP),
    _event("inAppClick", "in_app_click", _IN_APP, ("clickedUrl",)),
    _event("inAppClose", "in_app_close", _IN_APP, ("clickedUrl", "closeAction")),
    _event("inAppDelete", "in_app_delete", _IN_APP, ("deleteAction",)),
    _event("inAppDelivery", "in_app_delivery", _IN_APP),
    _event("inAppSendSkip", "in_app_send_skip", _SKIP, ("messageContext", "expiresAt")),
    _event("inAppRecall", "in_app_recall", _MESSAGE, ("total",)),
    _event("inboxSession", "inbox_session", _DEVICE),
    _event("inboxMessageImpression", "inbox_message_impression", _MESSAGE, _DEVICE),
    _event(
        "smsSend",
        "sms_send",
        _SEND,
        _TRIGGER,
        _ESP,
        (
            "billingParty",
            "fromSMSSenderId",
            "isSMSEstimation",
            "messageBusId",
            "mmsSendCount",
            "renderedSmsMessage",
            "smsSendCount",
            "toPhoneNumber",
        ),
    ),
    _event("smsBounce", "sms_bounce", _MESSAGE, _CHANNEL, ("smsProviderResponse",)),
    _event("smsClick", "sms_click", _MESSAGE, _BOT, ("clickedUrl",)),
    _event(
        "smsReceived",
        "sms_received",
        _ESP,
        (
            "billingParty",
            "fromPhoneNumber",
            "mmsReceiveCount",
            "recipientCountryCallingCode",
            "recipientCountryName",
            "senderPhoneNumberType",
            "smsMessage",
            "smsReceiveCount",
            "toPhoneNumber",
        ),
    ),
    _event("smsSendSkip", "sms_send_skip", _SKIP),
    _event("webPushSend", "web_push_send", _SEND, ("browserToken",)),
    _event("webPushClick", "web_push_click", _MESSAGE, _CONTENT),
    _event("webPushSendSkip", "web_push_send_skip", _SKIP),
    _event("rcsSend", "rcs_send", _MESSAGE),
    _event("rcsSendSkip", "rcs_send_skip", _MESSAGE, _REASON),
    _event(
        "emailSubscribe",
        "email_subscribe",
        _SUBSCRIPTION,
        ("profileUpdatedAt", "signupSource"),
    ),
    _event(
        "emailUnSubscribe",
        "email_unsubscribe",
        _SUBSCRIPTION,
        ("bounceMessage", "channelId", "messageId", "recipientState", "status", "unsubSource"),
    ),
    _event(
        "purchase",
        "purchase",
        ("id", "templateId", "total", "shoppingCartItems", "items"),
    ),
    _event("customEvent", "custom_event", ("id", "templateId", "eventUpdatedAt")),
    _event("smsUsageInfo", "sms_usage_info", _MESSAGE),
    _event("embeddedSend", "embedded_send", _MESSAGE),
    _event("embeddedSendSkip", "embedded_send_skip", _MESSAGE, _REASON),
    _event(
        "embeddedClick",
        "embedded_click",
        _MESSAGE,
        _DEVICE,
        ("embeddedButtonId", "embeddedTargetUrl"),
    ),
    _event("embeddedReceived", "embedded_received", _MESSAGE, _DEVICE),
    _event(
        "embeddedImpression",
        "embedded_impression",
        _MESSAGE,
        _DEVICE,
        (
            "embeddedSessionId",
            "embeddedImpressionPlacementId",
            "embeddedImpressionDisplayCount",
            "embeddedImpressionDisplayDuration",
        ),
    ),
    _event("embeddedSession", "embedded_session", _DEVICE, ("embeddedSessionId",)),
    _event("unknownSession", "unknown_session", _DEVICE),
    _event("journeyExit", "journey_exit", _JOURNEY, _EXIT),
    _event(
        "whatsAppBounce",
        "whatsapp_bounce",
        _MESSAGE,
        _CHANNEL,
        _CONTENT,
        _WHATSAPP,
        _WHATSAPP_TEXT,
        ("errorCode", "messageStatus"),
    ),
    _event(
        "whatsAppClick",
        "whatsapp_click",
        _MESSAGE,
        _WHATSAPP_TEXT,
        ("clickedUrl", "userAgent", "userAgentDevice"),
    ),
    _event(
        "whatsAppReceived",
        "whatsapp_received",
        _ESP,
        _WHATSAPP,
        (
            "attributionType",
            "fromWhatsAppPhoneNumber",
            "receivedAt",
            "replyToMessageId",
            "sanitized",
            "templateId",
            "whatsAppMessage",
        ),
    ),
    _event(
        "whatsAppSeen",
        "whatsapp_seen",
        _ESP,
        _WHATSAPP,
        ("fromWhatsAppPhoneNumber", "seenAt", "seenMessageId", "sentAt", "templateId"),
    ),
    _event(
        "whatsAppSend",
        "whatsapp_send",
        _SEND,
        _TRIGGER,
        _ESP,
        _WHATSAPP,
        _WHATSAPP_TEXT,
        ("billingParty", "fromWhatsAppSenderId", "renderedWhatsAppMessage"),
    ),
    _event("whatsAppSendSkip", "whatsapp_send_skip", _SKIP, _WHATSAPP_TEXT, ("espName",)),
    _event("whatsAppUsageInfo", "whatsapp_usage_info", _MESSAGE),
)

DATA_TYPES: Final[tuple[DataType, ...]] = (*EVENTS, USER)


OTHER_NAMES: Final[Mapping[str, str]] = {"anonSession": "unknownSession"}
"""Names of data types in Iterable's own client, where they are not those of the contract."""


def unknown_data_type(name: str) -> DataType:
    """A data type that is not in the table, as a stream of events with the fields that every event has."""
    return DataType(name, snake(name.replace("whatsApp", "whatsapp")), _typed(_COMMON))


def snake(name: str) -> str:
    """A name in snake case. Capitals in a row are one word with what follows: `isSMSText` becomes `is_smstext`."""
    return _WORD_START.sub("_", name).lower()


_WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
