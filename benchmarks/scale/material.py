"""What the workers of a project write: users and events, in chunks that end with a STATE.

A project's records are dealt out to its workers. Some of the events are given to two of them: they have ids, so each
must be there once all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.rows import START

SHARED_PERCENT: Final = 5
"""Of the events of a worker, so many are also given to the next one of its project."""
_PLANS: Final = ("free", "silver", "gold")
_SCHEMAS: Final = {
    "users": {"email": {"type": "string"}, "plan": {"type": "string"}, "score": {"type": "integer"}},
    "events": {
        "email": {"type": "string"},
        "eventName": {"type": "string"},
        "id": {"type": "string"},
        "createdAt": {"type": "string", "format": "date-time"},
        "total": {"type": "integer"},
    },
}


@dataclass(frozen=True)
class Amount:
    """How much a project gets.

    Attributes:
        chunk: records between two STATEs.
    """

    users: int
    events: int
    chunk: int


@dataclass(frozen=True)
class Work:
    """The input of one worker.

    Attributes:
        path: the messages.
        offsets: where each chunk begins in it, in bytes.
        records: of each chunk.
    """

    path: Path
    offsets: tuple[int, ...]
    records: tuple[int, ...]


def user(number: int) -> dict[str, Any]:
    """The user that a project must have in the end."""
    return {"email": f"user{number}@example.com", "plan": _PLANS[number % len(_PLANS)], "score": number * 7 % 1000}


def event(number: int, users: int) -> dict[str, Any]:
    """The event of this number."""
    return {
        "email": f"user{number % users}@example.com",
        "eventName": "ordered",
        "id": f"event-{number}",
        "createdAt": START.isoformat(),
        "total": number % 500,
    }


def write(folder: Path, amount: Amount, workers: int) -> list[Work]:
    """Write the inputs of all workers of a project."""
    return [
        _written(folder / f"worker-{worker}.singer", amount, _users(amount, worker, workers), events)
        for worker in range(workers)
        for events in [_events(amount, worker, workers)]
    ]


def _users(amount: Amount, worker: int, workers: int) -> list[int]:
    return list(range(worker, amount.users, workers))


def _events(amount: Amount, worker: int, workers: int) -> list[int]:
    own = list(range(worker, amount.events, workers))
    others = range((worker + 1) % workers, amount.events, workers) if workers > 1 else range(0)
    return [*own, *others[: len(own) * SHARED_PERCENT // 100]]


def _written(path: Path, amount: Amount, users: list[int], events: list[int]) -> Work:
    offsets, records = [], []
    with path.open("wb") as file:
        for stream, made in (
            ("users", [user(number) for number in users]),
            ("events", (event(number, amount.users) for number in events)),
        ):
            for chunk in _chunks(list(made), amount.chunk):
                offsets.append(file.tell())
                records.append(len(chunk))
                file.writelines(_lines(stream, chunk, len(offsets)))
    return Work(path, tuple(offsets), tuple(records))


def _chunks(records: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(records), size):
        yield records[start : start + size]


def _lines(stream: str, records: list[dict[str, Any]], number: int) -> Iterator[bytes]:
    schema = {"type": "object", "properties": _SCHEMAS[stream]}
    keys = ["email"] if stream == "users" else ["id"]
    yield _line({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": keys})
    for record in records:
        yield _line({"type": "RECORD", "stream": stream, "record": record})
    yield _line({"type": "STATE", "value": {"done": number}})


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"
