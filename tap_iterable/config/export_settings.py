"""The settings of the export engine, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from iterable_api.facts.limits import EXPORT_JOBS_AT_ONCE
from tap_iterable.export.export_plan import MODES

EXPORT: Final[Mapping[str, Mapping[str, Any]]] = {
    "export_mode": {
        "type": "string",
        "enum": list(MODES),
        "default": "auto",
        "title": "Export mode",
        "description": "How events and users are read: `stream` asks for windows one by one, four a minute for the "
        "whole project; `jobs` lets Iterable write files, which suits a long history; `auto` takes jobs for history "
        "where that is finished sooner.",
    },
    "export_jobs_at_once": {
        "type": "integer",
        "minimum": 1,
        "maximum": EXPORT_JOBS_AT_ONCE,
        "default": EXPORT_JOBS_AT_ONCE,
        "title": "Export jobs at once",
        "description": "How many export jobs to run at a time. Iterable runs four for the whole organisation: take "
        "fewer if others of it use them too. Taps with one `rate_limit_store` share the four by themselves.",
    },
    "event_shape": {
        "type": "string",
        "enum": ["iterable", "segment", "heap"],
        "default": "iterable",
        "title": "Event shape",
        "description": "The names and columns of events: Iterable's own; those of the tables that Segment fills from "
        "Iterable; or one stream `heap_events` with the names that Heap gives them. Events that Segment or Heap do not "
        "know are left out then: see docs/migrating.md.",
    },
}
