"""Tables of the run history that the questions are put to, and their version.

Moments are microseconds since 1970 in UTC. Sums of a run are in its own row, too, so that lists need no other table.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text

SCHEMA_VERSION: Final = 1

METADATA: Final = MetaData()

INTEGER_TOTALS: Final = (
    "read",
    "written",
    "unchanged",
    "rejected",
    "removed",
    "requests",
    "retries",
    "bytes",
    "windows",
    "jobs",
    "malformed",
)
FLOAT_TOTALS: Final = ("limit_share", "lag_seconds")
TOTALS: Final = (*INTEGER_TOTALS, *FLOAT_TOTALS)
"""The columns of sums, named as the attributes of `Totals`."""


def _totals() -> list[Column[Any]]:
    numbers: list[Column[Any]] = [Column(name, BigInteger) for name in INTEGER_TOTALS]
    return numbers + [Column(name, Float) for name in FLOAT_TOTALS]


HISTORY: Final = Table(
    "iterable_run_history",
    METADATA,
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
    Column("identity_key", LargeBinary, nullable=False),
)
"""One row. `identity_key` is the key of the hashes in `IDENTITIES`."""

RUNS: Final = Table(
    "iterable_runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("plugin", Text, nullable=False),
    Column("pipeline", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("exit_code", Integer),
    Column("error", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("request_log", Text),
    Column("streams", Integer, nullable=False),
    *_totals(),
)
BY_START: Final = Index("iterable_runs_by_start", RUNS.c.started_at, RUNS.c.id)

STREAMS: Final = Table(
    "iterable_run_streams",
    METADATA,
    Column("run_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("object", Text, nullable=False),
    Column("bookmark_before", Text),
    Column("bookmark_after", Text),
    Column("rejects_path", Text),
    *_totals(),
)

REJECTS: Final = Table(
    "iterable_run_rejects",
    METADATA,
    Column("run_id", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("fields", Text, nullable=False),
)
"""`fields` is a JSON array of dotted paths."""

REQUESTS: Final = Table(
    "iterable_run_requests",
    METADATA,
    Column("run_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("status", Integer),
    Column("milliseconds", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("stream", Text),
    Column("records", Integer),
    Column("written", Integer),
    Column("rejected", Integer),
    Column("unknown", Integer),
)

SAMPLES: Final = Table(
    "iterable_run_samples",
    METADATA,
    Column("run_id", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    *_totals(),
)

IDENTITIES: Final = Table(
    "iterable_run_identities",
    METADATA,
    Column("identity_hash", LargeBinary, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("verdict", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)
