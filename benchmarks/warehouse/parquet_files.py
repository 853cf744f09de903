"""The Parquet files that BATCH messages name, into DuckDB, by one statement for each stream."""

from __future__ import annotations

import json
import sys
from collections import defaultdict

import duckdb


def main(database: str, schema: str) -> None:
    """Read messages from standard input, and make a table of each stream."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "BATCH":
            files[message["stream"]] += [name.removeprefix("file://") for name in message["manifest"]]
    with duckdb.connect(database) as connection:
        connection.execute(f'create schema "{schema}"')
        for stream, names in files.items():
            connection.execute(f'create table "{schema}"."{stream}" as from read_parquet(?)', [names])


if __name__ == "__main__":
    main(*sys.argv[1:])
