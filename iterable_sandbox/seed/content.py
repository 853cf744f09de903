"""Contents of the templates of a seeded project, by medium and locale, and snippets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Content = dict[str, Any]

_SHOP: Final = "https://shop.example.com"


def _email(name: str) -> Content:
    return {
        "subject": f"{name} for {{{{firstName}}}}",
        "preheaderText": f"{name}, chosen for you",
        "fromName": "Example Shop",
        "fromEmail": "hello@shop.example.com",
        "replyToEmail": "help@shop.example.com",
        "html": f'<h1>{name}</h1><p>{{{{snippet "footer"}}}}</p><a href="{_SHOP}">Shop</a>',
        "plainText": f"{name}\n{_SHOP}",
        "ccEmails": [],
        "bccEmails": [],
        "linkParams": [{"key": "utm_source", "value": "iterable"}],
        "dataFeedIds": [],
        "cacheDataFeed": False,
        "mergeDataFeedContext": False,
    }


def _push(name: str) -> Content:
    button = {"identifier": "open", "title": "Have a look", "buttonType": "default", "openApp": True}
    return {
        "title": name,
        "message": f"{name} is here, {{{{firstName}}}}",
        "payload": {"path": "/offers"},
        "badge": "1",
        "wake": False,
        "isSilentPush": False,
        "deeplink": {"ios": "shop://offers", "android": "shop://offers"},
        "buttons": [button | {"action": {"type": "openUrl", "data": _SHOP}}],
        "dataFeedIds": [],
        "cacheDataFeed": False,
        "mergeDataFeedContext": False,
    }


def _sms(name: str) -> Content:
    return {"message": f"{name}: {_SHOP}", "trackingDomain": "links.shop.example.com", "linkParams": []}


def _in_app(name: str) -> Content:
    return {
        "html": f"<h1>{name}</h1>",
        "payload": {"priority": 1},
        "expirationDuration": "now+30d",
        "inAppDisplaySettings": {"top": {"percentage": 0}, "bottom": {"displayOption": "AutoExpand"}},
        "inboxMetadata": {"title": name, "subtitle": "For you", "icon": f"{_SHOP}/icon.png"},
    }


def _embedded(name: str) -> Content:
    button = {"id": "button-0", "title": "Have a look", "action": {"type": "openUrl", "data": _SHOP}}
    elements = {"mediaUrl": f"{_SHOP}/banner.png", "buttons": [button], "text": [{"label": "kicker", "text": "New"}]}
    return {"title": name, "body": f"{name} for {{{{firstName}}}}", "placementId": 101, "elements": elements}


_BY_MEDIUM: Final[Mapping[str, Callable[[str], Content]]] = {
    "Email": _email,
    "Push": _push,
    "SMS": _sms,
    "InApp": _in_app,
    "Embedded": _embedded,
}
_TRANSLATED: Final = {"Email": ("de-DE", "fr-FR"), "Push": ("de-DE",)}


def contents(medium: str, name: str) -> dict[str, Content]:
    """Locale -> content; the default locale is the empty text. Empty for media whose content the API does not show."""
    write = _BY_MEDIUM.get(medium)
    if write is None:
        return {}
    return {"": write(name)} | {locale: write(f"{name} ({locale})") for locale in _TRANSLATED.get(medium, ())}


SNIPPETS: Final = (
    ("footer", "Example Shop, 1 Main Street", ()),
    ("greeting", "Hello {{firstName}},", ("firstName",)),
    ("tier note", '{{#if (eq loyaltyTier "gold")}}Thank you for your loyalty{{/if}}', ("loyaltyTier",)),
)
"""(Name, content, variables) of each snippet."""
