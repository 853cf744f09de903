"""Finding a user or an item: by the hashes that runs have noted, and in the files of rejects that are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, and_, select

from iterable_runs.queries.answers import Found
from iterable_runs.queries.reject_files import search_rejects
from iterable_runs.queries.rows import moment_of
from iterable_runs.store.identity_hash import identity_hash
from iterable_runs.store.tables import HISTORY, IDENTITIES, RUNS, STREAMS

_MOST_FOUND: Final = 200
_MOST_FILES: Final = 100


def find_identity(connection: Connection, identity: str) -> list[Found]:
    """What runs have noted of an identity, and the rejects of it, the latest first. Each fact is there once."""
    noted = list(_noted(connection, identity))
    known = {(one.run, one.stream, one.verdict) for one in noted}
    rejected = [one for one in _rejected(connection, identity) if (one.run, one.stream, one.verdict) not in known]
    return sorted(noted + rejected, key=lambda one: one.at, reverse=True)[:_MOST_FOUND]


def _noted(connection: Connection, identity: str) -> Iterator[Found]:
    key = connection.execute(select(HISTORY.c.identity_key)).scalar_one()
    digest = identity_hash(key, identity)
    statement = select(IDENTITIES).where(IDENTITIES.c.identity_hash == digest).order_by(IDENTITIES.c.at.desc())
    for row in connection.execute(statement.limit(_MOST_FOUND)):
        yield Found(row.run_id, moment_of(row.at), row.stream, row.verdict, row.reason)


def _rejected(connection: Connection, identity: str) -> Iterator[Found]:
    statement = (
        select(RUNS.c.id, RUNS.c.started_at, RUNS.c.directory, STREAMS.c.name, STREAMS.c.rejects_path)
        .join(STREAMS, and_(STREAMS.c.run_id == RUNS.c.id, STREAMS.c.rejects_path.is_not(None)))
        .order_by(RUNS.c.started_at.desc())
    )
    for row in connection.execute(statement.limit(_MOST_FILES)):
        for record in search_rejects(Path(row.directory, row.rejects_path), identity):
            reason = f"{record.code}: {record.reason}"
            yield Found(row.id, moment_of(row.started_at), row.name, "rejected", reason)
