"""Names of Iterable's events in Segment and Heap.

Segment's names are those of its page on Iterable as a source (22) and of Iterable's article on Segment (27). Heap's are
the 26 of its page on Iterable, which tell blast and triggered e-mails apart; Iterable has one name for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class PeerNames(NamedTuple):
    """The names of an export data type elsewhere; None where it is not known there.

    Attributes:
        segment: the name of the event in Segment, as `event_text` has it.
        heap: the name of the event in Heap; of a triggered send, see `HEAP_BLAST`.
    """

    segment: str | None
    heap: str | None


HEAP_BLAST: Final = "Email Blast Send"
HEAP_TRIGGERED: Final = "Email Triggered Send"

PEER_NAMES: Final[Mapping[str, PeerNames]] = MappingProxyType(
    {
        "emailSubscribe": PeerNames("Subscribed", "Email Subscribe"),
        "emailUnSubscribe": PeerNames("Unsubscribed", "Email Unsubscribe"),
        "hostedUnsubscribeClick": PeerNames("Hosted Unsubscribe Click", "Email Hosted Unsubscribe"),
        "emailSend": PeerNames("Email Delivered", HEAP_TRIGGERED),
        "emailBounce": PeerNames("Email Bounced", "Email Bounce"),
        "emailOpen": PeerNames("Email Opened", "Email Open"),
        "emailClick": PeerNames("Email Link Clicked", "Email Click"),
        "emailComplaint": PeerNames("Email Marked as Spam", "Email Complaint"),
        "emailSendSkip": PeerNames("Email Send Skip", "Email Send Skip"),
        "pushSend": PeerNames("Push Delivered", "Push Send"),
        "pushBounce": PeerNames("Push Bounced", "Push Bounce"),
        "pushOpen": PeerNames("Push Opened", "Push Open"),
        "pushUninstall": PeerNames("Mobile App Uninstalled", "Push Uninstall"),
        "pushSendSkip": PeerNames("Push Send Skip", "Push Send Skip"),
        "smsSend": PeerNames("SMS Delivered", "SMS Send"),
        "smsBounce": PeerNames("SMS Bounced", "SMS Bounce"),
        "smsClick": PeerNames("SMS Clicked", None),
        "smsReceived": PeerNames("SMS Received", "SMS Received"),
        "smsSendSkip": PeerNames("SMS Send Skip", "SMS Send Skip"),
        "inAppSend": PeerNames("In App Sent", "In-App Send"),
        "inAppDelivery": PeerNames("In App Delivered", None),
        "inAppOpen": PeerNames("In App Opened", "In-App Open"),
        "inAppClick": PeerNames("In App Clicked", "In-App Click"),
        "inAppSendSkip": PeerNames("In App Send Skip", "In-App Send Skip"),
        "webPushSend": PeerNames("Web Push Delivered", "Web Push Send"),
        "webPushClick": PeerNames("Web Push Clicked", "Web Push Click"),
        "webPushSendSkip": PeerNames("Web Push Send Skip", "Web Push Send Skip"),
    }
)
"""By export data type. All others are unknown to both."""
