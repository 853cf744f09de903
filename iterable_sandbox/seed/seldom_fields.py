"""Fields that only some rows of a data type have, in a seeded project.

Schemas of taps that were made from real projects, and examples of rows, name them; most rows do not have them. So
they are on one row of some, which depends on the user and the message, and takes no random number: equal plans have
them on the same rows, whenever they are seeded. Their values are made up where nothing is known but the name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from iterable_sandbox.rules.profiles import INTERNAL
from iterable_sandbox.seed.event_context import EventContext, Fields
from iterable_sandbox.seed.marketing import FIRST_JOURNEY
from iterable_sandbox.seed.people import moment

_Maker = Callable[[EventContext], Fields]
_ONE_IN: Final = 4
_DAY: Final = 24 * 3600
_BOUNCE: Final = "550 5.1.1 The mailbox does not exist"


def _seldom(maker: _Maker) -> _Maker:
    """`maker`, for one row of four."""
    return lambda context: maker(context) if _is_chosen(context) else {}


def _is_chosen(context: EventContext) -> bool:
    return (int(context.message_id[-4:] or "0", 16) + context.person.user.id) % _ONE_IN == 0


def _some(**fields: Any) -> _Maker:
    return _seldom(lambda _: fields)


def indexed(context: EventContext) -> Fields:
    """When the document of the event was stored."""
    return {f"{INTERNAL}{name}": moment(context.at + 1) for name in ("documentCreatedAt", "documentUpdatedAt")}


def _named(type_: str) -> _Maker:
    return _some(eventName=type_)


def _attributed(context: EventContext) -> Fields:
    """The campaign by which something happened that is not about a message."""
    return {"campaignId": 2_220_201, "templateId": 3_043_601} if context.campaign is None else {}


def _list(context: EventContext) -> Fields:
    """The first list, and the journey that has changed it."""
    lists = context.person.lists
    return {"emailListId": lists[0], "workflowId": FIRST_JOURNEY} if lists else {}


def _channel(context: EventContext) -> Fields:
    return {} if context.campaign is None else {"channelId": context.campaign.channel.id}


def _imported(context: EventContext) -> Fields:
    """Fields of the profile, which the event of an import repeats."""
    profile = context.person.user.profile
    names = ("firstName", "lastName", "isVip") if profile.get("signupSource") == "Import" else ()
    return {name: profile[name] for name in names if name in profile}


def _after_bounce(context: EventContext) -> Fields:
    return {"bounceMessage": _BOUNCE} if context.before == "emailBounce" else {}


def _expiry(context: EventContext) -> Fields:
    return {"expiresAt": moment(context.at + _DAY)}


def _sent(context: EventContext) -> Fields:
    """When the app sent its report."""
    return {"sentAt": moment(context.at + 30)}


_E_MAIL: Final = ("emailOpen", "emailClick", "emailComplaint", "emailBounce", "emailSubscribe", "emailUnSubscribe")
_IN_APP: Final = ("inAppOpen", "inAppClick", "inAppClose", "inAppDelete")
_INDEXED: Final = (
    *_E_MAIL,
    *("emailSend", "emailSendSkip", "smsSend"),
    *("pushSend", "pushOpen", "pushUninstall", "pushBounce", "pushSendSkip"),
    *(*_IN_APP, "inAppSend", "inAppDelivery", "inAppSendSkip"),
    *("webPushSend", "webPushClick", "webPushSendSkip"),
)
_OWN: Final[Mapping[str, tuple[_Maker, ...]]] = {
    "emailSend": (_some(espName="ExampleMail"),),
    "emailSubscribe": (
        _seldom(_attributed),
        _seldom(_list),
        _some(messageTypeIds=[]),
        _imported,
    ),
    "emailUnSubscribe": (_seldom(_list), _seldom(_channel), _some(messageTypeIds=[]), _after_bounce),
    "pushSend": (_some(notificationsEnabled=True),),
    "pushOpen": (_some(actionIdentifier="show"), _seldom(_sent)),
    "inAppSend": (_expiry, lambda _: {"messageContext.trigger": "immediate"}),
    "inAppDelivery": (_seldom(_expiry),),
    "inAppClick": (_seldom(_sent),),
    "customEvent": (_seldom(_attributed),),
    "smsBounce": (lambda _: {"smsProviderResponse.more_info": "https://docs.example.com/20404"},),
    "journeyExit": (_some(exitReason="rule", exitRuleId="rule-1"),),
    "whatsAppClick": (lambda _: {"userAgent": "Mozilla/5.0 (X11; Linux x86_64)", "userAgentDevice": "Linux"},),
    "whatsAppReceived": (lambda _: {"attributionType": "Reply", "espAccountId": "88", "espName": "ExampleTel"},),
    "whatsAppSeen": (lambda _: {"espAccountId": 88, "fromWhatsAppPhoneNumber": "+15550000199"},),
    "whatsAppSend": (lambda _: {"billingParty": "Iterable", "espAccountId": 88},),
}

SELDOM: Final[Mapping[str, tuple[_Maker, ...]]] = {
    type_: (
        *((_seldom(indexed),) if type_ in _INDEXED else ()),
        *((_named(type_),) if type_ in _E_MAIL else ()),
        *((_seldom(_expiry), _some(**{"messageContext.location": "inbox"})) if type_ in _IN_APP else ()),
        *((_some(inboxSessionId="5f0c1d2e-inbox"),) if type_ in _IN_APP else ()),
        *_OWN.get(type_, ()),
    )
    for type_ in dict.fromkeys((*_INDEXED, *_IN_APP, *_OWN))
}
"""Data type -> functions that make such fields."""
