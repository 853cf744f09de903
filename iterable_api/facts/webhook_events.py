"""Iterable's system webhooks: which events they carry, and the fields that the export of the same event lacks.

The names are the headings of Iterable's article on system webhooks; each is the name of an export data type, too. The
fields are those of published payloads, of schemas made from production, and of one company's stream of e-mail events
in 2026. Any may be absent or null, and a payload may hold more.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from iterable_api.facts.event_fields import FIELDS, Field

Names = tuple[str, ...]

_OF_WEBHOOKS: Final[Mapping[str, Field]] = MappingProxyType(
    {
        "campaignName": Field("string", "The name of the campaign."),
        "templateName": Field("string", "The name of the template."),
        "experimentId": Field("string", "The experiment that it belongs to."),
        "labels": Field("array:string", "The labels of the campaign."),
        "locale": Field("string", "The locale of the message."),
        "esDocumentId": Field("string", "Iterable's own id of the event."),
        "emailId": Field("string", "Campaign, template and address in one text."),
        "emailSubject": Field("string", "The subject as the template has it, not rendered."),
        "sendingDomain": Field("string", "The domain that the message was sent from."),
        "dataFeed": Field("object", "Data that the template was rendered with."),
        "linkUrl": Field("string", "The link as the template has it."),
        "trackedLink": Field("object", "The link: its id, and the address in the template."),
        "publicIdString": Field("string", "Iterable's id of the subscription form."),
        "device": Field("string", "The kind of device, in payloads before 2022."),
        "canonicalUrlId": Field("string", "Iterable's id of the address, in payloads before 2022."),
        "linkId": Field("string", "Iterable's id of the link, in payloads before 2022."),
        "badge": Field("string", "The number on the app's icon."),
        "contentAvailable": Field("boolean", "Whether the push wakes the app up."),
        "deeplink": Field("object", "Where a tap on the push leads, by platform."),
        "payload": Field("object", "The data of the push."),
        "pushMessage": Field("string", "The text as the template has it, not rendered."),
        "sound": Field("string", "The sound of the push."),
        "title": Field("string", "The title of the push."),
        "attachmentUrlIos": Field("string", "The address of the picture on iOS."),
        "attachmentUrlAndroid": Field("string", "The address of the picture on Android."),
        "inAppBody": Field("string", "The HTML of the in-app message."),
        "fromPhoneNumberId": Field("integer", "Iterable's id of the sender's number."),
        "imageUrl": Field("string", "The address of the picture."),
        "smsMessage": Field("string", "The text as the template has it, or as it was received."),
        "webPushBody": Field("string", "The text of the web push."),
        "webPushMessage": Field("string", "The message of the web push."),
        "webPushIcon": Field("string", "The address of the icon."),
        "webPushClickAction": Field("string", "Where a click on the web push leads."),
        "embeddedBodyField": Field("string", "The text of the embedded message."),
    }
)
"""Fields that no export has, or that mean something else in webhooks."""

NAMES_OF_ANY: Final[Names] = (
    "campaignName",
    "templateName",
    "workflowId",
    "workflowName",
    "experimentId",
    "channelId",
    "messageTypeId",
    "labels",
    "locale",
    "esDocumentId",
)
"""Fields that payloads of every kind may have."""
_EMAIL: Final[Names] = (*NAMES_OF_ANY, "emailId", "emailSubject", "contentId")
_OPENED: Final[Names] = (*_EMAIL, "device")
_CLICKED: Final[Names] = (*_OPENED, "linkUrl", "trackedLink", "canonicalUrlId", "linkId")
_PUSH: Final[Names] = (
    *NAMES_OF_ANY,
    "messageId",
    "contentId",
    "badge",
    "contentAvailable",
    "deeplink",
    "payload",
    "platformEndpoint",
    "pushMessage",
    "sound",
    "title",
    "attachmentUrlIos",
    "attachmentUrlAndroid",
)
_IN_APP: Final[Names] = (*NAMES_OF_ANY, "emailId", "contentId", "inAppBody")
_SMS: Final[Names] = (*NAMES_OF_ANY, "messageId", "emailId", "contentId", "fromPhoneNumberId", "imageUrl", "smsMessage")
_WEB_PUSH: Final[Names] = (
    *NAMES_OF_ANY,
    "emailId",
    "contentId",
    "webPushBody",
    "webPushMessage",
    "webPushIcon",
    "webPushClickAction",
)
_WHATSAPP: Final[Names] = (*NAMES_OF_ANY, "messageId", "whatsAppBodyField", "renderedWhatsAppMessage")
_EMBEDDED: Final[Names] = (
    *NAMES_OF_ANY,
    "embeddedButtonId",
    "embeddedTargetUrl",
    "embeddedBodyField",
    "embeddedSessionId",
    "embeddedImpressionPlacementId",
    "embeddedImpressionDisplayCount",
    "embeddedImpressionDisplayDuration",
)

WEBHOOK_EVENTS: Final[Mapping[str, Names]] = MappingProxyType(
    {
        "emailSend": (*_EMAIL, "sendingDomain", "dataFeed"),
        "emailOpen": _OPENED,
        "emailClick": _CLICKED,
        "emailBounce": _EMAIL,
        "emailComplaint": _EMAIL,
        "emailSendSkip": _EMAIL,
        "emailSubscribe": (*NAMES_OF_ANY, "emailId", "publicIdString"),
        "emailUnSubscribe": (*_EMAIL, "recipientState", "bounceMessage", "fromPhoneNumber"),
        "hostedUnsubscribeClick": (*_OPENED, "linkUrl"),
        "inAppClick": (*_IN_APP, "clickedUrl"),
        "inAppOpen": _IN_APP,
        "inAppSend": _IN_APP,
        "inAppSendSkip": _IN_APP,
        "inAppDelete": _IN_APP,
        "inAppRecall": _IN_APP,
        "pushBounce": _PUSH,
        "pushOpen": _PUSH,
        "pushSend": _PUSH,
        "pushSendSkip": _PUSH,
        "pushUninstall": _PUSH,
        "smsBounce": _SMS,
        "smsClick": _SMS,
        "smsReceived": _SMS,
        "smsSend": _SMS,
        "smsSendSkip": _SMS,
        "webPushSend": _WEB_PUSH,
        "webPushSendSkip": _WEB_PUSH,
        "webPushClick": _WEB_PUSH,
        "embeddedClick": _EMBEDDED,
        "embeddedImpression": _EMBEDDED,
        "embeddedReceived": _EMBEDDED,
        "embeddedSession": _EMBEDDED,
        "journeyExit": ("esDocumentId",),
        "whatsAppReceived": _WHATSAPP,
        "whatsAppSeen": _WHATSAPP,
        "whatsAppSend": _WHATSAPP,
        "whatsAppClick": _WHATSAPP,
        "whatsAppBounce": _WHATSAPP,
        "whatsAppSendSkip": _WHATSAPP,
    }
)
"""By event name: the fields that its payloads have beside those of the export."""

WEBHOOK_FIELDS: Final[Mapping[str, Field]] = MappingProxyType(
    {name: _OF_WEBHOOKS.get(name) or FIELDS[name] for names in WEBHOOK_EVENTS.values() for name in names}
)
"""Types and meanings; where the export has a field of the same name, that one's type holds in its streams."""
