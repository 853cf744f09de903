"""The settings of BATCH files beside the SDK's `batch_config`, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, Final

NESTED_TYPES: Final = "nested_types"
MB: Final = 1_000_000
BATCH_FILES: Final[Mapping[str, Mapping[str, Any]]] = {
    "batch_file_mb": {
        "type": ["integer", "null"],
        "minimum": 1,
        "title": "Batch file size in MB",
        "description": "A file of `batch_config` ends when it is so large, although it has fewer rows than "
        "`batch_size`. It can be larger by the rows that were written last: of JSON lines some 64 KB, of Parquet a row "
        "group, which is 4 MB or so before it is compressed. By default only rows count.",
    },
    NESTED_TYPES: {
        "type": "boolean",
        "default": False,
        "title": "Nested types",
        "description": "In Parquet, and in Arrow for programs: structs for objects whose members the schema of the "
        "stream names, which a catalog can do, and lists of them. By default objects are JSON text, as all others "
        "stay. Members that the schema does not name, and values that do not fit, are in `dataFields`, under the name "
        "of the column.",
    },
}


def most_batch_bytes(config: Mapping[str, Any]) -> float:
    """The bytes with which a batch file ends; infinite without a limit."""
    return config["batch_file_mb"] * MB if config.get("batch_file_mb") else inf
