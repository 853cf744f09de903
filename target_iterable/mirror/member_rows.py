"""Rows of the membership table: many are read or written by one statement."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, MetaData, Table, bindparam, func, select, text

from target_iterable.ledger.sql import KEY_BYTES, sorted_chunks
from target_iterable.mirror.log_replay import Claim
from target_iterable.mirror.name_encryption import HASH_BYTES

MEMBERS: Final = Table(
    "iterable_members",
    MetaData(),
    Column("key", LargeBinary(KEY_BYTES), primary_key=True),
    Column("born", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""`born`: the version at which a member was added. `sealed`: its encrypted name, empty for an alias."""
KEY_IN: Final = MEMBERS.c.key.in_(bindparam("keys", expanding=True))
HAS_NAME: Final = func.length(MEMBERS.c.sealed) > 0
_CHUNK_ROWS: Final = 10_000

_SQLITE_INSERT: Final = text(
    """
    WITH RECURSIVE
    numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)
    INSERT INTO iterable_members (key, born, sealed)
    SELECT substr(:rows, n * :size + 1, 24), :version, substr(:rows, n * :size + 25, :size - 24) FROM numbers WHERE true
    ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed
    """
)
_POSTGRESQL_INSERT: Final = text(
    """
    INSERT INTO iterable_members (key, born, sealed)
    SELECT given.key, given.born, given.sealed
    FROM unnest(CAST(:keys AS bytea[]), CAST(:versions AS bigint[]), CAST(:names AS bytea[]))
    AS given(key, born, sealed)
    ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed
    """
)


def put_members(connection: Connection, stream: bytes, claims: Iterable[Claim]) -> None:
    """Insert members, or change whether they have a name. `claims` must be in the order of their entries.

    The keys of all members of a stream begin with `stream`.
    """
    put = _PUT[connection.dialect.name]
    remaining = iter(claims)
    while chunk := list(islice(remaining, _CHUNK_ROWS)):
        put(connection, stream, chunk)


def find_members(connection: Connection, keys: Collection[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield key and whether it has a name, for those of `keys` that are in the table."""
    query = select(MEMBERS.c.key, HAS_NAME).where(KEY_IN)
    for chunk in sorted_chunks(keys):
        yield from ((key, bool(has_name)) for key, has_name in connection.execute(query, {"keys": chunk}))


def _put_into_sqlite(connection: Connection, stream: bytes, claims: Sequence[Claim]) -> None:
    """Put all rows of one version and size with one statement; one for each row takes more than twice as long."""
    alike: dict[tuple[int, int], list[bytes]] = {}
    for version, entry in claims:
        alike.setdefault((version, len(entry)), []).append(entry)
    for (version, size), entries in alike.items():
        # A row is a key and the encrypted name behind it, as an entry is without what its key begins with.
        given = {"rows": stream + stream.join(entries), "size": len(stream) + size, "count": len(entries)}
        connection.execute(_SQLITE_INSERT, {**given, "version": version})


def _put_into_postgresql(connection: Connection, stream: bytes, claims: Sequence[Claim]) -> None:
    keys = [stream + entry[:HASH_BYTES] for _, entry in claims]
    versions, names = [version for version, _ in claims], [entry[HASH_BYTES:] for _, entry in claims]
    connection.execute(_POSTGRESQL_INSERT, {"keys": keys, "versions": versions, "names": names})


_PUT: Final[Mapping[str, Callable[[Connection, bytes, Sequence[Claim]], None]]] = {
    "sqlite": _put_into_sqlite,
    "postgresql": _put_into_postgresql,
}
