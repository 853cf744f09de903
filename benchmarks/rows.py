"""What is moved: rows of about 500 bytes, like those of real projects, and no two of them alike.

Rows come in blocks of a thousand. A block is made once, and each further one is a copy with another number
in it, so that making rows never takes longer than moving them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

BLOCK: Final = 1000
BROKEN: Final = 20
"""Of records that are broken on purpose, every so many has no e-mail address that could be one."""
START: Final = datetime(2026, 9, 1, tzinfo=UTC)
END: Final = datetime(2026, 10, 1, tzinfo=UTC)
NUMBER: Final = "%%number%%"
"""Stands for the number of a block."""
MILLISECONDS: Final = "%%ms%%"
"""Stands for three digits that differ from one block to the next, so that no date comes twice within a thousand."""
CITIES: Final = ("Kyiv", "Hyderabad", "San Jose", "Leeds", "Zürich", "Lagos", "Osaka", "Quito")
PLANS: Final = ("free", "silver", "gold")
_SECONDS: Final = int((END - START).total_seconds())


def export_blocks(count: int) -> Iterator[bytes]:
    """So many lines of an export of custom events, in blocks."""
    return numbered([_export_template()], count)


@dataclass(frozen=True)
class Load:
    """Singer records of one kind, for targets.

    Attributes:
        stream: what the messages call it.
        path: the endpoint that takes them.
        list_name: what the endpoint calls the list in its body; empty where a request has one record.
        marker: what each record has exactly once, whoever encodes it.
        variants: how many blocks differ in more than a number. Each has a list of its own for every record.
    """

    stream: str
    path: str
    list_name: str
    marker: bytes
    variants: int = 1

    def blocks(self, count: int, *, broken: bool = False) -> Iterator[bytes]:
        """One SCHEMA message and so many RECORD messages, in blocks."""
        yield _schema_message(self.stream) + b"\n"
        templates = [_message_template(self.stream, number, broken=broken) for number in range(self.variants)]
        yield from numbered(templates, count)


CATALOG: Final = "Things"
WIDE: Final = 400
"""Columns of a stream of which each record has ten."""
LOADS: Final[dict[str, Load]] = {
    load.stream: load
    for load in (
        Load("events", "/api/events/trackBulk", "events", b'"eventName"'),
        Load("users", "/api/users/bulkUpdate", "users", b'"favouriteCity"'),
        Load("wide_users", "/api/users/bulkUpdate", "users", b'"favouriteCity"'),
        Load("catalog_items", f"/api/catalogs/{CATALOG}/items", "documents", b'"description"'),
        Load("list_members", "/api/lists/subscribe", "subscribers", b'"email"', variants=5),
        Load("messages", "/api/email/target", "", b'"order"'),
        Load("carts", "/api/commerce/updateCart", "", b'"items"'),
    )
}
"""The loads by stream; the target knows their names."""


def numbered(templates: Sequence[bytes], count: int) -> Iterator[bytes]:
    """So many lines, in blocks that are copies of the templates, each with its number."""
    whole, rest = divmod(count, BLOCK)
    for number in range(whole):
        yield _with_number(templates[number % len(templates)], number)
    if rest:
        lines = _with_number(templates[whole % len(templates)], whole).splitlines(keepends=True)
        yield b"".join(lines[:rest])


def _with_number(template: bytes, number: int) -> bytes:
    block = template.replace(NUMBER.encode(), b"%010d" % number)
    return block.replace(MILLISECONDS.encode(), b"%03d" % (number % 1000))


@cache
def _export_template() -> bytes:
    dice = random.Random(8)
    return b"".join(line(_export_row(dice, place)) for place in range(BLOCK))


@cache
def _message_template(stream: str, variant: int, *, broken: bool) -> bytes:
    dice = random.Random(8)
    records = [_MAKERS[stream](dice, place + variant * BLOCK) for place in range(BLOCK)]
    for record in records[::BROKEN] if broken else ():
        record["email"] = "nobody"
    return b"".join(line({"type": "RECORD", "stream": stream, "record": record}) for record in records)


def line(row: dict[str, Any]) -> bytes:
    """One line of JSON."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _export_row(dice: random.Random, place: int) -> dict[str, Any]:
    """One row, with dates as Iterable writes them, dotted keys, and fields that no schema knows."""
    created = moment(dice).strftime("%Y-%m-%d %H:%M:%S +00:00")
    row: dict[str, Any] = {
        "createdAt": created,
        "email": f"user{place}-{NUMBER}@example.com",
        "itblUserId": f"{dice.getrandbits(128):032x}",
        "eventName": dice.choice(("orderPlaced", "orderShipped", "appOpened", "planChanged")),
        "eventUpdatedAt": created,
        "id": f"{place}-{NUMBER}",
        "campaignId": dice.randrange(10**6, 10**7),
        "itblInternal.documentCreatedAt": created,
        "itblInternal.emailDomain": "example.com",
        "address.city": dice.choice(CITIES),
        "address.country": "UA",
        "plan": dice.choice(PLANS),
        "isTrial": dice.random() < 0.5,  # noqa: PLR2004 (a coin)
    }
    if place % 2:
        row["order"] = {"number": place, "total": price(dice), "items": [{"sku": "A-1", "qty": 2}]}
    if place % 3:
        row["userId"] = f"customer-{place}"
    return row


