"""What the ledger says to its databases. Many keys are one statement, with all of them in one parameter.

A statement for each key, or with a parameter for each, takes several times as long, most of it outside of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import TextClause, text

KEY_BYTES: Final = 24
CONTENT_BYTES: Final = 16
"""These two are also in the statements for SQLite, which cut the parameters."""

Pack: TypeAlias = Callable[[Sequence[bytes]], Any]


class Dialect(NamedTuple):
    """Statements that take `keys` in their order, and what makes one parameter of many values.

    Attributes:
        lock: makes whoever else wants to write wait for the end of the transaction. Two of them would else get the
            numbers of what they append in one order, and bring it to the disk in the other.
        read: the keys that are there, and what is kept under them.
        put: puts contents under keys, as `rows` has made parameters of both: keys with their contents behind them.
        drop: takes the keys away.
    """

    lock: TextClause
    read: TextClause
    put: TextClause
    drop: TextClause
    pack: Pack
    rows: Callable[[Sequence[bytes]], Mapping[str, Any]]


def _whole(rows: Sequence[bytes]) -> Mapping[str, Any]:
    return {"rows": b"".join(rows)}


def _apart(rows: Sequence[bytes]) -> Mapping[str, Any]:
    return {"keys": [row[:KEY_BYTES] for row in rows], "contents": [row[KEY_BYTES:] for row in rows]}


_SQLITE: Final = Dialect(
    # Whoever writes has the whole file for himself; this writes nothing.
    lock=text("DELETE FROM iterable_ledger_log WHERE number < 0"),
    # A cross join is one whose order SQLite leaves alone.
    read=text(
        """
        WITH RECURSIVE
        numbers(n) AS (SELECT 0 WHERE :keys <> x'' UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < length(:keys) / 24)
        SELECT kept.key, kept.content
        FROM numbers CROSS JOIN iterable_ledger AS kept ON kept.key = substr(:keys, n * 24 + 1, 24)
        """
    ),
    put=text(
        """
        WITH RECURSIVE
        numbers(n) AS (SELECT 0 WHERE :rows <> x'' UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < length(:rows) / 40)
        INSERT INTO iterable_ledger (key, content)
        SELECT substr(:rows, n * 40 + 1, 24), substr(:rows, n * 40 + 25, 16) FROM numbers WHERE true
        ON CONFLICT (key) DO UPDATE SET content = excluded.content
        """
    ),
    drop=text(
        """
        WITH RECURSIVE
        numbers(n) AS (SELECT 0 WHERE :keys <> x'' UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < length(:keys) / 24)
        DELETE FROM iterable_ledger WHERE key IN (SELECT substr(:keys, n * 24 + 1, 24) FROM numbers)
        """
    ),
    pack=b"".join,
    rows=_whole,
)
_POSTGRESQL: Final = Dialect(
    lock=text("LOCK TABLE iterable_ledger_log IN EXCLUSIVE MODE"),
    read=text("SELECT key, content FROM iterable_ledger WHERE key = ANY(CAST(:keys AS bytea[]))"),
    put=text(
        """
        INSERT INTO iterable_ledger (key, content)
        SELECT given.key, given.content
        FROM unnest(CAST(:keys AS bytea[]), CAST(:contents AS bytea[])) AS given(key, content)
        ON CONFLICT (key) DO UPDATE SET content = excluded.content
        """
    ),
    drop=text("DELETE FROM iterable_ledger WHERE key = ANY(CAST(:keys AS bytea[]))"),
    pack=list,
    rows=_apart,
)
DIALECTS: Final[Mapping[str, Dialect]] = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
