"""Journeys, webhooks, snippets and metadata tables of a seeded project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from iterable_api.facts import timestamps
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.seed.content import SNIPPETS
from iterable_sandbox.seed.marketing import (
    AUTHOR,
    FIRST_JOURNEY,
    FIRST_JOURNEY_NAME,
    FIRST_TILE,
)
from iterable_sandbox.seed.plan import Plan
from iterable_sandbox.store.store import Store
from iterable_sandbox.wire import dates

_HOUR_MS: Final = 3_600_000
_JOURNEYS: Final = (
    (FIRST_JOURNEY_NAME, ("orderShipped",)),
    ("Welcome", ()),
    ("Abandoned cart", ("cartUpdated",)),
    ("Browsing", ("productViewed", "pageViewed")),
    ("Search help", ("searched",)),
    ("Birthday", ()),
    ("Win back", ()),
    ("Loyalty", ()),
    ("Reviews", ("orderShipped",)),
    ("Refill", ()),
    ("App first steps", ()),
    ("Price watch", ("productViewed",)),
)
_ARCHIVED: Final = ("Summer contest", "Old welcome")
_METADATA: Final[Mapping[str, Mapping[str, Any]]] = {
    "Currencies": {
        code: {"symbol": symbol, "rate": rate} for code, symbol, rate in (("EUR", "€", 0.92), ("GBP", "£", 0.79))
    },
    "Opening": {day: {"from": "09:00", "to": "18:00"} for day in ("monday", "tuesday", "saturday")},
}


def write(store: Store, plan: Plan) -> None:
    """Store all these resources."""
    store.resources.add("journey", ((row["id"], row) for row in _journeys(plan)))
    store.resources.add("webhook", ((row["id"], row) for row in _webhooks()))
    store.resources.add("snippet", ((row["id"], row) for row in _snippets(plan)))
    for table, values in _METADATA.items():
        for key, value in values.items():
            store.metadata.put(table, key, value, plan.start * 1000)


def _journeys(plan: Plan) -> Iterator[dict[str, Any]]:
    for row, (name, events) in enumerate([*_JOURNEYS, *((name, ()) for name in _ARCHIVED)]):
        archived = name in _ARCHIVED
        created_ms = plan.start * 1000 + row * _HOUR_MS
        dates = {"createdAt": created_ms, "updatedAt": created_ms + _HOUR_MS}
        yield {
            "id": FIRST_JOURNEY + row,
            "name": name,
            "description": f"{name} of the demo shop",
            "enabled": not archived,
            "isArchived": archived,
            "journeyType": "Published",
            "triggerEventNames": list(events),
            "lifetimeLimit": row % 3,
            "simultaneousLimit": 1,
            "startTileId": FIRST_TILE + row,
            "creatorUserId": AUTHOR,
            **dates,
            **(
                {"draft": {"id": 89_001 + row, "name": f"{name} 2", "creatorUserId": AUTHOR} | dates}
                if row % 5 == 0
                else {}
            ),
        }


def _webhooks() -> Iterator[dict[str, Any]]:
    for row, (auth, enabled) in enumerate((("NoAuth", True), ("Basic", False))):
        yield {
            "id": 7_001 + row,
            "endpoint": f"https://hooks.shop.example.com/iterable/{row}",
            "authType": auth,
            "enabled": enabled,
            "blastSendEnabled": enabled,
            "triggeredSendEnabled": True,
            "channelIds": [],
            "messageTypeIds": [],
        }


def _snippets(plan: Plan) -> Iterator[dict[str, Any]]:
    created = dates.utc_form(timestamps.from_epoch_ms(plan.start * 1000))
    for number, (name, content, variables) in enumerate(SNIPPETS, 301):
        yield {
            "id": number,
            "projectId": Settings.project_id,
            "name": name,
            "variables": list(variables),
            "createdAt": created,
            "createdBy": AUTHOR,
            "content": content,
            "updatedAt": created,
            "updatedBy": AUTHOR,
        }
