"""What the names of streams say of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from target_iterable.segment.names import snake

WORDS: Final[Mapping[str, frozenset[str]]] = {
    "purchases": frozenset(
        {"order", "orders", "purchase", "purchases", "transaction", "transactions", "sale", "sales"}
    ),
    "carts": frozenset({"cart", "carts", "basket", "baskets"}),
    "unsubscribe": frozenset(
        {"unsubscribe", "unsubscribes", "unsubscribed", "unsubscriptions", "optout", "optouts", "outs", "suppressions"}
    ),
    "list_members": frozenset(
        {
            "list",
            "lists",
            "audience",
            "audiences",
            "segment",
            "segments",
            "cohort",
            "cohorts",
            "membership",
            "memberships",
        }
    ),
    "events": frozenset(
        {"event", "events", "activity", "activities", "actions", "views", "clicks", "visits", "sessions", "logins"}
    ),
    "users": frozenset(
        {"user", "users", "customer", "customers", "contact", "contacts", "people", "person", "persons", "profiles"}
        | {"subscribers", "leads", "accounts", "members", "clients"}
    ),
    "catalog_items": frozenset({"product", "products", "item", "items", "catalog", "inventory", "stores", "articles"}),
}
"""Kind of stream -> last words of the names of such streams."""
_DIGITS: Final = re.compile(r"v?\d+")


def last_part(stream: str) -> str:
    """The part of a stream's name that routes go by."""
    return stream.rsplit("-", 1)[-1]


def words_of(stream: str) -> list[str]:
    """The words of that part, without numbers: `page` and `views` of `app-page_views_2`."""
    return [word for word in snake(last_part(stream)).split("_") if word and not _DIGITS.fullmatch(word)]
