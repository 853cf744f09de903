"""Common keys: the fields by which an export row and a system webhook are known to be about the same event.

Iterable gives most events no id, and the two ways carry different fields of the same event. Nothing public shows the
same event in both forms, so the table is concluded from the fields that both have: `messageId` names one message to one
user, and an event about a message that can happen again has a time, and where it came from.

`createdAt` is whole seconds in both. Two events that agree in all of this get one key: for example two clicks on one
link in the same second.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

Names = tuple[str, ...]


class EventKey(NamedTuple):
    """The fields that tell events of one data type apart, beside the name of the type.

    Attributes:
        of_message: the fields where the event is about a message, `messageId` first; none if it never is.
        of_user: the fields beside the user where it is not about a message, or has no `messageId`.
    """

    of_message: Names
    of_user: Names


_ORIGIN: Final[Names] = ("ip", "userAgent")
_LISTS: Final[Names] = ("emailListIds", "channelIds", "messageTypeIds")
_OF_CAMPAIGN: Final[Names] = ("campaignId", "createdAt")

_ONCE: Final = EventKey(("messageId",), _OF_CAMPAIGN)
"""Happens at most once to a message: it is sent, skipped, or complained about."""
_AGAIN: Final = EventKey(("messageId", "createdAt"), _OF_CAMPAIGN)
"""Happens to a message, perhaps again."""
_OPENED: Final = EventKey(("messageId", "createdAt", *_ORIGIN), _OF_CAMPAIGN)
_CLICKED_URL: Final = EventKey(("messageId", "createdAt", "clickedUrl"), (*_OF_CAMPAIGN, "clickedUrl"))

EVENT_KEYS: Final[Mapping[str, EventKey]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "emailSend",
                "emailSendSkip",
                "emailComplaint",
                "pushSend",
                "pushSendSkip",
                "pushUninstall",
                "inAppSend",
                "inAppSendSkip",
                "smsSend",
                "smsSendSkip",
                "webPushSend",
                "webPushSendSkip",
                "whatsAppSend",
                "whatsAppSendSkip",
                "rcsSend",
                "rcsSendSkip",
                "embeddedSend",
                "embeddedSendSkip",
            ),
            _ONCE,
        ),
        **dict.fromkeys(
            (
                "emailBounce",
                "pushBounce",
                "smsBounce",
                "whatsAppBounce",
                "inAppDelete",
                "inAppDelivery",
                "inAppRecall",
                "inAppClose",
                "embeddedReceived",
                "embeddedImpression",
                "inboxMessageImpression",
            ),
            _AGAIN,
        ),
        "emailOpen": _OPENED,
        "pushOpen": _AGAIN,
        "inAppOpen": _AGAIN,
        "hostedUnsubscribeClick": _OPENED,
        "emailClick": EventKey((*_OPENED.of_message, "url"), (*_OF_CAMPAIGN, "url")),
        "inAppClick": _CLICKED_URL,
        "smsClick": _CLICKED_URL,
        "whatsAppClick": _CLICKED_URL,
        "webPushClick": _AGAIN,
        "embeddedClick": _AGAIN,
        "emailUnSubscribe": EventKey(("messageId", "createdAt"), ("createdAt", "unsubSource", *_LISTS)),
        "emailSubscribe": EventKey((), ("createdAt", "signupSource", *_LISTS)),
        "smsReceived": EventKey((), ("fromPhoneNumber", "toPhoneNumber", "createdAt", "smsMessage")),
        "whatsAppReceived": EventKey((), ("fromWhatsAppPhoneNumber", "toWhatsAppPhoneNumber", "createdAt")),
        "whatsAppSeen": EventKey((), ("seenMessageId", "createdAt")),
        "journeyExit": EventKey((), ("workflowId", "createdAt")),
        "embeddedSession": EventKey((), ("createdAt",)),
        "inboxSession": EventKey((), ("createdAt",)),
    }
)
"""By data type. Custom events, purchases, usage and users are not here: no webhook carries them."""
