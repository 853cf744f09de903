"""Exports of Iterable loaded by dlt. It runs in an environment of its own, which knows nothing of this repository.

`rows` is what dlt's first pages show: a resource that yields pages of rows. `arrow` is what its page on performance
advises: Arrow tables, read side by side, without child tables. Rows are appended, which is its fastest disposition.
"""

from __future__ import annotations

import io
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import dlt
import pyarrow as pa
import requests
from pyarrow import json as arrow_json

_PAGE: Final = 10_000
"""Rows."""
_BLOCK: Final = 1 << 26
"""Bytes, more than a page has: Arrow finds types block by block."""
_RANGE: Final = {"startDateTime": "2020-01-01 00:00:00", "endDateTime": "2030-01-01 00:00:00"}
_MOMENT: Final = re.compile(rb'(":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \+00:00"')
_DESTINATIONS: Final = {"postgres": dlt.destinations.postgres, "duckdb": dlt.destinations.duckdb}

Page = Callable[[list[bytes]], Any]


def _rows(lines: list[bytes]) -> list[dict[str, Any]]:
    """Moments in ISO's form, the only one that dlt takes: others go to a text column beside an empty one."""
    rows = [json.loads(line) for line in lines]
    for row in rows:
        row["createdAt"] = row["createdAt"].replace(" +", "+")
    return rows


def _table(lines: list[bytes]) -> Any:
    """Arrow does not know a moment as Iterable writes it, and dlt writes no objects and lists of Arrow into files."""
    text = _MOMENT.sub(rb'\1Z"', b"\n".join(lines))
    table = arrow_json.read_json(io.BytesIO(text), arrow_json.ReadOptions(block_size=_BLOCK))
    for number, column in enumerate(table.schema):
        if pa.types.is_nested(column.type):
            texts = [None if value is None else json.dumps(value) for value in table[number].to_pylist()]
            table = table.set_column(number, column.name, pa.array(texts, pa.string()))
    return table


_PAGES: Final[dict[str, Page]] = {"rows": _rows, "arrow": _table}


def _export(url: str, key: str, data_type: str, page: Page) -> Iterator[Any]:
    """The pages of one export, while it comes."""
    parameters, headers = {"dataTypeName": data_type, **_RANGE}, {"Api-Key": key}
    address = f"{url}/api/export/data.json"
    with requests.get(address, params=parameters, headers=headers, stream=True, timeout=600) as answer:
        answer.raise_for_status()
        lines = answer.iter_lines(1 << 20)
        while chunk := list(itertools.islice(lines, _PAGE)):
            yield page(chunk)


def main(arguments: Sequence[str]) -> None:
    """Load data types, each into a table.

    The arguments: `rows` or `arrow`; the form of the files between dlt and the destination; the destination and its
    address; the URL of the API and its key; the data types.
    """
    way, files, destination, address, url, key, *data_types = arguments
    resources = [
        dlt.resource(
            _export(url, key, data_type, _PAGES[way]),
            name=data_type,
            write_disposition="append",
            columns={"createdAt": {"data_type": "timestamp"}},
            max_table_nesting=0 if way == "arrow" else None,
            parallelized=way == "arrow",
        )
        for data_type in data_types
    ]
    pipeline = dlt.pipeline(
        "bench", pipelines_dir="dlt", destination=_DESTINATIONS[destination](address), dataset_name="bench"
    )
    pipeline.run(resources, loader_file_format=files)


if __name__ == "__main__":
    main(sys.argv[1:])
