"""A history to take pictures of: a fortnight of two pipelines. Nobody in it exists."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table, insert

from iterable_api.storage import databases
from iterable_runs.queries.rows import micros
from iterable_runs.store.tables import (
    HISTORY,
    METADATA,
    REJECTS,
    REQUESTS,
    RUNS,
    SAMPLES,
    SCHEMA_VERSION,
    STREAMS,
    TOTALS,
)

RUN: Final = "4c1f7a90d5e24b6f8a3b5d0c9e7f1a2b"
"""The run that has pages of its own."""
_STREAM: Final = "analytics-loyal_customers"
_PIPELINE: Final = "prod:tap-postgres-to-target-iterable"
_REASONS: Final = (("invalidEmails", 214, "email"), ("RequestFieldsTypesMismatched", 96, "dataFields.age"))
_REJECTED: Final = sum(count for _, count, _ in _REASONS)
_READ: Final = 182_340
_SECONDS: Final = 200
_REQUESTS: Final = 60


def write_history(folder: Path, now: datetime) -> str:
    """Write the history, and a file of rejects beside it; return its path."""
    place = str(folder / "iterable-runs.db")
    engine = databases.sqlite(place)
    METADATA.create_all(engine)
    with engine.begin() as connection:
        for table, rows in _tables(folder, now).items():
            connection.execute(insert(table), rows)
    engine.dispose()
    _write_rejects(folder / "rejects")
    return place


def _tables(folder: Path, now: datetime) -> dict[Table, list[dict[str, Any]]]:
    started = now - timedelta(minutes=12)
    return {
        HISTORY: [{"only_row": 1, "schema_version": SCHEMA_VERSION, "identity_key": b"of a picture"}],
        RUNS: [*_runs(folder, now), _main_run(folder, started)],
        STREAMS: [*_streams()],
        REJECTS: [
            {"run_id": RUN, "stream": _STREAM, "code": code, "count": count, "fields": json.dumps([field])}
            for code, count, field in _REASONS
        ],
        SAMPLES: [*_samples(started)],
        REQUESTS: [*_requests(started)],
    }


def _totals(**known: float) -> dict[str, Any]:
    return {**dict.fromkeys(TOTALS), "retries": 0, **known}


def _written(read: int, rejected: int) -> dict[str, Any]:
    unchanged = read // 3
    return _totals(
        read=read,
        written=read - rejected - unchanged,
        unchanged=unchanged,
        rejected=rejected,
        removed=0,
        requests=read // 1_000 + 1,
        bytes=read * 310,
        limit_share=0.61,
    )


def _run(run_id: str, folder: Path, started: datetime, seconds: int) -> dict[str, Any]:
    return {
        "id": run_id,
        "plugin": "target-iterable",
        "pipeline": _PIPELINE,
        "status": "succeeded",
        "started_at": micros(started),
        "seen_at": micros(started + timedelta(seconds=seconds)),
        "ended_at": micros(started + timedelta(seconds=seconds)),
        "exit_code": 0,
        "error": "",
        "version": "0.1.0",
        "host": "etl-1",
        "directory": str(folder),
        "dry_run": False,
        "request_log": None,
        "streams": 2,
    }


def _main_run(folder: Path, started: datetime) -> dict[str, Any]:
    return {**_run(RUN, folder, started, _SECONDS), **_written(_READ, _REJECTED)}


def _runs(folder: Path, now: datetime) -> Iterator[dict[str, Any]]:
    """Two runs a day of each direction. One failed, one was killed, and one goes on."""
    chance = random.Random(19)  # noqa: S311 (the same pictures each time)
    for index in range(60):
        started = now - timedelta(hours=6 * index, minutes=40)
        row = _run(f"{chance.getrandbits(128):032x}", folder, started, chance.randrange(60, 900))
        read = chance.randrange(20_000, 400_000)
        if index % 2:
            yield {**row, **_written(read, chance.choice((0, 0, 0, 12))), **_fate(index)}
        else:
            tap = {"plugin": "tap-iterable", "pipeline": "prod:tap-iterable-to-target-postgres", "streams": 9}
            numbers = {"windows": 36, "jobs": 0, "malformed": 0, "lag_seconds": 5_400.0}
            goes_on = {"status": "running", "ended_at": None, "seen_at": micros(now), "exit_code": None}
            sums = _totals(read=read, requests=40, bytes=read * 700, limit_share=0.9, **numbers)
            yield {**row, **tap, **sums, **(_fate(index) if index else goes_on)}


def _fate(index: int) -> dict[str, Any]:
    if index in (9, 30):
        error = "POST /api/users/bulkUpdate: Iterable answers 503, 8 times."
        return {"status": "failed", "exit_code": 1, "error": error}
    return {"status": "running", "ended_at": None, "exit_code": None} if index == 16 else {}  # noqa: PLR2004


def _streams() -> Iterator[dict[str, Any]]:
    bookmarks = {"bookmark_before": "2026-11-27T22:00:00Z", "bookmark_after": "2026-11-28T22:00:00Z"}
    shares = {_STREAM: (150_000, _REJECTED, "users"), "analytics-orders": (_READ - 150_000, 0, "purchases")}
    for name, (read, rejected, kind) in shares.items():
        path = "rejects/analytics-loyal_customers.singer" if rejected else None
        row = {"run_id": RUN, "name": name, "object": kind, "rejects_path": path}
        yield {**row, **bookmarks, **_written(read, rejected)}


def _samples(started: datetime) -> Iterator[dict[str, Any]]:
    chance = random.Random(7)  # noqa: S311 (the same pictures each time)
    for second in range(0, _SECONDS + 1, 5):
        part = second / _SECONDS
        share = min(0.97, 0.3 + 0.6 * part + chance.random() / 12)
        sums = _written(int(_READ * part), int(_REJECTED * part**2))
        yield {"run_id": RUN, "at": micros(started + timedelta(seconds=second)), **sums, "limit_share": share}


def _requests(started: datetime) -> Iterator[dict[str, Any]]:
    chance = random.Random(3)  # noqa: S311 (the same pictures each time)
    for number in range(1, _REQUESTS + 1):
        has_failed = number % 13 == 0
        rejected = 0 if has_failed else chance.choice((0, 0, 3))
        yield {
            "run_id": RUN,
            "number": number,
            "at": micros(started + timedelta(seconds=number * 3, milliseconds=number * 37)),
            "method": "POST",
            "path": "/api/users/bulkUpdate",
            "status": 429 if has_failed else 200,
            "milliseconds": chance.randrange(80, 400),
            "attempt": 1,
            "stream": _STREAM,
            "records": 1_000,
            "written": None if has_failed else 1_000 - rejected,
            "rejected": None if has_failed else rejected,
            "unknown": None if has_failed else 0,
        }


def _write_rejects(folder: Path) -> None:
    folder.mkdir()
    lines = [{"type": "SCHEMA", "stream": _STREAM, "schema": {}, "key_properties": ["email"]}]
    for number in range(3):
        reject = {"code": "invalidEmails", "reason": "email is malformed", "field": "email", "endpoint": None}
        record = {"email": f"reader{number}@@example.com", "plan": "gold", "loyaltyPoints": 120 * number}
        at = {"reject": {**reject, "at": "2026-11-29T06:41:03Z"}}
        lines.append({"type": "RECORD", "stream": _STREAM, "record": record, **at})
    path = folder / "analytics-loyal_customers.singer"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
