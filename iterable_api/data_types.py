"""Iterable's export data types as one table: name on the wire, stream name, known fields.

The names are those of the API contract of July 2026 (53 of them). The fields are what published
schemas, recorded export lines and tracking requests show; every one of them may be absent, and a
line may hold more. Types are written as follows:

    string, integer, number, boolean, object, any      JSON types
    date-time                                          a JSON string that holds a timestamp
    json                                               a JSON string that holds JSON itself
    array, array:TYPE                                  a JSON array (of TYPE)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

Fields = dict[str, str]

_COMMON: Final[Fields] = {
    "createdAt": "date-time",
    "email": "string",
    "userId": "string",
    "itblUserId": "string",
    "campaignId": "integer",
    "eventName": "string",
    "itblInternal": "object",
}
_MESSAGE: Final[Fields] = {"messageId": "string", "templateId": "integer"}
_CHANNEL: Final[Fields] = {"channelId": "integer", "messageTypeId": "integer"}
_CONTENT: Final[Fields] = {"contentId": "integer"}
_REASON: Final[Fields] = {"reason": "string"}
_TRIGGER: Final[Fields] = {"transactionalData": "json"}
_COUNTERS: Final[Fields] = {
    "catalogCollectionCount": "integer",
    "catalogLookupCount": "integer",
    "productRecommendationCount": "integer",
}
_PLACE: Final[Fields] = {
    "ip": "string",
    "city": "string",
    "region": "string",
    "country": "string",
    "userAgent": "string",
    "userAgentDevice": "string",
}
_SEND: Final[Fields] = _MESSAGE | _CHANNEL | _CONTENT | _COUNTERS
_SKIP: Final[Fields] = _MESSAGE | _CHANNEL | _CONTENT | _REASON | _TRIGGER
_BOT: Final[Fields] = {"isBot": "boolean"}
_ESP: Final[Fields] = {"espName": "string", "espAccountId": "string"}
_DEVICE: Final[Fields] = {"deviceInfo": "object"}
_IN_APP: Final[Fields] = (
    _MESSAGE
    | _DEVICE
    | {
        "messageContext": "object",
        "expiresAt": "date-time",
        "sentAt": "date-time",
        "inboxSessionId": "string",
    }
)
_SUBSCRIPTION: Final[Fields] = {
    "templateId": "integer",
    "workflowId": "integer",
    "emailListId": "integer",
    "emailListIds": "array:integer",
    "channelIds": "array:integer",
    "messageTypeIds": "array:integer",
}
_WHATSAPP: Final[Fields] = {"toWhatsAppPhoneNumber": "string"}
_USER: Final[Fields] = {
    "email": "string",
    "userId": "string",
    "itblUserId": "string",
    "profileUpdatedAt": "date-time",
    "signupDate": "date-time",
    "signupSource": "string",
    "firstName": "string",
    "lastName": "string",
    "phoneNumber": "string",
    "phoneNumberDetails": "any",
    "whatsAppPhoneNumber": "string",
    "locale": "string",
    "timeZone": "string",
    "country": "string",
    "region": "string",
    "city": "string",
    "ip": "string",
    "lastKnownLatitude": "number",
    "lastKnownLongitude": "number",
    "receivedSMSDisclaimer": "boolean",
    "knownLitigatorFilter": "any",
    "emailListIds": "array:integer",
    "userListIds": "array:integer",
    "subscribedMessageTypeIds": "array:integer",
    "unsubscribedChannelIds": "array:integer",
    "unsubscribedMessageTypeIds": "array:integer",
    "devices": "any",
    "browserTokens": "any",
    "shoppingCartItems": "any",
    "profile": "object",
    "itblInternal": "object",
    "itblDS": "object",
}


@dataclass(frozen=True)
class DataType:
    """One export data type: `name` as `dataTypeName` wants it, `stream` as taps call it.

    `range_field` is what `startDateTime` and `endDateTime` filter on.
    """

    name: str
    stream: str
    fields: Fields
    range_field: str = "createdAt"


def _event(name: str, stream: str, *groups: Fields) -> DataType:
    fields = dict(_COMMON)
    for group in groups:
        fields |= group
    return DataType(name, stream, fields)


USER: Final = DataType("user", "users", _USER, range_field="profileUpdatedAt")

EVENTS: Final[tuple[DataType, ...]] = (
    _event("emailSend", "email_send", _SEND, _TRIGGER, {"espName": "string", "messageBusId": "string"}),
    _event("emailOpen", "email_open", _MESSAGE, _CONTENT, _PLACE, _BOT, {"proxySource": "string"}),
    _event("emailClick", "email_click", _MESSAGE, _CONTENT, _PLACE, _BOT, {"url": "string", "hrefIndex": "integer"}),
    _event("hostedUnsubscribeClick", "hosted_unsubscribe_click", _MESSAGE, _CHANNEL, _PLACE, {"url": "string"}),
    _event("emailComplaint", "email_complaint", _MESSAGE, {"recipientState": "string"}),
    _event("emailBounce", "email_bounce", _MESSAGE, {"recipientState": "string", "status": "string"}),
    _event("emailSendSkip", "email_send_skip", _SKIP),
    _event("pushSend", "push_send", _SEND, _TRIGGER, {"platformEndpoint": "string", "notificationsEnabled": "boolean"}),
    _event(
        "pushOpen",
        "push_open",
        _MESSAGE,
        {"actionIdentifier": "string", "appAlreadyRunning": "boolean", "sentAt": "date-time"},
    ),
    _event("pushUninstall", "push_uninstall", _MESSAGE, {"isGhostPush": "boolean", "platformEndpoint": "string"}),
    _event("pushBounce", "push_bounce", _MESSAGE, _CHANNEL, {"platformEndpoint": "string"}),
    _event("pushSendSkip", "push_send_skip", _SKIP),
    _event(
        "inAppSend",
        "in_app_send",
        _SEND,
        {"expiresAt": "date-time", "messageContext": "object", "priorityLevel": "number"},
    ),
    _event("inAppOpen", "in_app_open", _IN_APP),
    _event("inAppClick", "in_app_click", _IN_APP, {"clickedUrl": "string"}),
    _event("inAppClose", "in_app_close", _IN_APP, {"clickedUrl": "string", "closeAction": "string"}),
    _event("inAppDelete", "in_app_delete", _IN_APP, {"deleteAction": "string"}),
    _event("inAppDelivery", "in_app_delivery", _IN_APP),
    _event("inAppSendSkip", "in_app_send_skip", _SKIP, {"messageContext": "object", "expiresAt": "date-time"}),
    _event("inAppRecall", "in_app_recall", _MESSAGE),
    _event("inboxSession", "inbox_session", _DEVICE),
    _event("inboxMessageImpression", "inbox_message_impression", _MESSAGE, _DEVICE),
    _event(
        "smsSend",
        "sms_send",
        _SEND,
        _TRIGGER,
        _ESP,
        {
            "billingParty": "string",
            "fromSMSSenderId": "integer",
            "isSMSEstimation": "boolean",
            "messageBusId": "string",
            "mmsSendCount": "integer",
            "renderedSmsMessage": "string",
            "smsSendCount": "integer",
            "toPhoneNumber": "string",
        },
    ),
    _event("smsBounce", "sms_bounce", _MESSAGE, _CHANNEL, {"smsProviderResponse": "object"}),
    _event("smsClick", "sms_click", _MESSAGE, _BOT, {"clickedUrl": "string"}),
    _event(
        "smsReceived",
        "sms_received",
        _ESP,
        {
            "billingParty": "string",
            "fromPhoneNumber": "string",
            "mmsReceiveCount": "integer",
            "recipientCountryCallingCode": "string",
            "recipientCountryName": "string",
            "senderPhoneNumberType": "string",
            "smsMessage": "string",
            "smsReceiveCount": "integer",
            "toPhoneNumber": "string",
        },
    ),
    _event("smsSendSkip", "sms_send_skip", _SKIP),
    _event("webPushSend", "web_push_send", _SEND, {"browserToken": "string"}),
    _event("webPushClick", "web_push_click", _MESSAGE, _CONTENT),
    _event("webPushSendSkip", "web_push_send_skip", _SKIP),
    _event("rcsSend", "rcs_send", _MESSAGE),
    _event("rcsSendSkip", "rcs_send_skip", _MESSAGE, _REASON),
    _event(
        "emailSubscribe",
        "email_subscribe",
        _SUBSCRIPTION,
        {"profileUpdatedAt": "date-time", "signupSource": "string"},
    ),
    _event(
        "emailUnSubscribe",
        "email_unsubscribe",
        _SUBSCRIPTION,
        {
            "bounceMessage": "string",
            "channelId": "integer",
            "messageId": "string",
            "recipientState": "string",
            "status": "string",
            "unsubSource": "string",
        },
    ),
    _event(
        "purchase",
        "purchase",
        {"id": "string", "templateId": "integer", "total": "number", "shoppingCartItems": "any", "items": "any"},
    ),
    _event("customEvent", "custom_event", {"id": "string", "templateId": "integer", "eventUpdatedAt": "date-time"}),
    _event("smsUsageInfo", "sms_usage_info", _MESSAGE),
    _event("embeddedSend", "embedded_send", _MESSAGE),
    _event("embeddedSendSkip", "embedded_send_skip", _MESSAGE, _REASON),
    _event(
        "embeddedClick",
        "embedded_click",
        _MESSAGE,
        _DEVICE,
        {"buttonIdentifier": "string", "targetUrl": "string", "placementId": "integer"},
    ),
    _event("embeddedReceived", "embedded_received", _MESSAGE, _DEVICE, {"placementId": "integer"}),
    _event(
        "embeddedImpression",
        "embedded_impression",
        _MESSAGE,
        _DEVICE,
        {"placementId": "integer", "displayCount": "integer", "displayDuration": "number"},
    ),
    _event("embeddedSession", "embedded_session", _DEVICE, {"session": "object", "impressions": "array:object"}),
    _event("unknownSession", "unknown_session", _DEVICE),
    _event("journeyExit", "journey_exit", {"workflowId": "integer"}, _REASON),
    _event(
        "whatsAppBounce",
        "whatsapp_bounce",
        _MESSAGE,
        _CHANNEL,
        _CONTENT,
        _WHATSAPP,
        {"errorCode": "integer", "messageStatus": "string"},
    ),
    _event(
        "whatsAppClick",
        "whatsapp_click",
        _MESSAGE,
        {"clickedUrl": "string", "userAgent": "string", "userAgentDevice": "string"},
    ),
    _event(
        "whatsAppReceived",
        "whatsapp_received",
        _ESP,
        _WHATSAPP,
        {
            "attributionType": "string",
            "fromWhatsAppPhoneNumber": "string",
            "receivedAt": "date-time",
            "replyToMessageId": "string",
            "sanitized": "object",
            "templateId": "integer",
            "whatsAppMessage": "object",
        },
    ),
    _event(
        "whatsAppSeen",
        "whatsapp_seen",
        _ESP,
        _WHATSAPP,
        {
            "fromWhatsAppPhoneNumber": "string",
            "seenAt": "date-time",
            "seenMessageId": "string",
            "sentAt": "date-time",
            "templateId": "integer",
        },
    ),
    _event(
        "whatsAppSend",
        "whatsapp_send",
        _SEND,
        _TRIGGER,
        _ESP,
        _WHATSAPP,
        {"billingParty": "string", "fromWhatsAppSenderId": "integer", "renderedWhatsAppMessage": "string"},
    ),
    _event("whatsAppSendSkip", "whatsapp_send_skip", _SKIP, {"espName": "string"}),
    _event("whatsAppUsageInfo", "whatsapp_usage_info", _MESSAGE),
)

DATA_TYPES: Final[tuple[DataType, ...]] = (*EVENTS, USER)


def unlisted(name: str) -> DataType:
    """A data type that this table does not know: a stream of events with the fields that every event has."""
    return DataType(name, _STEP.sub("_", name.replace("whatsApp", "whatsapp")).lower(), dict(_COMMON))


_STEP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
