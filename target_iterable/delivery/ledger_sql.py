"""What the ledger says to its databases. A load of keys is one statement, with all of them in one parameter.

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
        read: the keys that are there, and what is kept under them.
        claim: puts `claim` under each key; or `contested`, if there is another claim.
        keep: puts one of `contents` under each key where there is still `claim`; else, and for `refused`, `unsure`.
        forget: takes the keys away.
    """

    read: TextClause
    claim: TextClause
    keep: TextClause
    forget: TextClause
    pack: Pack


_SQLITE: Final = Dialect(
    # A cross join is one whose order SQLite leaves alone.
    read=text(
        """
        WITH RECURSIVE
        numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < length(:keys) / 24)
        SELECT kept.key, kept.content
        FROM numbers CROSS JOIN iterable_ledger AS kept ON kept.key = substr(:keys, n * 24 + 1, 24)
        """
    ),
    claim=text(
        """
        WITH RECURSIVE
        numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < length(:keys) / 24)
        INSERT INTO iterable_ledger (key, content)
        SELECT substr(:keys, n * 24 + 1, 24), :claim FROM numbers WHERE true
        ON CONFLICT (key) DO UPDATE SET content = CASE
        WHEN length(iterable_ledger.content) = length(excluded.content) AND iterable_ledger.content <> excluded.content
        THEN :contested ELSE excluded.content END
        """
    ),
    keep=text(
        """
        WITH RECURSIVE
        numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < length(:keys) / 24),
        given AS (
            SELECT substr(:keys, n * 24 + 1, 24) AS key, substr(:contents, n * 16 + 1, 16) AS content FROM numbers
        )
        UPDATE iterable_ledger SET content = CASE
        WHEN iterable_ledger.content = :claim AND given.content <> :refused
        THEN given.content ELSE :unsure END
        FROM given WHERE iterable_ledger.key = given.key
        """
    ),
    forget=text(
        """
        WITH RECURSIVE
        numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < length(:keys) / 24)
        DELETE FROM iterable_ledger WHERE key IN (SELECT substr(:keys, n * 24 + 1, 24) FROM numbers)
        """
    ),
    pack=b"".join,
)
_POSTGRESQL: Final = Dialect(
    read=text("SELECT key, content FROM iterable_ledger WHERE key = ANY(CAST(:keys AS bytea[]))"),
    claim=text(
        """
        INSERT INTO iterable_ledger (key, content)
        SELECT given.key, CAST(:claim AS bytea) FROM unnest(CAST(:keys AS bytea[])) AS given(key)
        ON CONFLICT (key) DO UPDATE SET content = CASE
        WHEN length(iterable_ledger.content) = length(excluded.content) AND iterable_ledger.content <> excluded.content
        THEN CAST(:contested AS bytea) ELSE excluded.content END
        """
    ),
    # Locked in the order of the keys, so that two who write the same do not wait for each other.
    keep=text(
        """
        WITH locked AS (
            SELECT key FROM iterable_ledger WHERE key = ANY(CAST(:keys AS bytea[])) ORDER BY key FOR UPDATE
        )
        UPDATE iterable_ledger SET content = CASE
        WHEN iterable_ledger.content = CAST(:claim AS bytea) AND given.content <> CAST(:refused AS bytea)
        THEN given.content ELSE CAST(:unsure AS bytea) END
        FROM unnest(CAST(:keys AS bytea[]), CAST(:contents AS bytea[])) AS given(key, content), locked
        WHERE iterable_ledger.key = locked.key AND given.key = locked.key
        """
    ),
    forget=text("DELETE FROM iterable_ledger WHERE key = ANY(CAST(:keys AS bytea[]))"),
    pack=list,
)
DIALECTS: Final[Mapping[str, Dialect]] = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
