"""The sandbox's own bulk routes, which tests and demos fill with whatever they please."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import requests

from benchmarks.measuring import Cost
from benchmarks.rows import LOADS
from iterable_sandbox.server import Sandbox

_LOAD = LOADS["users"]


def bulk_update(records: int) -> Cost:
    """Write so many users into a fresh sandbox. Both sides run in this process, so no memory is told."""
    seconds = cpu_seconds = 0.0
    with Sandbox() as sandbox, requests.Session() as session:
        session.headers["Api-Key"] = sandbox.api_key
        for users in _users(records):
            began, cpu_began = time.perf_counter(), time.process_time()
            session.post(sandbox.url + _LOAD.path, json={_LOAD.list_name: users}, timeout=60).raise_for_status()
            seconds += time.perf_counter() - began
            cpu_seconds += time.process_time() - cpu_began
    return Cost(seconds, cpu_seconds, None, records, None)


def _users(records: int) -> Iterator[list[dict[str, Any]]]:
    _, *blocks = _LOAD.blocks(records)
    for block in blocks:
        rows = (message["record"] for message in msgspec.json.Decoder(dict[str, Any]).decode_lines(block))
        yield [{"email": row.pop("email"), "dataFields": row} for row in rows]
