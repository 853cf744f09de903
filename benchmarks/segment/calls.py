"""The calls: of each type as clients send them, and the same as rows of a warehouse's tables."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from benchmarks.rows import BLOCK, CITIES, MILLISECONDS, NUMBER, PLANS, Load, line, moment, numbered, price

_TEXT: Final = {"type": ["string", "null"]}
_DATE: Final = {"type": ["string", "null"], "format": "date-time"}
_TRUTH: Final = {"type": ["boolean", "null"]}
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
_COLUMNS: Final = {"userId": "user_id", "anonymousId": "anonymous_id", "messageId": "id", "sentAt": "sent_at"}
"""Members of a call -> columns of a warehouse, where they have other names."""


@dataclass(frozen=True)
class CallLoad(Load):
    """Calls of one type.

    Attributes:
        type: the type of the calls.
        body: the member with their traits or properties.
        is_raw: whether they are as clients send them.
    """

    type: str = ""
    body: str = "properties"
    is_raw: bool = True

    @property
    def route(self) -> dict[str, Any]:
        """The route of the stream."""
        return {"object": "segment"} | ({} if self.is_raw else {"call": self.type})

    def blocks(self, count: int, *, broken: bool = False) -> Iterator[bytes]:
        """See `Load`; none is broken."""
        del broken
        dice = random.Random(8)
        calls = [_call(dice, place, self) for place in range(BLOCK)]
        rows = calls if self.is_raw else [_row(call, self.body) for call in calls]
        names = dict.fromkeys(name for row in rows for name in row)
        schema = {"type": "object", "properties": {name: _type(name, rows[0].get(name)) for name in names}}
        yield line({"type": "SCHEMA", "stream": self.stream, "schema": schema, "key_properties": []})
        messages = [line({"type": "RECORD", "stream": self.stream, "record": row}) for row in rows]
        yield from numbered([b"".join(messages)], count)


def _call(dice: random.Random, place: int, load: CallLoad) -> dict[str, Any]:
    who, at = f"user{place}-{NUMBER}", moment(dice)
    sent: dict[str, Any] = {
        "type": load.type,
        "userId": who,
        "anonymousId": f"{dice.getrandbits(128):032x}",
        "messageId": f"ajs-next-{place}-{NUMBER}",
        "timestamp": _written(at),
        "sentAt": _written(at + timedelta(seconds=dice.randrange(2))),
        "receivedAt": _written(at + timedelta(seconds=dice.randrange(2, 4))),
        "context": {
            "ip": "192.0.2.17",
            "library": {"name": "analytics.js", "version": "next-1.81.1"},
            "locale": "de-CH",
            "page": {"path": "/tea", "title": "Tea", "url": "https://shop.example.com/tea"},
            "traits": {"email": f"{who}@example.com"},
            "userAgent": _AGENT,
        },
        "integrations": {},
    }
    return sent | _OF_TYPE[load.stream.partition("_")[0]](dice, place, who)


def _written(at: datetime) -> str:
    """As calls have it; no two blocks have the same."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{MILLISECONDS}Z"


def _track(dice: random.Random, place: int, _who: str) -> dict[str, Any]:
    return {"event": dice.choice(("Product Viewed", "Signed Up", "Plan Changed")), "properties": _about(dice, place)}


def _identify(dice: random.Random, place: int, who: str) -> dict[str, Any]:
    person = {"email": f"{who}@example.com", "firstName": "Ann", "lastName": f"Novak {place}", "phone": "+41310000000"}
    return {"traits": person | {"favouriteCity": dice.choice(CITIES)} | _about(dice, place)}


def _page(dice: random.Random, place: int, _who: str) -> dict[str, Any]:
    return {"name": dice.choice(("Home", "Tea", "Pricing")), "category": "Shop", "properties": _about(dice, place)}


def _order(dice: random.Random, place: int, _who: str) -> dict[str, Any]:
    products = [
        {"product_id": f"A-{number}", "name": "Mug", "price": price(dice), "quantity": 1, "brand": "Clay"}
        for number in range(2)
    ]
    told = {"order_id": f"{place}-{NUMBER}", "total": price(dice), "currency": "CHF", "products": products}
    return {"event": "Order Completed", "properties": told}


def _about(dice: random.Random, place: int) -> dict[str, Any]:
    return {
        "plan": dice.choice(PLANS),
        "price": price(dice),
        "position": place,
        "isTrial": bool(place % 2),
        "path": "/tea/green",
        "referrer": "https://search.example.com/",
        "seenAt": _written(moment(dice)),
    }


_OF_TYPE: Final = {"track": _track, "identify": _identify, "page": _page, "order": _order}


def _row(call: Mapping[str, Any], body: str) -> dict[str, Any]:
    """The row of the call's table: objects are columns of their own, arrays are texts."""
    beside = {name: value for name, value in call.items() if name not in (body, "type", "context", "integrations")}
    row = {_COLUMNS.get(name, name): value for name, value in beside.items()}
    row |= {"original_timestamp": call["sentAt"], "received_at": row.pop("receivedAt"), "uuid_ts": call["sentAt"]}
    if "event" in row:
        row |= {"event": row["event"].lower().replace(" ", "_"), "event_text": row["event"]}
    row |= dict(_flat("context", call["context"]))
    return row | {name: json.dumps(value) if isinstance(value, list) else value for name, value in call[body].items()}


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _flat(f"{path}_{'user_agent' if name == 'userAgent' else name}", member)
    else:
        yield path, value


def _type(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"type": ["object", "null"]}
    if isinstance(value, bool):
        return _TRUTH
    if isinstance(value, int | float):
        return {"type": ["integer" if isinstance(value, int) else "number", "null"]}
    return _DATE if name.lower().endswith(("at", "_at", "_ts", "timestamp")) else _TEXT


def _loads(name: str, type_: str, taken: tuple[str, str, bytes], body: str = "properties") -> Iterator[CallLoad]:
    path, list_name, marker = taken
    for ending, is_raw in (("calls", True), ("rows", False)):
        yield CallLoad(f"{name}_{ending}", path, list_name, marker, type=type_, body=body, is_raw=is_raw)


_EVENTS: Final = ("/api/events/trackBulk", "events", b'"eventName"')
CALLS: Final[tuple[CallLoad, ...]] = (
    *_loads("track", "track", _EVENTS),
    *_loads("identify", "identify", ("/api/users/bulkUpdate", "users", b'"favouriteCity"'), "traits"),
    *_loads("page", "page", _EVENTS),
    *_loads("order", "track", ("/api/commerce/trackPurchase", "", b'"total"')),
)