def _event(dice: random.Random, place: int) -> dict[str, Any]:
    return {
        "email": f"user{place}-{NUMBER}@example.com",
        "eventName": dice.choice(("orderPlaced", "orderShipped", "appOpened", "planChanged")),
        "id": f"{place}-{NUMBER}",
        "createdAt": moment(dice).isoformat(),
        "campaignId": dice.randrange(10**6, 10**7),
        "shippedAt": moment(dice).isoformat(),
        "plan": dice.choice(PLANS),
        "isTrial": bool(place % 2),
        "total": price(dice),
        "order": {"number": place, "items": [{"sku": "A-1", "qty": 2}], "note": "ring twice, " * 8},
        "address": {"city": dice.choice(CITIES), "country": "UA"},
    }


def _user(dice: random.Random, place: int) -> dict[str, Any]:
    return {
        "email": f"user{place}-{NUMBER}@example.com",
        "firstName": "Ann",
        "lastName": f"Novak {place}",
        "signedUpAt": moment(dice).isoformat(),
        "plan": dice.choice(PLANS),
        "isTrial": bool(place % 2),
        "total": price(dice),
        "favouriteCity": dice.choice(CITIES),
        "address": {"city": dice.choice(CITIES), "country": "UA", "note": "ring twice, " * 10},
        "tags": ["a", "b", "c"],
    }


def _wide_user(dice: random.Random, place: int) -> dict[str, Any]:
    """A profile with a few of many fields; which, differs from one to the next."""
    few = {f"field{number}": moment(dice).isoformat() for number in dice.sample(range(WIDE), 10)}
    return {"email": f"user{place}-{NUMBER}@example.com", "favouriteCity": dice.choice(CITIES), **few}


def _item(dice: random.Random, place: int) -> dict[str, Any]:
    return {
        "itemId": f"{place}-{NUMBER}",
        "catalogName": CATALOG,
        "description": "ring twice, " * 25,
        "city": dice.choice(CITIES),
        "inStock": bool(place % 2),
        "price": price(dice),
        "changedAt": moment(dice).isoformat(),
    }


def _member(_dice: random.Random, place: int) -> dict[str, Any]:
    """A member of one of many lists: records of the same list are far apart."""
    return {"email": f"user{place}-{NUMBER}@example.com", "listId": place + 1}


def _message(_dice: random.Random, place: int) -> dict[str, Any]:
    who = f"user{place}-{NUMBER}@example.com"
    return {"id": f"{place}-{NUMBER}", "email": who, "campaignId": 5, "order": f"A-{place}"}


def _cart(dice: random.Random, place: int) -> dict[str, Any]:
    items = [{"id": "A-1", "name": "Bell", "price": price(dice), "quantity": 1}]
    return {"email": f"user{place}-{NUMBER}@example.com", "items": items}


_MAKERS: Final = {
    "events": _event,
    "users": _user,
    "wide_users": _wide_user,
    "catalog_items": _item,
    "list_members": _member,
    "messages": _message,
    "carts": _cart,
}


def _schema_message(stream: str) -> bytes:
    schema = {"type": "object", "properties": dict(_COLUMNS[stream])}
    message = {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": _KEYS[stream]}
    return json.dumps(message).encode()


_KEYS: Final = {
    "events": ["id"],
    "users": ["email"],
    "wide_users": ["email"],
    "catalog_items": ["itemId"],
    "list_members": ["email", "listId"],
    "messages": ["id"],
    "carts": ["email"],
}
_TEXT: Final = {"type": ["string", "null"]}
_DATE: Final = {"type": ["string", "null"], "format": "date-time"}
_NUMERIC: Final = {"type": ["number", "null"]}
_TRUTH: Final = {"type": ["boolean", "null"]}
_OBJECT: Final = {"type": ["object", "null"]}
_COLUMNS: Final = {
    "events": {
        "email": _TEXT,
        "eventName": _TEXT,
        "id": _TEXT,
        "createdAt": _DATE,
        "campaignId": {"type": ["integer", "null"]},
        "shippedAt": _DATE,
        "plan": _TEXT,
        "isTrial": _TRUTH,
        "total": _NUMERIC,
        "order": _OBJECT,
        "address": _OBJECT,
    },
    "catalog_items": {
        "itemId": _TEXT,
        "catalogName": _TEXT,
        "description": _TEXT,
        "city": _TEXT,
        "inStock": _TRUTH,
        "price": _NUMERIC,
        "changedAt": _DATE,
    },
    "list_members": {"email": _TEXT, "listId": {"type": "integer"}},
    "messages": {"id": _TEXT, "email": _TEXT, "campaignId": {"type": "integer"}, "order": _TEXT},
    "carts": {"email": _TEXT, "items": {"type": "array"}},
    "wide_users": {"email": _TEXT, "favouriteCity": _TEXT, **{f"field{number}": _DATE for number in range(WIDE)}},
    "users": {
        "email": _TEXT,
        "firstName": _TEXT,
        "lastName": _TEXT,
        "signedUpAt": _DATE,
        "plan": _TEXT,
        "isTrial": _TRUTH,
        "total": _NUMERIC,
        "favouriteCity": _TEXT,
        "address": _OBJECT,
        "tags": {"type": ["array", "null"], "items": _TEXT},
    },
}


def moment(dice: random.Random) -> datetime:
    """Any second of the month."""
    return START + timedelta(seconds=dice.randrange(_SECONDS))


def price(dice: random.Random) -> float:
    """Any price with two digits behind the point."""
    return dice.randrange(100, 100_000) / 100
