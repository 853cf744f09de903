"""Histories of runs for tests: rows as runs note them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, insert
from sqlalchemy.engine import Engine

from iterable_api.storage import databases
from iterable_api.storage.paths import sqlite_file
from iterable_runs.queries.rows import micros
from iterable_runs.store.identity_hash import identity_hash
from iterable_runs.store.tables import (
    HISTORY,
    IDENTITIES,
    METADATA,
    REJECTS,
    REQUESTS,
    RUNS,
    SAMPLES,
    SCHEMA_VERSION,
    STREAMS,
)

KEY: Final = b"a key of a history for tests"
NOW: Final = datetime.now(UTC).replace(microsecond=0)


class WrittenHistory:
    """A history that tests write.

    Attributes:
        place: its path or URL.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        path = sqlite_file(place)
        self.engine: Engine = databases.postgresql(place) if path is None else databases.sqlite(path)
        METADATA.create_all(self.engine)
        self.add(HISTORY, only_row=1, schema_version=SCHEMA_VERSION, identity_key=KEY)

    def add(self, table: Table, *rows: Mapping[str, Any], **row: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(table), [*rows] or [row])

    def run(self, run_id: str, started: datetime = NOW - timedelta(hours=1), **changes: Any) -> str:
        """A run of the target that has ended well a minute after its start, unless `changes` say otherwise."""
        self.add(RUNS, run_row(run_id, started, **changes))
        return run_id

    def stream(self, run_id: str, name: str, **changes: Any) -> None:
        self.add(
            STREAMS,
            {
                "run_id": run_id,
                "name": name,
                "object": "users",
                "bookmark_before": None,
                "bookmark_after": None,
                "rejects_path": None,
                **no_totals(),
                "read": 0,
                **changes,
            },
        )

    def rejects(self, run_id: str, stream: str, code: str, count: int, *fields: str) -> None:
        self.add(REJECTS, run_id=run_id, stream=stream, code=code, count=count, fields=json.dumps(fields))

    def request(self, run_id: str, number: int, at: datetime = NOW, **changes: Any) -> None:
        self.add(
            REQUESTS,
            {
                "run_id": run_id,
                "number": number,
                "at": micros(at),
                "method": "POST",
                "path": "/api/users/bulkUpdate",
                "status": 200,
                "milliseconds": 120,
                "attempt": 1,
                "stream": "audience",
                "records": 10,
                "written": 10,
                "rejected": 0,
                "unknown": 0,
                **changes,
            },
        )

    def sample(self, run_id: str, at: datetime, **totals: Any) -> None:
        self.add(SAMPLES, {"run_id": run_id, "at": micros(at), **no_totals(), **totals})

    def identity(self, run_id: str, identity: str, verdict: str, stream: str = "audience", reason: str = "") -> None:
        self.add(
            IDENTITIES,
            identity_hash=identity_hash(KEY, identity),
            run_id=run_id,
            stream=stream,
            verdict=verdict,
            at=micros(NOW),
            reason=reason,
        )


def run_row(run_id: str, started: datetime, **changes: Any) -> dict[str, Any]:
    """A row of the runs."""
    return {
        "id": run_id,
        "plugin": "target-iterable",
        "pipeline": "prod:postgres-to-iterable",
        "status": "succeeded",
        "started_at": micros(started),
        "seen_at": micros(started + timedelta(minutes=1)),
        "ended_at": micros(started + timedelta(minutes=1)),
        "exit_code": 0,
        "error": "",
        "version": "0.1.0",
        "host": "etl-1",
        "directory": "/srv/meltano",
        "dry_run": False,
        "request_log": None,
        "streams": 1,
        **no_totals(),
        "read": 100,
        "written": 100,
        "unchanged": 0,
        "rejected": 0,
        "removed": 0,
        "requests": 2,
        **changes,
    }


def no_totals() -> dict[str, Any]:
    """Sums of which none is known."""
    names = ("read", "written", "unchanged", "rejected", "removed", "requests", "retries", "bytes")
    return dict.fromkeys((*names, "windows", "jobs", "malformed", "limit_share", "lag_seconds"))
