"""Records of a file of Singer messages by dlt: the peer of the loaders. Runs in dlt's environment, not in ours.

    python dlt_peer.py --config config.json < messages.singer
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt  # type: ignore[import-not-found]


def main() -> None:
    """Load all streams by merge into PostgreSQL."""
    config = json.loads(Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
    pipeline = dlt.pipeline(
        "crossed",
        pipelines_dir=config["folder"],
        destination=dlt.destinations.postgres(config["url"]),
        dataset_name=config["schema"],
    )
    schemas, records = _messages()
    pipeline.run([_resource(stream, schema, records.get(stream, [])) for stream, schema in schemas.items()])


def _messages() -> tuple[dict[str, Any], dict[str, list[Any]]]:
    schemas: dict[str, Any] = {}
    records: dict[str, list[Any]] = {}
    for message in map(json.loads, sys.stdin):
        if message["type"] == "SCHEMA":
            schemas[message["stream"]] = message
        elif message["type"] == "RECORD":
            records.setdefault(message["stream"], []).append(message["record"])
    return schemas, records


def _resource(stream: str, schema: dict[str, Any], records: list[Any]) -> Any:
    def rows() -> Iterator[list[Any]]:
        yield records

    return dlt.resource(rows, name=stream, primary_key=schema["key_properties"], write_disposition="merge")


if __name__ == "__main__":
    main()
