"""Fields of the lines of each data type in a seeded project, apart from user and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from iterable_sandbox.seed import interactions, shop
from iterable_sandbox.seed.event_context import EventContext, Fields
from iterable_sandbox.seed.people import moment
from iterable_sandbox.seed.plan import happens
from iterable_sandbox.seed.seldom_fields import SELDOM, indexed
from iterable_sandbox.wire.json_text import to_json

_AGENTS: Final = (
    ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", "Linux"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15", "Mac"),
    ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "Gmail"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15", "iPhone"),
)
_ENDPOINT: Final = "arn:aws:sns:us-east-1:123456789012:endpoint/APNS/ExampleApp/"
_SHOP_NUMBER: Final = "+15550000199"


def _message(context: EventContext) -> Fields:
    if context.campaign is None:
        return {}
    return _attributed(context) | {"messageId": context.message_id}


def _channel(context: EventContext) -> Fields:
    if context.campaign is None:
        return {}
    channel = context.campaign.channel
    return {"channelId": channel.id, "messageTypeId": channel.message_type_id}


def _content(context: EventContext) -> Fields:
    return {} if context.campaign is None else {"contentId": context.campaign.id * 3 + 7}


def _counters(_: EventContext) -> Fields:
    return {"catalogCollectionCount": 0, "catalogLookupCount": 0, "productRecommendationCount": 0}


def _bus(context: EventContext) -> Fields:
    return {"messageBusId": f"{context.rng.getrandbits(64):016x}-{context.message_id[:8]}-000000"}


def _trigger(context: EventContext) -> Fields:
    """Event that triggered a message: JSON in a string."""
    if context.campaign is None or context.campaign.list_id is not None:
        return {}
    head = {"eventName": "orderShipped", "createdAt": moment(context.at - 3)}
    return {"transactionalData": to_json(head | shop.CUSTOM_EVENTS["orderShipped"](context.rng))}


def _reason(_: EventContext) -> Fields:
    return {"reason": "DuplicateMarketingMessage"}


def _ip(context: EventContext) -> Fields:
    agent, device = context.rng.choice(_AGENTS)
    return {"ip": context.person.ip, "userAgent": agent, "userAgentDevice": device}


def _place(context: EventContext) -> Fields:
    place = context.person.place
    return {"city": place.city, "region": place.region, "country": place.country}


def _opened(context: EventContext) -> Fields:
    """Where a message was opened; a proxy hides the place."""
    device = _ip(context)
    return device | ({"proxySource": "Gmail"} if device["userAgentDevice"] == "Gmail" else _place(context))


def _bot(context: EventContext) -> Fields:
    return {"isBot": happens(context.rng, 0.03)}


def _url(context: EventContext) -> Fields:
    return {"url": context.rng.choice(shop.PRODUCTS)["url"], "hrefIndex": context.rng.randrange(6)}


def _clicked(context: EventContext) -> Fields:
    return {"clickedUrl": context.rng.choice(shop.PRODUCTS)["url"]}


def _device(context: EventContext) -> Fields:
    device = {"deviceId": context.person.token.upper(), "platform": "iOS", "appPackageName": "com.example.shop"}
    return {f"deviceInfo.{name}": value for name, value in device.items()}


def _context(_: EventContext) -> Fields:
    return {"messageContext.saveToInbox": True, "messageContext.silentInbox": False}


def _endpoint(context: EventContext) -> Fields:
    return {"platformEndpoint": _ENDPOINT + context.person.token}


def _sms(context: EventContext) -> Fields:
    counts = {"smsSendCount": 1, "mmsSendCount": 0, "isSMSEstimation": False, "fromSMSSenderId": 258}
    text = {"renderedSmsMessage": "Your order is on its way.", "toPhoneNumber": context.person.phone}
    return counts | text | _provider(context)


def _provider(_: EventContext) -> Fields:
    return {"billingParty": "Iterable", "espName": "ExampleTel", "espAccountId": "1207"}


def _sms_received(context: EventContext) -> Fields:
    numbers = {
        "toPhoneNumber": _SHOP_NUMBER,
        "fromPhoneNumber": context.person.phone,
        "senderPhoneNumberType": "LongCode",
    }
    country = {"recipientCountryName": "United States", "recipientCountryCallingCode": "1"}
    return numbers | country | {"smsMessage": "STOP", "smsReceiveCount": 1, "mmsReceiveCount": 0} | _provider(context)


def _sms_refused(_: EventContext) -> Fields:
    answer = {"status": 404, "code": 20404, "message": "The number does not exist"}
    return {f"smsProviderResponse.{name}": value for name, value in answer.items()}


def _whatsapp(context: EventContext) -> Fields:
    return {"toWhatsAppPhoneNumber": context.person.phone}


def _whatsapp_received(context: EventContext) -> Fields:
    numbers = {"toWhatsAppPhoneNumber": _SHOP_NUMBER, "fromWhatsAppPhoneNumber": context.person.phone}
    text = {"whatsAppMessage.type": "TEXT", "whatsAppMessage.text": "Thanks!", "sanitized.inputText": "thanks"}
    return numbers | text | {"replyToMessageId": context.message_id, "receivedAt": moment(context.at - 2)}


def _whatsapp_seen(context: EventContext) -> Fields:
    times = {"seenAt": moment(context.at - 2), "sentAt": moment(context.at - 60)}
    return _whatsapp(context) | times | {"seenMessageId": context.message_id, "espName": "ExampleTel"}


def _unsubscribed(context: EventContext) -> Fields:
    """Unsubscription after a bounce or on the hosted page. Both unsubscribe from the channel, also in the profile."""
    channels = [] if context.campaign is None else [context.campaign.channel.id]
    known = context.person.user.profile["unsubscribedChannelIds"]
    context.person.update(context.at, unsubscribedChannelIds=sorted({*known, *channels}))
    bounced = {"unsubSource": "HardBounce", "recipientState": "HardBounce", "status": "5.1.1"}
    why = bounced if context.before == "emailBounce" else {"unsubSource": "EmailLink"}
    return {"emailListIds": [], "channelIds": channels} | why


def _subscribed(context: EventContext) -> Fields:
    source = {"signupSource": context.person.user.profile["signupSource"]}
    return {
        "emailListIds": list(context.person.lists),
        "channelIds": [],
        "profileUpdatedAt": moment(context.at - 40),
    } | source


def _attributed(context: EventContext) -> Fields:
    if context.campaign is None:
        return {}
    return {"campaignId": context.campaign.id, "templateId": context.campaign.template_id}


def _purchase(context: EventContext) -> Fields:
    items = shop.basket(context.rng)
    paid = {"shoppingCartItems": items, "total": shop.total(items), "coupon": context.rng.choice(("SPRING", "NONE"))}
    return {"id": f"order-{context.rng.getrandbits(48):012x}"} | _attributed(context) | paid | indexed(context)


def _custom_event(context: EventContext) -> Fields:
    name = context.rng.choice(tuple(shop.CUSTOM_EVENTS))
    named = {"eventName": name, "id": f"{context.rng.getrandbits(128):032x}", "eventUpdatedAt": moment(context.at)}
    return named | shop.CUSTOM_EVENTS[name](context.rng) | indexed(context)


def _constant(**fields: Any) -> Callable[[EventContext], Fields]:
    """Make a function that gives the same fields for every line."""
    return lambda _: fields


_SEND: Final = (_message, _channel, _content, _counters)
_SKIP: Final = (_message, _channel, _content, _reason, _trigger)
_IN_APP: Final = (_message, _device, _context)
_WHATSAPP_TEXT: Final = _constant(whatsAppBodyField="{{greeting}}")

_USUAL: Final[Mapping[str, tuple[Callable[[EventContext], Fields], ...]]] = {
    "emailSend": (*_SEND, _bus, _trigger),
    "emailOpen": (_message, _content, _opened, _bot, interactions.time_zone),
    "emailClick": (_message, _content, _ip, _place, _bot, _url, interactions.time_zone, interactions.proxy),
    "hostedUnsubscribeClick": (
        _message,
        _channel,
        _ip,
        _place,
        interactions.time_zone,
        _constant(url="https://shop.example.com/preferences"),
    ),
    "emailComplaint": (_message, _constant(recipientState="Complaint")),
    "emailBounce": (
        _message,
        _constant(recipientState="HardBounce", status="5.1.1", bounceMessage="550 5.1.1 The mailbox does not exist"),
    ),
    "emailSendSkip": _SKIP,
    "pushSend": (*_SEND, _endpoint, _trigger),
    "pushOpen": (_message, _constant(appAlreadyRunning=False)),
    "pushUninstall": (_message, _endpoint, _constant(isGhostPush=False)),
    "pushBounce": (_message, _channel, _endpoint),
    "pushSendSkip": _SKIP,
    "inAppSend": (*_SEND, _context, _constant(priorityLevel=300.5)),
    "inAppOpen": _IN_APP,
    "inAppClick": (*_IN_APP, _clicked),
    "inAppClose": (*_IN_APP, _constant(closeAction="back")),
    "inAppDelete": (*_IN_APP, _constant(deleteAction="inbox-swipe")),
    "inAppDelivery": _IN_APP,
    "inAppSendSkip": _SKIP,
    "inAppRecall": (_message, _constant(total=1)),
    "inboxSession": (_device,),
    "inboxMessageImpression": (_message, _device),
    "smsSend": (*_SEND, _bus, _trigger, _sms),
    "smsBounce": (_message, _channel, _sms_refused),
    "smsClick": (_message, _bot, _clicked),
    "smsReceived": (_sms_received,),
    "smsSendSkip": _SKIP,
    "smsUsageInfo": (_message,),
    "webPushSend": (*_SEND, lambda context: {"browserToken": context.person.token}),
    "webPushClick": (_message, _content),
    "webPushSendSkip": _SKIP,
    "rcsSend": (_message,),
    "rcsSendSkip": (_message, _reason),
    "emailSubscribe": (_subscribed,),
    "emailUnSubscribe": (_message, _unsubscribed),
    "purchase": (_purchase,),
    "customEvent": (_custom_event,),
    "embeddedSend": (_message,),
    "embeddedSendSkip": (_message, _reason),
    "embeddedReceived": (_message, _device),
    "embeddedImpression": (_message, _device, interactions.embedded_impression),
    "embeddedClick": (_message, _device, interactions.embedded_click),
    "embeddedSession": (_device, interactions.embedded_session),
    "unknownSession": (_device,),
    "journeyExit": (interactions.journey_exit,),
    "whatsAppSend": (
        *_SEND,
        _trigger,
        _whatsapp,
        _constant(renderedWhatsAppMessage="On its way.", espName="ExampleTel", fromWhatsAppSenderId=301),
        _WHATSAPP_TEXT,
    ),
    "whatsAppBounce": (
        _message,
        _channel,
        _content,
        _whatsapp,
        _WHATSAPP_TEXT,
        _constant(errorCode="131026", messageStatus="failed"),
    ),
    "whatsAppClick": (_message, _clicked, _WHATSAPP_TEXT),
    "whatsAppReceived": (_attributed, _whatsapp_received),
    "whatsAppSeen": (_attributed, _whatsapp_seen),
    "whatsAppSendSkip": (*_SKIP, _WHATSAPP_TEXT, _constant(espName="ExampleTel")),
    "whatsAppUsageInfo": (_message,),
}
"""Data type -> functions that make the fields of most rows. Types without a published line have few."""
FIELDS: Final = {type_: (*makers, *SELDOM.get(type_, ())) for type_, makers in _USUAL.items()}
"""Data type -> functions that make its fields; all data types but `user`."""
