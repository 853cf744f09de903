"""Channels, message types, campaigns, templates and lists of a seeded project, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from iterable_sandbox.seed.content import contents
from iterable_sandbox.seed.plan import Plan
from iterable_sandbox.store.store import Store
from iterable_sandbox.store.tables.lists import ListType, UserList

_DAY: Final = 86_400
AUTHOR: Final = "ana.novak@example.com"
FIRST_JOURNEY: Final = 88_001
FIRST_JOURNEY_NAME: Final = "Orders"
FIRST_TILE: Final = 5_000
_FIRST_CAMPAIGN: Final = 2_220_201
_FIRST_TEMPLATE: Final = 3_043_601
_BASE_TEMPLATES: Final = ("Plain letter", "Two columns", "Receipt")


@dataclass(frozen=True)
class SeededList:
    """A list. `share` is the probability that a user is on it."""

    id: int
    name: str
    share: float
    type: ListType = "Standard"


LISTS: Final = (
    SeededList(949_801, "Newsletter", 0.6),
    SeededList(949_802, "Customers", 0.4),
    SeededList(949_803, "VIP", 0.05),
    SeededList(949_804, "Lapsed", 0.15),
    SeededList(949_805, "App users", 0.35),
    SeededList(949_806, "Beta testers", 0.02),
    SeededList(949_807, "Recent buyers", 0.2, "Dynamic"),
    SeededList(949_808, "Do not disturb", 0.03, "Suppression"),
)


@dataclass(frozen=True)
class Channel:
    """A channel with its one message type."""

    id: int
    name: str
    medium: str
    kind: str
    message_type_id: int
    message_type: str


CHANNELS: Final = (
    Channel(39_581, "Marketing e-mail", "Email", "Marketing", 47_257, "Newsletter"),
    Channel(39_582, "Transactional e-mail", "Email", "Transactional", 47_258, "Receipts"),
    Channel(39_590, "Push", "Push", "Marketing", 47_270, "App news"),
    Channel(39_600, "In-app", "InApp", "Marketing", 47_280, "In-app offers"),
    Channel(78_858, "Default SMS channel", "SMS", "Marketing", 97_961, "Default SMS"),
    Channel(78_860, "Web push", "WebPush", "Marketing", 98_000, "Browser offers"),
    Channel(78_870, "WhatsApp", "WhatsApp", "Transactional", 98_100, "Order updates"),
    Channel(78_880, "Embedded", "Embedded", "Marketing", 98_200, "Start page"),
    Channel(78_890, "RCS", "RCS", "Marketing", 98_300, "RCS offers"),
)


@dataclass(frozen=True)
class Campaign:
    """A campaign: a blast, or triggered if it has no list.

    Attributes:
        id: id of the campaign.
        name: its name.
        channel: its channel.
        state: its `campaignState`.
        list_id: list that a blast goes to; None for triggered campaigns.
        share: time of a blast, from 0 (start of the project) to 1 (its end).
    """

    id: int
    name: str
    channel: Channel
    state: str
    list_id: int | None = None
    share: float = 0

    @property
    def template_id(self) -> int:
        """Id of the template; each campaign has its own."""
        return self.id - _FIRST_CAMPAIGN + _FIRST_TEMPLATE

    def starts(self, plan: Plan) -> int:
        """Time of a blast in epoch seconds."""
        return plan.start + int((plan.end - plan.start) * self.share)


_BLASTS: Final = (
    ("Spring letter", 0, 949_801),
    ("App tips", 2, 949_805),
    ("Garden week", 0, 949_802),
    ("Flash sale", 4, 949_802),
    ("We miss you", 0, 949_804),
    ("Summer letter", 0, 949_801),
    ("Browser only", 5, 949_805),
    ("VIP preview", 0, 949_803),
    ("Weekend push", 2, 949_805),
    ("New arrivals", 0, 949_801),
    ("In-app welcome gift", 3, 949_805),
    ("Back to school", 0, 949_802),
    ("Text club", 4, 949_803),
    ("Autumn letter", 0, 949_801),
    ("Beta news", 2, 949_806),
    ("Thank you", 0, 949_802),
)
"""(Name, index in `CHANNELS`, list) of each blast."""

_TRIGGERED: Final = (
    ("Order confirmation", 1),
    ("Order shipped", 1),
    ("Welcome", 0),
    ("Cart reminder", 0),
    ("Cart reminder push", 2),
    ("Product tour", 3),
    ("Delivery text", 4),
    ("Price drop", 5),
    ("Delivery on WhatsApp", 6),
    ("Start page banner", 7),
    ("RCS pilot", 8),
)
_NOT_SENT: Final = (
    ("Winter letter", 0, "Draft"),
    ("Holiday push", 2, "Scheduled"),
    ("Old letter", 0, "Archived"),
    ("Seasonal letter", 0, "Recurring"),
)
_SENT_BY_RECURRING: Final = ("Spring letter", "Summer letter", "Autumn letter")
"""Blasts that the recurring campaign has sent."""
_JOURNEYS: Final = {"Order confirmation": 0, "Order shipped": 0, "Welcome": 1, "Cart reminder": 2}
"""Triggered campaign -> index of its journey. Others are triggered through the API."""
_WITH_SHARED_TEMPLATE_ID: Final = ("Order confirmation", "Order shipped")
"""Names of campaigns whose templates share a `clientTemplateId`."""


def _campaigns() -> tuple[Campaign, ...]:
    blasts = [
        (name, channel, "Finished", list_id, (row + 1) / (len(_BLASTS) + 1))
        for row, (name, channel, list_id) in enumerate(_BLASTS)
    ]
    triggered = [(name, channel, "Running", None, 0.0) for name, channel in _TRIGGERED]
    unsent = [(name, channel, state, 949_801, 0.0) for name, channel, state in _NOT_SENT]
    return tuple(
        Campaign(_FIRST_CAMPAIGN + row, name, CHANNELS[channel], state, list_id, share)
        for row, (name, channel, state, list_id, share) in enumerate([*blasts, *triggered, *unsent])
    )


CAMPAIGNS: Final = _campaigns()


def write(store: Store, plan: Plan, sent: Mapping[int, int]) -> None:
    """Store all these resources. `sent`: id of a campaign -> number of its messages."""
    store.resources.add("channel", ((row.id, _channel(row)) for row in CHANNELS))
    store.resources.add("messageType", ((row.message_type_id, _message_type(row, plan)) for row in CHANNELS))
    store.resources.add("campaign", ((row.id, _campaign(row, plan, sent.get(row.id, 0))) for row in CAMPAIGNS))
    store.resources.add("template", ((row.template_id, _template(row, plan)) for row in CAMPAIGNS))
    first_base = CAMPAIGNS[-1].template_id + 1
    store.resources.add(
        "template", (_base(number, name, plan) for number, name in enumerate(_BASE_TEMPLATES, first_base))
    )
    for row in LISTS:
        described = f"{row.name} of the demo shop"
        store.lists.insert(UserList(row.id, row.name, described, plan.start * 1000, row.type))


def _channel(row: Channel) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "channelType": row.kind, "messageMedium": row.medium}


def _message_type(row: Channel, plan: Plan) -> dict[str, Any]:
    created_ms = plan.start * 1000
    shown = {"id": row.message_type_id, "createdAt": created_ms, "updatedAt": created_ms, "name": row.message_type}
    return shown | {"channelId": row.id, "subscriptionPolicy": "OptOut"}


def _campaign(row: Campaign, plan: Plan, sent: int) -> dict[str, Any]:
    blast = row.list_id is not None
    created_ms = (row.starts(plan) - _DAY) * 1000
    started = {"startAt": row.starts(plan) * 1000, "endedAt": (row.starts(plan) + 600) * 1000}
    audience = {"listIds": [row.list_id], "suppressionListIds": [949_808], "sendSize": sent}
    return {
        "id": row.id,
        "createdAt": created_ms,
        "updatedAt": created_ms + 3_600_000,
        **(started if row.state == "Finished" else {}),
        "name": row.name,
        "templateId": row.template_id,
        "messageMedium": row.channel.medium,
        "createdByUserId": AUTHOR,
        "updatedByUserId": AUTHOR,
        "campaignState": row.state,
        **(audience if blast else {}),
        "labels": ["demo"] if row.id % 3 == 0 else [],
        "type": "Blast" if blast else "Triggered",
        **({"recurringCampaignId": CAMPAIGNS[-1].id} if row.name in _SENT_BY_RECURRING else {}),
        **({"workflowId": FIRST_JOURNEY + _JOURNEYS[row.name]} if row.name in _JOURNEYS else {}),
    }


def _template(row: Campaign, plan: Plan) -> dict[str, Any]:
    created_ms = (row.starts(plan) - _DAY) * 1000
    return {
        "templateId": row.template_id,
        "createdAt": created_ms,
        "updatedAt": created_ms + 1_800_000,
        "name": row.name,
        "creatorUserId": AUTHOR,
        "messageTypeId": row.channel.message_type_id,
        "campaignId": row.id,
        "templateType": "Blast" if row.list_id is not None else "Triggered",
        "messageMedium": row.channel.medium,
        **({"clientTemplateId": "orders"} if row.name in _WITH_SHARED_TEMPLATE_ID else {}),
        "contents": contents(row.channel.medium, row.name),
    }


def _base(number: int, name: str, plan: Plan) -> tuple[int, dict[str, Any]]:
    created_ms = plan.start * 1000
    shown = {
        "templateId": number,
        "createdAt": created_ms,
        "updatedAt": created_ms,
        "name": name,
        "creatorUserId": AUTHOR,
    }
    hidden = {"templateType": "Base", "messageMedium": "Email", "contents": contents("Email", name)}
    return number, shown | {"messageTypeId": CHANNELS[0].message_type_id} | hidden
