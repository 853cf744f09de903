"""Resources that the examples of the objects refer to, such as campaigns, journeys and lists, and groups of objects.

Example:
    with Sandbox(keys={APP_KEY: KeyType.MOBILE}) as sandbox:
        fill(sandbox)  # campaigns from 5 on, the template 20, the journey 7, the lists 12 to 15
        api_key = APP_KEY if name in FROM_APPS else sandbox.api_key
"""

from __future__ import annotations

from typing import Final

from iterable_sandbox.server import Sandbox
from iterable_sandbox.store.tables.lists import UserList

APP_KEY: Final = "aaaabbbbccccddddeeeeffff00001111"
"""API key of an app; the sandbox needs it in its setting `keys`."""
FROM_APPS: Final = ("devices", "browsers")
"""Objects whose endpoints accept keys of apps only."""
READING: Final = ("channels", "message_types", "nothing")
"""Objects that never write: they only map ids, or ignore their records."""
MEDIA: Final = {
    "email": "Email",
    "push": "Push",
    "sms": "SMS",
    "inApp": "InApp",
    "webPush": "WebPush",
    "whatsApp": "WhatsApp",
}
"""Mode of the object `messages` -> medium of its campaigns."""


def add_campaigns(sandbox: Sandbox, first: int) -> None:
    """Add a triggered campaign for each medium, with ids from `first` on."""
    for number, medium in enumerate(MEDIA.values(), first):
        campaign = {"id": number, "messageMedium": medium, "templateId": 20, "type": "Triggered"}
        campaign |= {"campaignState": "Running"}
        sandbox.store.resources.add("campaign", [(number, campaign)])


def add_blasts(sandbox: Sandbox, first: int) -> None:
    """Add two blasts to the list 12: one that nobody has scheduled, and one that is scheduled, without a time."""
    for number, state in enumerate(["Ready", "Scheduled"], first):
        blast = {"id": number, "messageMedium": "Email", "templateId": 20, "type": "Blast", "campaignState": state}
        sandbox.store.resources.add("campaign", [(number, blast | {"listIds": [12], "suppressionListIds": []})])


def fill(sandbox: Sandbox) -> None:
    """Add campaigns from 5 on (first: e-mail); blasts 40 and 41, template 20, journey 7, lists 12 to 15, a catalog."""
    add_campaigns(sandbox, 5)
    add_blasts(sandbox, 40)
    sandbox.store.resources.add("template", [(20, {"templateId": 20, "messageMedium": "Email", "name": "Letter"})])
    sandbox.store.resources.add("journey", [(7, {"id": 7, "enabled": True})])
    sandbox.store.catalogs.create("Seasonal")
    for number, name in enumerate(["News", "Loyal customers", "VIP", "Press"], 12):
        sandbox.store.lists.insert(UserList(number, name, None, 0, "Standard"))
