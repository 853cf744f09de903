"""Tables of the run history for SQLAlchemy, made from `iterable_runs.store.columns`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Float, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy import Column as TableColumn

from iterable_runs.store import columns
from iterable_runs.store.columns import COLUMNS, INDEXES, SCHEMA_VERSION, Column, Kind
from iterable_runs.store.totals import TOTALS

__all__ = [
    "HISTORY",
    "IDENTITIES",
    "METADATA",
    "REJECTS",
    "REQUESTS",
    "RUNS",
    "SAMPLES",
    "SCHEMA_VERSION",
    "STREAMS",
    "TOTALS",
]

_TYPES: Final[Mapping[Kind, type[Any]]] = {
    "text": Text,
    "integer": Integer,
    "bigint": BigInteger,
    "float": Float,
    "boolean": Boolean,
    "bytes": LargeBinary,
}

METADATA: Final = MetaData()


def _column(column: Column) -> TableColumn[Any]:
    return TableColumn(
        column.name, _TYPES[column.kind], primary_key=column.is_key, nullable=column.nullable, autoincrement=False
    )


_TABLES: Final = {name: Table(name, METADATA, *map(_column, its)) for name, its in COLUMNS.items()}

for _index in INDEXES:
    Index(_index.name, *(_TABLES[_index.table].c[name] for name in _index.columns))

HISTORY: Final = _TABLES[columns.HISTORY]
RUNS: Final = _TABLES[columns.RUNS]
STREAMS: Final = _TABLES[columns.STREAMS]
REJECTS: Final = _TABLES[columns.REJECTS]
REQUESTS: Final = _TABLES[columns.REQUESTS]
SAMPLES: Final = _TABLES[columns.SAMPLES]
IDENTITIES: Final = _TABLES[columns.IDENTITIES]
