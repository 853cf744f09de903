"""Columns of the run history, and their version.

Runs write without SQLAlchemy, whose import takes longer than many a run; questions are put with it. So columns are
described here once: `iterable_runs.store.tables` makes tables of SQLAlchemy of them, `iterable_runs.store.statements`
makes SQL.

Moments are microseconds since 1970 in UTC. Sums of a run are in its own row, too, so that lists need no other table.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from iterable_runs.store.totals import FLOAT_TOTALS, INTEGER_TOTALS

SCHEMA_VERSION: Final = 1

Kind: TypeAlias = Literal["text", "integer", "bigint", "float", "boolean", "bytes"]


class Column(NamedTuple):
    """A column.

    Attributes:
        kind: the type of its values.
        is_key: whether it is part of the primary key.
        nullable: whether it may be unknown.
    """

    name: str
    kind: Kind
    is_key: bool = False
    nullable: bool = False


class TableIndex(NamedTuple):
    """An index over columns of a table."""

    name: str
    table: str
    columns: tuple[str, ...]


def _unknown(name: str, kind: Kind) -> Column:
    return Column(name, kind, nullable=True)


_TOTALS: Final = (
    *(_unknown(name, "bigint") for name in INTEGER_TOTALS),
    *(_unknown(name, "float") for name in FLOAT_TOTALS),
)
_RUN: Final = Column("run_id", "text", is_key=True)

HISTORY: Final = "iterable_run_history"
RUNS: Final = "iterable_runs"
STREAMS: Final = "iterable_run_streams"
REJECTS: Final = "iterable_run_rejects"
REQUESTS: Final = "iterable_run_requests"
SAMPLES: Final = "iterable_run_samples"
IDENTITIES: Final = "iterable_run_identities"

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = MappingProxyType(
    {
        HISTORY: (
            Column("only_row", "integer", is_key=True),
            Column("schema_version", "integer"),
            Column("identity_key", "bytes"),
        ),
        RUNS: (
            Column("id", "text", is_key=True),
            Column("plugin", "text"),
            Column("pipeline", "text"),
            Column("status", "text"),
            Column("started_at", "bigint"),
            Column("seen_at", "bigint"),
            _unknown("ended_at", "bigint"),
            _unknown("exit_code", "integer"),
            Column("error", "text"),
            Column("version", "text"),
            Column("host", "text"),
            Column("directory", "text"),
            Column("dry_run", "boolean"),
            _unknown("request_log", "text"),
            Column("streams", "integer"),
            *_TOTALS,
        ),
        STREAMS: (
            _RUN,
            Column("name", "text", is_key=True),
            Column("object", "text"),
            _unknown("bookmark_before", "text"),
            _unknown("bookmark_after", "text"),
            _unknown("rejects_path", "text"),
            *_TOTALS,
        ),
        REJECTS: (
            _RUN,
            Column("stream", "text", is_key=True),
            Column("code", "text", is_key=True),
            Column("count", "bigint"),
            Column("fields", "text"),
        ),
        REQUESTS: (
            _RUN,
            Column("number", "integer", is_key=True),
            Column("at", "bigint"),
            Column("method", "text"),
            Column("path", "text"),
            _unknown("status", "integer"),
            Column("milliseconds", "integer"),
            Column("attempt", "integer"),
            _unknown("stream", "text"),
            _unknown("records", "integer"),
            _unknown("written", "integer"),
            _unknown("rejected", "integer"),
            _unknown("unknown", "integer"),
        ),
        SAMPLES: (_RUN, Column("at", "bigint", is_key=True), *_TOTALS),
        IDENTITIES: (
            Column("identity_hash", "bytes", is_key=True),
            _RUN,
            Column("stream", "text", is_key=True),
            Column("verdict", "text", is_key=True),
            Column("at", "bigint"),
            Column("reason", "text"),
        ),
    }
)
"""Name of each table -> its columns. `identity_key` is the key of the hashes, `fields` a JSON array of dotted paths."""

INDEXES: Final = (
    TableIndex("iterable_runs_by_start", RUNS, ("started_at", "id")),
    TableIndex("iterable_run_identities_by_run", IDENTITIES, ("run_id",)),
)

CHILDREN: Final = (STREAMS, REJECTS, REQUESTS, SAMPLES, IDENTITIES)
"""Tables whose rows belong to a run."""
