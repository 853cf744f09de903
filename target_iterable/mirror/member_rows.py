"""Rows of the membership table: many are read or written by one statement."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, TypeAlias

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, MetaData, Table, bindparam, func, select, text

from target_iterable.ledger.sql import KEY_BYTES, sorted_chunks

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
MemberRow: TypeAlias = tuple[bytes, int, bytes]
"""Key, version and encrypted name."""
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


def put_members(connection: Connection, rows: Iterable[MemberRow]) -> None:
    """Insert members, or change whether they have a name. `rows` must be in the order of their keys."""
    put = _PUT[connection.dialect.name]
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK_ROWS)):
        put(connection, chunk)


def find_members(connection: Connection, keys: Collection[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield key and whether it has a name, for those of `keys` that are in the table."""
    query = select(MEMBERS.c.key, HAS_NAME).where(KEY_IN)
    for chunk in sorted_chunks(keys):
        yield from ((key, bool(has_name)) for key, has_name in connection.execute(query, {"keys": chunk}))


def _put_into_sqlite(connection: Connection, rows: Sequence[MemberRow]) -> None:
    """Put all rows of one version and size with one statement; one for each row takes more than twice as long."""
    alike: dict[tuple[int, int], list[bytes]] = {}
    for key, version, name in rows:
        alike.setdefault((version, len(key) + len(name)), []).append(key + name)
    for (version, size), joined in alike.items():
        given = {"rows": b"".join(joined), "size": size, "count": len(joined), "version": version}
        connection.execute(_SQLITE_INSERT, given)


def _put_into_postgresql(connection: Connection, rows: Sequence[MemberRow]) -> None:
    keys, versions, names = map(list, zip(*rows, strict=True))
    connection.execute(_POSTGRESQL_INSERT, {"keys": keys, "versions": versions, "names": names})


_PUT: Final[Mapping[str, Callable[[Connection, Sequence[MemberRow]], None]]] = {
    "sqlite": _put_into_sqlite,
    "postgresql": _put_into_postgresql,
}
