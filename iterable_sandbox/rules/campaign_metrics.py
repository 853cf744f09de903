"""Metrics of campaigns: the columns of each medium, and how each column is computed.

The titles for e-mail, web push and purchases are those of Iterable's answers; the titles for other media are worded
by analogy.

An answer of 2017 has one title of other words, `Unique Email Opens Or Clicks`, and those per thousand without a medium.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from iterable_sandbox.store.tables.message_counts import Count, CountsByType

Measure = Callable[[CountsByType], float]
Columns = Mapping[str, Measure]

_NONE: Final = Count()


def _total(type_: str) -> Measure:
    return lambda counts: counts.get(type_, _NONE).total


def _unique(type_: str) -> Measure:
    return lambda counts: counts.get(type_, _NONE).unique


def _difference(whole: Measure, part: Measure) -> Measure:
    """Difference of two measures; recorded answers have it as a decimal."""
    return lambda counts: float(max(0, whole(counts) - part(counts)))


def _ratio(part: Measure, whole: Measure, factor: float = 1) -> Measure:
    """Quotient of two measures, or 0 if the divisor is 0."""
    return lambda counts: round(part(counts) * factor / (whole(counts) or 1), 4)


def _revenue(counts: CountsByType) -> float:
    return float(round(counts.get("purchase", _NONE).revenue, 2))


def _pairs(**titles: str) -> Columns:
    """Two columns for each data type, whose titles are `Total` and `Unique` before the given title."""
    return {
        f"{kind} {title}": measure(type_)
        for type_, title in titles.items()
        for kind, measure in (("Total", _total), ("Unique", _unique))
    }


_PER_THOUSAND: Final = 1000
_SENT: Final = _total("emailSend")
_BOUGHT: Final = _total("purchase")

_EVERY_MEDIUM: Final[Columns] = {
    **_pairs(purchase="Purchases", emailUnSubscribe="Unsubscribes"),
    "Revenue": _revenue,
    "Average Order Value": _ratio(_revenue, _BOUGHT),
}
EMAIL: Final[Columns] = {
    **_pairs(
        emailSend="Email Sends",
        emailOpen="Email Opens",
        emailBounce="Emails Bounced",
        hostedUnsubscribeClick="Hosted Unsubscribe Clicks",
    ),
    "Total Email Opens (filtered)": lambda counts: counts.get("emailOpen", _NONE).filtered,
    "Unique Email Opens (filtered)": lambda counts: counts.get("emailOpen", _NONE).unique_filtered,
    "Total Emails Clicked": _total("emailClick"),
    "Unique Email Clicks": _unique("emailClick"),
    "Total Emails Delivered": _difference(_SENT, _total("emailBounce")),
    "Unique Emails Delivered": _difference(_unique("emailSend"), _unique("emailBounce")),
    "Total Complaints": _total("emailComplaint"),
    "Total Email Send Skips": _total("emailSendSkip"),
    "Purchases / M (Email)": _ratio(_BOUGHT, _SENT, _PER_THOUSAND),
    "Revenue / M (Email)": _ratio(_revenue, _SENT, _PER_THOUSAND),
}
_BY_MEDIUM: Final[Mapping[str, Columns]] = {
    "Email": EMAIL,
    "Push": _pairs(
        pushSend="Pushes Sent",
        pushOpen="Pushes Opened",
        pushBounce="Pushes Bounced",
        pushUninstall="App Uninstalls",
        pushSendSkip="Push Send Skips",
    ),
    "InApp": _pairs(
        inAppSend="In-Apps Sent",
        inAppDelivery="In-Apps Delivered",
        inAppOpen="In-App Opens",
        inAppClick="In-App Clicks",
        inAppClose="In-App Closes",
        inAppDelete="In-App Deletes",
        inAppSendSkip="In-App Send Skips",
    ),
    "SMS": _pairs(
        smsSend="SMS Sent",
        smsBounce="SMS Bounced",
        smsClick="SMS Clicks",
        smsReceived="Inbound SMS",
        smsSendSkip="SMS Send Skips",
    ),
    "WebPush": _pairs(
        webPushSend="Web Pushes Sent", webPushClick="Web Push Clicks", webPushSendSkip="Web Push Send Skips"
    ),
    "WhatsApp": _pairs(
        whatsAppSend="WhatsApp Sent",
        whatsAppSeen="WhatsApp Seen",
        whatsAppClick="WhatsApp Clicks",
        whatsAppBounce="WhatsApp Bounced",
        whatsAppSendSkip="WhatsApp Send Skips",
    ),
    "Embedded": _pairs(
        embeddedSend="Embedded Sent",
        embeddedReceived="Embedded Received",
        embeddedImpression="Embedded Impressions",
        embeddedClick="Embedded Clicks",
        embeddedSendSkip="Embedded Send Skips",
    ),
    "RCS": _pairs(rcsSend="RCS Sent", rcsSendSkip="RCS Send Skips"),
}


def columns_of(medium: str) -> Columns:
    """Columns of campaigns of a medium: title -> measure."""
    return {**_EVERY_MEDIUM, **_BY_MEDIUM.get(medium, {})}


_OLD_TITLES: Final[Mapping[str, str]] = {
    "Unique Email Opens": "Unique Email Opens Or Clicks",
    "Purchases / M (Email)": "Purchases / M",
    "Revenue / M (Email)": "Revenue / M",
}


def old_title(title: str) -> str:
    """The title as an answer of 2017 has it."""
    return _OLD_TITLES.get(title, title)
