"""Calls of every type, with all that is odd about calls, and what the target makes of them.

`python -m tests.target.segment_corpus` writes the answers of the present code to `data/golden_segment.json`. Do that
only when an answer is meant to change, and read the difference.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from iterable_sandbox.server import Sandbox
from tests.target.golden import Case, made_of
from tests.target.segment_calls import Call, row

ANSWERS: Final = Path(__file__).parent / "data" / "golden_segment.json"
_ROWS: Final = 24
_USERS: Final = ["u1", "u1", "u2", "u3", "ann@example.com", 7, "", None, "é"]
_ADDRESSES: Final = ["ann@example.com", "ann@example.com", "Bob@example.com ", "cat@example.com", "nobody", "", None, 5]
_DATES: Final = ["2026-03-03T08:01:02.345Z", "2026-03-03T08:01:02Z", "2026-03-03 08:01:02 +00:00"]
_NAMES: Final = ["Pricing", "Home", " ", "", None, 4]
_PRODUCTS: Final = [
    [{"product_id": "A-1", "name": "Mug", "price": 4.5, "quantity": 1, "brand": "Clay"}],
    [{"id": "A-2", "name": "Lamp", "price": "30", "quantity": 2}],
    [],
    [{"name": "Mug"}],
    "none",
]
_EVENTS: Final = [
    *["Seen", "Signed Up", "Seen"],
    *["Order Completed", "order_completed", "Cart Updated", "Product Added", "Product Removed"],
    *["Audience Entered", "Audience Exited", "Email Opened", " ", "", None, 4],
]
_TYPES: Final = ["track", "track", "track", "identify", "identify", "page", "screen", "alias", "group", "Track", "odd"]
_BODY: Final[Mapping[str, list[Any]]] = {
    "plan": ["free", "gold", None, ""],
    "level": [3, 2.5, "7", True],
    "address": [{"city": "Bern"}, {"city": None}, {}],
    "tags": [["a"], []],
    "email": _ADDRESSES,
    "userId": _USERS,
    "id": ["p-1", 3],
    "name": _NAMES,
    "category": ["Shop", "", 3],
    "phone": ["+41310000000", None],
    "phoneNumber": ["+41310000001"],
    "campaignId": [7, "8", "many", None, 2**40],
    "template_id": [9, ""],
    "createdAt": ["soon"],
    "eventName": ["inner"],
    "dataFields": [{"plan": "silver"}, "x"],
    "itblInternal": [1],
    "a:::b": [1],
    "big_spender": [True, False, "yes"],
    "audience_key": ["big_spender", 3],
    "emailId": ["c1:t2:ann@example.com", "mine"],
    "products": _PRODUCTS,
    "order_id": ["o1", 7, ""],
    "orderId": ["o2"],
    "total": [9.5, "9.5", 10, None],
    "product_id": ["A-1"],
    "price": [4.5],
    "quantity": [1, 0],
    "message_id": ["opened"],
    "event": ["inner"],
    "type": ["inner"],
    "version": [2],
    "channel": ["web"],
}
_OFTEN: Final = {"plan": 0.8, "level": 0.6, "email": 0.4, "products": 0.5, "total": 0.5, "name": 0.4, "order_id": 0.4}
_OUTER: Final[Mapping[str, list[Any]]] = {
    "userId": _USERS,
    "anonymousId": ["a-1", ""],
    "messageId": ["m1", "m2", "m3", "", None, 7],
    "timestamp": [*_DATES, "", "soon"],
    "originalTimestamp": _DATES,
    "sentAt": _DATES,
    "receivedAt": _DATES,
    "name": _NAMES,
    "category": ["Shop", ""],
    "previousId": ["ann@example.com", "u1", ""],
    "groupId": ["g1", ""],
    "integrations": [{"All": True}],
    "channel": ["browser"],
    "version": [2],
    "rudderId": ["r-1", None],
    "plan": ["beside"],
}
_OUTER_OFTEN: Final = {"userId": 0.85, "anonymousId": 0.6, "messageId": 0.9, "timestamp": 0.85, "name": 0.4}
_CONTEXT: Final[Mapping[str, list[Any]]] = {
    "traits": [
        {"email": "ann@example.com"},
        {"email": "ann@example.com", "plan": "context", "phone": "1"},
        {"email": "bob@example.com"},
        {"email": ""},
        "none",
    ],
    "ip": ["192.0.2.1"],
    "page": [{"path": "/"}],
    "personas": [
        {"computation_class": "audience", "computation_key": "Big Spender"},
        {"computation_class": "audience", "computation_key": "big_spender"},
        {"computation_class": "audience"},
        {"computation_class": "trait", "computation_key": "plan"},
    ],
    "campaign": [{"name": "spring"}, {"campaignId": "5", "templateId": 6}, "x"],
    "externalIds": [
        [{"id": "dan@example.com", "type": "email"}, {"id": "eve@example.com", "type": "email", "encoding": "none"}],
        '[{"id": "dan@example.com", "type": "email"}]',
        [],
    ],
    "device": [{"id": "d1", "token": "t1", "type": "ios"}, {"token": "t2", "type": "android"}, {"id": "d2"}],
    "integration": [{"name": "Iterable"}, {"name": "Braze"}],
}
_CONTEXT_OFTEN: Final = {"traits": 0.75, "personas": 0.15, "campaign": 0.15, "externalIds": 0.1, "integration": 0.07}
_KEYS: Final = ("type", "event", "traits", "properties", "context", *_OUTER)
_FLAT: Final = (
    "user_id",
    "anonymous_id",
    "id",
    "sent_at",
    "received_at",
    "original_timestamp",
    "previous_id",
    "group_id",
)
_FLAT_CONTEXT: Final = (
    *("context_traits_email", "context_traits_plan", "context_traits_phone", "context_traits", "context_ip"),
    *("context_page_path", "context_personas_computation_class", "context_personas_computation_key"),
    *("context_campaign_name", "context_campaign_campaignId", "context_campaign_templateId", "context_campaign"),
    *("context_externalIds", "context_external_ids", "context_device_id", "context_device_token"),
    *("context_device_type", "context_integration_name", "context_request_ip", "context"),
)
_DATE_COLUMNS: Final = ("timestamp", "sent_at", "received_at", "original_timestamp", "receivedAt", "sentAt")
COLUMNS: Final[Mapping[str, Mapping[str, Any]]] = {
    **{
        name: {}
        for name in (*_KEYS, *_FLAT, *_FLAT_CONTEXT, *_BODY, "event_text", "uuid", "uuid_ts", "loaded_at", "created_at")
    },
    **{name: {"type": ["string", "null"], "format": "date-time"} for name in _DATE_COLUMNS if name != "timestamp"},
    "level": {"type": ["number", "string", "boolean", "null"]},
}
_ALL: Final = tuple(COLUMNS)
_HYBRID: Final[dict[str, Any]] = {"project_type": "hybrid"}
_BY_ID: Final[dict[str, Any]] = {"project_type": "userId"}
_REJECTS: Final[dict[str, Any]] = {"on_duplicate_field": "reject"}
_WRITES: Final = {"audiences": "trait", "groups": "profile", "context_traits": "write", "cart_deltas": "history"}
_EVENTS_OF: Final = {"audiences": "event", "cart_deltas": "event", "orders_without_products": "event"}


def _case(settings: Mapping[str, Any] | None = None, **options: Any) -> Case:
    return Case({"object": "segment", **options}, settings or {}, _ALL)


CASES: Final = [
    _case(),
    _case(_HYBRID, pages="named", anonymous="skip"),
    _case(_BY_ID, pages="categorised", **_EVENTS_OF),
    _case(_REJECTS, **_WRITES),
    _case(nulls="keep", audiences="list", groups="skip", orders_without_products="purchase"),
    _case(spread="all", pages="common", attribution="keep", iterable_events="write"),
    _case({"placeholder_users": True}, cart_deltas="skip", merge_nested_objects=True),
    _case({"derive_event_ids": False}, identify_by="userId", device_tokens="app"),
    _case({"stream_maps": {"any": {"plan": "record.get('plan')"}}}, anonymous="skip"),
    *(_case(call=type_) for type_ in ("track", "identify", "page", "user")),
    _case(_HYBRID | _REJECTS, call="track", audiences="trait", cart_deltas="history", orders_without_products="skip"),
    _case(_BY_ID, call="identify", context_traits="write", nulls="keep"),
    _case({"phone_region": "CH"}, call="screen", pages="named", defaults={"plan": "none"}),
]
"""Streams of raw calls, and behind them tables of a warehouse."""


def records_of(number: int, case: Case, rows: int = _ROWS) -> list[str]:
    """The records of a case, as JSON: half of them have hardly anything odd. Seldom a raw call is in a table."""
    chance = random.Random(number)  # noqa: S311 (the same in every run)
    type_ = case.route.get("call")
    return [json.dumps(_record(chance, type_, is_odd=chance.random() < 0.5)) for _ in range(rows)]


def alike(number: int, case: Case, rows: int = 30) -> list[str]:
    """Calls whose traits or properties have the same members in the same order, of which each call lacks a few."""
    chance = random.Random(number)  # noqa: S311 (the same in every run)
    members = {name: values for name, values in _BODY.items() if chance.random() < _OFTEN.get(name, 0.4)}
    sent = [json.loads(record) for record in records_of(number, case, rows)]
    for place, call in enumerate(sent):
        body = {name: chance.choice(some) for name, some in members.items() if place == 0 or chance.random() < 0.9}
        call |= {name: body for name in ("traits", "properties") if isinstance(call.get(name), dict)}
    return [json.dumps(call) for call in sent]


def _record(chance: random.Random, type_: str | None, *, is_odd: bool) -> Call:
    kind = type_ or chance.choice(_TYPES if is_odd else _TYPES[:7])
    sent = {"type": kind, **_some(chance, _OUTER, _OUTER_OFTEN, is_odd=is_odd)}
    context = _some(chance, _CONTEXT, _CONTEXT_OFTEN, is_odd=is_odd)
    body = _some(chance, _BODY, _OFTEN, is_odd=is_odd)
    member = "properties" if kind.lower() in ("track", "page", "screen") else "traits"
    sent |= {member: body} if chance.random() < 0.9 else {}
    sent |= {"context": context} if chance.random() < 0.9 else {}
    if member == "properties":
        sent["event"] = chance.choice(_EVENTS if is_odd else _EVENTS[:6])
    if is_odd and chance.random() < 0.2:
        name = chance.choice([member, "context"])
        sent[name] = chance.choice([json.dumps(sent.get(name)), "odd", [], 5, ""])
    is_flat = (type_ is not None) is (chance.random() < 0.9)
    return _flat(chance, sent, kind) if is_flat else sent


def _flat(chance: random.Random, sent: Call, kind: str) -> Call:
    """The row of a table, if the call can have one; columns that it does not have are null or absent."""
    if not all(isinstance(sent.get(name, {}), dict) for name in ("context", "properties", "traits")):
        return sent
    if not isinstance(sent.get("event", ""), str):
        del sent["event"]
    made = row(sent)
    if kind == "user" and "user_id" in made:
        made["id"] = made.pop("user_id")
    nulls = {name: None for name in chance.sample(_ALL, 6) if name not in made and chance.random() < 0.5}
    return made | nulls


def _some(chance: random.Random, values: Mapping[str, list[Any]], often: Mapping[str, float], *, is_odd: bool) -> Call:
    found = {}
    for name, known in values.items():
        if chance.random() < often.get(name, 0.12 if is_odd else 0.04):
            found[name] = chance.choice(known if is_odd else known[:1])
    return found


def made(number: int, records: list[str], sandbox: Sandbox) -> dict[str, Any]:
    """What the target makes of the records of a case."""
    return made_of(CASES[number], records, sandbox, columns=COLUMNS)


def write() -> None:
    """Keep the answers of the present code."""
    found = []
    for number, case in enumerate(CASES):
        records = records_of(number, case)
        with Sandbox(project_type=case.settings.get("project_type", "email")) as sandbox:
            found.append([dict(case.route), dict(case.settings), records, made(number, records, sandbox)])
    ANSWERS.write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in found) + "\n]\n")


if __name__ == "__main__":
    write()
