"""Keys of `dataFields` by event: a table of all events that Iterable has system webhooks for.

E-mail events have the keys that were seen in production in 2026, and the others those of Iterable's examples, with what
later schemas name besides. Where there is neither, they have the keys of the export and the joined names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Names = tuple[str, ...]

_CAMPAIGN: Final[Names] = (
    "campaignName",
    "templateName",
    "workflowId",
    "workflowName",
    "experimentId",
    "labels",
    "locale",
    "channelId",
    "messageTypeId",
)
_IDS: Final[Names] = ("campaignId", "templateId", "messageId")
_MESSAGE: Final[Names] = _IDS + _CAMPAIGN
_EMAIL: Final[Names] = (*_MESSAGE, "emailSubject", "emailId")
_DOCUMENT: Final[Names] = ("esDocumentId",)
_COUNTERS: Final[Names] = ("catalogLookupCount", "catalogCollectionCount", "productRecommendationCount")
_PLACE: Final[Names] = ("ip", "userAgent", "userAgentDevice", "city", "region", "country")
_SEEN: Final[Names] = ("contentId", *_PLACE, "timeZone", "proxySource", "isBot")
_GROUPS: Final[Names] = ("emailListIds", "channelIds", "messageTypeIds")
_PUSH: Final[Names] = (
    *_MESSAGE,
    "pushMessage",
    "title",
    "payload",
    "sound",
    "badge",
    "contentAvailable",
    "deeplink",
    "attachmentUrlIos",
    "attachmentUrlAndroid",
)
_SMS: Final[Names] = (*_MESSAGE, "emailId", "smsMessage", "fromPhoneNumberId", "imageUrl")
_IN_APP: Final[Names] = (*_MESSAGE, "emailId", "contentId", "inAppBody", "messageContext", "expiresAt")
_SKIPPED: Final[Names] = (*_MESSAGE, "contentId", "reason")
_WHATSAPP: Final[Names] = ("toWhatsAppPhoneNumber", "espName")
_TRIGGER: Final[Names] = ("transactionalData",)
_PROVIDER: Final[Names] = ("billingParty", "espName", "espAccountId")
_COUNTRY: Final[Names] = ("recipientCountryCallingCode", "recipientCountryName", "senderPhoneNumberType")


@dataclass(frozen=True)
class PayloadKeys:
    """Required and optional keys of an event, beside `email` and `createdAt`."""

    required: Names
    optional: Names = ()


PAYLOADS: Final[Mapping[str, PayloadKeys]] = {
    "emailSend": PayloadKeys(
        (*_EMAIL, *_DOCUMENT, "contentId", *_COUNTERS, "messageBusId", "espName", "sendingDomain", *_TRIGGER)
    ),
    "emailOpen": PayloadKeys(_EMAIL + _SEEN),
    "emailClick": PayloadKeys((*_EMAIL, *_DOCUMENT, *_SEEN, "url", "linkUrl", "trackedLink"), ("hrefIndex",)),
    "emailBounce": PayloadKeys((*_EMAIL, *_DOCUMENT, "recipientState", "bounceMessage")),
    "emailComplaint": PayloadKeys((*_EMAIL, *_DOCUMENT, "recipientState")),
    "emailSendSkip": PayloadKeys((*_EMAIL, *_DOCUMENT, "contentId", "reason", *_TRIGGER)),
    "emailSubscribe": PayloadKeys((*_GROUPS, "signupSource", "profileUpdatedAt", "publicIdString"), ("userListIds",)),
    "emailUnSubscribe": PayloadKeys(
        (*_EMAIL, *_DOCUMENT, *_GROUPS, "unsubSource"),
        ("recipientState", "bounceMessage", "fromPhoneNumber", "userListIds"),
    ),
    "hostedUnsubscribeClick": PayloadKeys((*_EMAIL, *_PLACE, "url")),
    "inAppClick": PayloadKeys(("campaignId", "messageId", "clickedUrl", "deviceInfo"), ("inboxSessionId",)),
    "inAppOpen": PayloadKeys(("campaignId", "messageId", "deviceInfo"), ("inboxSessionId",)),
    "inAppDelete": PayloadKeys((*_MESSAGE, "deleteAction", "deviceInfo", "messageContext")),
    "inAppRecall": PayloadKeys(_MESSAGE, ("total",)),
    "inAppSend": PayloadKeys(_IN_APP, ("priorityLevel", *_TRIGGER)),
    "inAppSendSkip": PayloadKeys((*_IN_APP, "reason"), ("priorityLevel", *_TRIGGER)),
    "pushBounce": PayloadKeys((*_PUSH, "platformEndpoint")),
    "pushOpen": PayloadKeys((*_PUSH, "appAlreadyRunning")),
    "pushSend": PayloadKeys((*_PUSH, "contentId", "platformEndpoint"), _TRIGGER),
    "pushSendSkip": PayloadKeys(_SKIPPED, _TRIGGER),
    "pushUninstall": PayloadKeys((*_PUSH, "platformEndpoint", "isGhostPush")),
    "smsBounce": PayloadKeys((*_SMS, "smsProviderResponse")),
    "smsClick": PayloadKeys((*_SMS, "clickedUrl"), ("isBot",)),
    "smsReceived": PayloadKeys(
        ("fromPhoneNumber", "toPhoneNumber", "smsMessage"),
        (*_PROVIDER, *_COUNTRY, "smsReceiveCount", "mmsReceiveCount"),
    ),
    "smsSend": PayloadKeys(
        (*_SMS, "toPhoneNumber", "fromSMSSenderId", "contentId"),
        (*_PROVIDER, *_COUNTRY, "isSMSEstimation", "smsSendCount", "mmsSendCount", "renderedSmsMessage", *_TRIGGER),
    ),
    "smsSendSkip": PayloadKeys(_SKIPPED, _TRIGGER),
    "webPushSend": PayloadKeys(
        (
            *_MESSAGE,
            "emailId",
            "contentId",
            "browserToken",
            "webPushMessage",
            "webPushBody",
            "webPushIcon",
            "webPushClickAction",
        ),
        _TRIGGER,
    ),
    "webPushSendSkip": PayloadKeys(_SKIPPED, _TRIGGER),
    "webPushClick": PayloadKeys((*_MESSAGE, "contentId")),
    "embeddedClick": PayloadKeys((*_MESSAGE, "embeddedButtonId", "embeddedTargetUrl", "deviceInfo")),
    "embeddedImpression": PayloadKeys(
        (
            *_MESSAGE,
            "embeddedImpressionPlacementId",
            "embeddedImpressionDisplayCount",
            "embeddedImpressionDisplayDuration",
            "deviceInfo",
        ),
        ("embeddedSessionId",),
    ),
    "embeddedReceived": PayloadKeys((*_MESSAGE, "deviceInfo")),
    "embeddedSession": PayloadKeys(("embeddedSessionId", "deviceInfo")),
    "journeyExit": PayloadKeys(
        (
            "workflowId",
            "workflowName",
            "entranceTime",
            "exitTime",
            "exitReason",
            "exitRuleId",
            "exitNodeId",
            "nodeCount",
            "nodePath",
            "orgId",
            "projectId",
            "timeZone",
            *_DOCUMENT,
        )
    ),
    "whatsAppReceived": PayloadKeys(
        ("toWhatsAppPhoneNumber", "fromWhatsAppPhoneNumber", "whatsAppMessage", "receivedAt", "espName"),
        ("campaignId", "templateId", "replyToMessageId", "attributionType", "sanitized", "espAccountId"),
    ),
    "whatsAppSeen": PayloadKeys(
        (*_WHATSAPP, "campaignId", "templateId", "seenMessageId", "seenAt", "sentAt"),
        ("fromWhatsAppPhoneNumber", "espAccountId"),
    ),
    "whatsAppSend": PayloadKeys(
        (*_MESSAGE, *_WHATSAPP, "contentId", "fromWhatsAppSenderId", "renderedWhatsAppMessage"),
        ("billingParty", "espAccountId", *_TRIGGER),
    ),
    "whatsAppClick": PayloadKeys((*_MESSAGE, "clickedUrl", "userAgent", "userAgentDevice")),
    "whatsAppBounce": PayloadKeys(
        (*_MESSAGE, "toWhatsAppPhoneNumber", "contentId", "errorCode", "messageStatus"), ("espName",)
    ),
    "whatsAppSendSkip": PayloadKeys((*_SKIPPED, "espName"), _TRIGGER),
}
"""Keys by event, for all events that Iterable has system webhooks for. Their names are export data types, too."""

OLD_SKIP: Final = PayloadKeys(("campaignId", "messageId", "reason"))
"""A skip without joined names, as Iterable's examples of 2019 show it."""

OBJECTS: Final = frozenset({"deviceInfo", "messageContext", "smsProviderResponse", "whatsAppMessage", "sanitized"})
"""Objects of webhooks that are dotted keys in exports."""

STORED_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "smsSend": {"fromPhoneNumberId": "fromSMSSenderId"},
}
"""Keys of webhooks that are stored under another name, by event."""

EMPTY_VALUES: Final[Mapping[str, Any]] = {
    **{name: [] for name in (*_GROUPS, "labels")},
    **dict.fromkeys(("sound", "badge", "attachmentUrlIos", "attachmentUrlAndroid", "webPushMessage"), ""),
    "contentAvailable": False,
}
"""Empty values other than null, by key."""
