"""What the examples of objects speak of, so that there is something for them to be about."""

from __future__ import annotations

from typing import Final

from iterable_sandbox.server import Sandbox
from iterable_sandbox.store.tables.lists import UserList

APP_KEY: Final = "aaaabbbbccccddddeeeeffff00001111"
"""A key as apps have it; a sandbox must be told so."""
FROM_APPS: Final = ("devices", "browsers")
"""Objects that Iterable takes from apps only."""
READING: Final = ("channels", "message_types", "nothing")
"""Objects that only tell what others mean, or nothing: nothing is ever written to them."""
MEDIA: Final = {
    "email": "Email",
    "push": "Push",
    "sms": "SMS",
    "inApp": "InApp",
    "webPush": "WebPush",
    "whatsApp": "WhatsApp",
}
"""Modes of messages, and what campaigns call the medium."""


def add_campaigns(sandbox: Sandbox, first: int) -> None:
    """A triggered campaign for each medium, with ids that count up from `first`."""
    for number, medium in enumerate(MEDIA.values(), first):
        campaign = {"id": number, "messageMedium": medium, "templateId": 20, "type": "Triggered"}
        sandbox.store.resources.add("campaign", [(number, campaign)])


def fill(sandbox: Sandbox) -> None:
    """Campaigns from 5 on (the first is of the medium e-mail), the journey 7, and the lists 12 to 15."""
    add_campaigns(sandbox, 5)
    sandbox.store.resources.add("journey", [(7, {"id": 7, "enabled": True})])
    for number, name in enumerate(["News", "Loyal customers", "VIP", "Press"], 12):
        sandbox.store.lists.insert(UserList(number, name, None, 0, "Standard"))
