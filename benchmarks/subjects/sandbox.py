"""The sandbox's own bulk routes, which tests and demos fill with whatever they please."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec
import requests

from benchmarks.comparing import Subject
from benchmarks.measuring import Cost
from benchmarks.rows import CATALOG, LOADS, Load
from iterable_api.facts import timestamps
from iterable_sandbox.server import Sandbox
from iterable_sandbox.store.tables.lists import UserList

Record = dict[str, Any]
_LIST: Final = 1
_TOP: Final = ("email", "eventName", "id", "createdAt", "campaignId")
"""What stands beside the data fields of a user or an event."""


@dataclass(frozen=True)
class Route:
    """A route, and what it is sent: a body of many records at a time.

    Attributes:
        stored: how many of what it writes a sandbox has, of its `counts`.
    """

    path: str
    load: Load
    body: Callable[[Sequence[Record]], Record]
    stored: Callable[[Mapping[str, Any]], int]


def _users(records: Sequence[Record]) -> Record:
    return {"users": [_nested(record) for record in records]}


def _events(records: Sequence[Record]) -> Record:
    for record in records:
        record["createdAt"] = timestamps.text_to_epoch_seconds(record["createdAt"])
        record["shippedAt"] = timestamps.text_to_iterable(record["shippedAt"])
    return {"events": [_nested(record) for record in records]}


def _items(records: Sequence[Record]) -> Record:
    return {"documents": {record.pop("itemId"): record for record in records}, "replaceUploadedFieldsOnly": False}


def _subscribers(records: Sequence[Record]) -> Record:
    return {"listId": _LIST, "subscribers": [{"email": record["email"]} for record in records]}


def _nested(record: Record) -> Record:
    top: Record = {name: record.pop(name) for name in _TOP if name in record}
    return {**top, "dataFields": record}


_ROUTES: Final = (
    Route("/api/users/bulkUpdate", LOADS["users"], _users, lambda counts: counts["users"]),
    Route("/api/events/trackBulk", LOADS["events"], _events, lambda counts: counts["events"]["customEvent"]),
    Route("/api/lists/subscribe", LOADS["users"], _subscribers, lambda counts: counts["lists"][0]["size"]),
    Route(LOADS["catalog_items"].path, LOADS["catalog_items"], _items, lambda counts: counts["catalogs"][0]["items"]),
)


def _write(route: Route, records: int) -> Cost:
    """Write so many records into a fresh sandbox. Both sides run in this process, so no memory is told."""
    seconds = cpu_seconds = 0.0
    with Sandbox() as sandbox, requests.Session() as session:
        session.headers["Api-Key"] = sandbox.api_key
        sandbox.store.catalogs.create(CATALOG)
        sandbox.store.lists.insert(UserList(_LIST, "Readers", None, 0))
        for body in _bodies(route, records):
            began, cpu_began = time.perf_counter(), time.process_time()
            session.post(sandbox.url + route.path, data=body, timeout=60).raise_for_status()
            seconds += time.perf_counter() - began
            cpu_seconds += time.process_time() - cpu_began
        written = route.stored(sandbox.counts())
    return Cost(seconds, cpu_seconds, None, written, None)


def _bodies(route: Route, records: int) -> Iterator[bytes]:
    blocks = route.load.blocks(records)
    next(blocks)  # the SCHEMA message
    for block in blocks:
        rows = [message["record"] for message in msgspec.json.Decoder(dict[str, Any]).decode_lines(block)]
        yield msgspec.json.encode(route.body(rows))


ROUTES: Final[Mapping[str, Subject]] = {route.path: partial(_write, route) for route in _ROUTES}
"""The routes by their paths."""
