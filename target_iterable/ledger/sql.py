"""SQL statements of the ledger. Many keys are one statement, with all of them in one parameter.

A statement per key, or a parameter per key, takes several times as long, most of it outside of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import TextClause, text

KEY_BYTES: Final = 24
CONTENT_BYTES: Final = 16
"""Bytes. Both sizes are also in the statements for SQLite, which split the parameters."""
_MAX_PARAMETERS: Final = 10_000
"""Keys that fit into one statement of any database as parameters of their own."""

Pack: TypeAlias = Callable[[Sequence[bytes]], Any]


class Dialect(NamedTuple):
    """Statements of one kind of database, which take `keys` sorted, and the functions that make their parameters.

    Attributes:
        lock: locks the log until the end of the transaction. Without it, two writers could get their numbers in one
            order and commit in the other.
        read: selects keys and contents of those of `keys` that exist.
        upsert: stores contents under keys; its parameters come from `rows`.
        delete: deletes keys.
        pack: makes the parameter `keys` of a list of keys.
        rows: makes the parameters of `upsert` of a list of keys, each with its content behind it.
    """

    lock: TextClause
    read: TextClause
    upsert: TextClause
    delete: TextClause
    pack: Pack
    rows: Callable[[Sequence[bytes]], Mapping[str, Any]]


def _joined_rows(rows: Sequence[bytes]) -> Mapping[str, Any]:
    return {"rows": b"".join(rows)}


def _split_rows(rows: Sequence[bytes]) -> Mapping[str, Any]:
    return {"keys": [row[:KEY_BYTES] for row in rows], "contents": [row[KEY_BYTES:] for row in rows]}


_SQLITE: Final = Dialect(
    # A write locks the whole file; this one changes nothing.
    lock=text("DELETE FROM iterable_ledger_log WHERE number < 0"),
    # SQLite does not reorder a cross join.
    read=text(
        """
        WITH RECURSIVE
        numbers(n) AS (SELECT 0 WHERE :keys <> x'' UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < length(:keys) / 24)
        SELECT kept.key, kept.content
        FROM numbers CROSS JOIN iterable_ledger AS kept ON kept.key = substr(:keys, n * 24 + 1, 24)
        """
    ),
    upsert=text(
        """
        WITH RECURSIVE
        numbers(n) AS (SELECT 0 WHERE :rows <> x'' UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < length(:rows) / 40)
        INSERT INTO iterable_ledger (key, content)
        SELECT substr(:rows, n * 40 + 1, 24), substr(:rows, n * 40 + 25, 16) FROM numbers WHERE true
        ON CONFLICT (key) DO UPDATE SET content = excluded.content
        """
    ),
    delete=text(
        """
        WITH RECURSIVE
        numbers(n) AS (SELECT 0 WHERE :keys <> x'' UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < length(:keys) / 24)
        DELETE FROM iterable_ledger WHERE key IN (SELECT substr(:keys, n * 24 + 1, 24) FROM numbers)
        """
    ),
    pack=b"".join,
    rows=_joined_rows,
)
_POSTGRESQL: Final = Dialect(
    lock=text("LOCK TABLE iterable_ledger_log IN EXCLUSIVE MODE"),
    read=text("SELECT key, content FROM iterable_ledger WHERE key = ANY(CAST(:keys AS bytea[]))"),
    upsert=text(
        """
        INSERT INTO iterable_ledger (key, content)
        SELECT given.key, given.content
        FROM unnest(CAST(:keys AS bytea[]), CAST(:contents AS bytea[])) AS given(key, content)
        ON CONFLICT (key) DO UPDATE SET content = excluded.content
        """
    ),
    delete=text("DELETE FROM iterable_ledger WHERE key = ANY(CAST(:keys AS bytea[]))"),
    pack=list,
    rows=_split_rows,
)
DIALECTS: Final[Mapping[str, Dialect]] = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}


def sorted_chunks(keys: Collection[bytes]) -> Iterator[list[bytes]]:
    """Yield `keys`, or keys with their contents behind them, sorted, in lists that one statement can hold."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _MAX_PARAMETERS):
        yield ordered[start : start + _MAX_PARAMETERS]
