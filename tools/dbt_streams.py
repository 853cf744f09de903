"""What the dbt package knows of the tap: its streams, their data types and keys, and the sources of the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from iterable_api.facts.data_types import EVENTS
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.tap import TapIterable
from tools.generated import ROOT

PACKAGE: Final = ROOT / "dbt"
_SOURCES: Final = """# Made from the code by `make docs`.
sources:
  - name: singer_iterable
    description: Tables that a loader makes of the streams of tap-iterable. Those that were never loaded may be missing.
    database: "{{ var('singer_iterable_database') or target.database }}"
    schema: "{{ var('singer_iterable_schema') }}"
    tables:
"""
_MACROS: Final = """{# Made from the code by `make docs`. #}

{# Tables of events, and the data types in them. #}
{% macro event_tables() %}
  {{- return({
@EVENTS
  }) -}}
{% endmacro %}

{# Keys of all streams. #}
{% macro stream_keys() %}
  {{- return({
@KEYS
  }) -}}
{% endmacro %}
"""


def files() -> dict[Path, str]:
    """The sources of the models, and the macros with the streams."""
    tap = TapIterable(config={"api_key": "none", "start_date": "2026-01-01"}, setup_mapper=False)
    streams = [stream for stream in tap.streams.values() if isinstance(stream, IterableStream)]
    events = "\n".join(f"    '{event.stream}': '{event.name}'," for event in EVENTS)
    keys = "\n".join(f"    '{stream.name}': {list(stream.primary_keys)}," for stream in streams)
    return {
        PACKAGE / "models" / "sources.yml": _SOURCES + "".join(map(_source, streams)),
        PACKAGE / "macros" / "streams.sql": _MACROS.replace("@EVENTS", events).replace("@KEYS", keys),
    }


def _source(stream: IterableStream) -> str:
    lines = (
        f"      - name: {stream.name}",
        f"        identifier: \"{{{{ var('singer_iterable_table_prefix') }}}}{stream.name}\"",
        f"        description: {json.dumps(stream.schema['description'], ensure_ascii=False)}",
    )
    return "\n".join(lines) + "\n"
