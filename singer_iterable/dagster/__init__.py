"""Iterable projects as Dagster's software-defined assets; docs/orchestrators.md is the manual.

import dagster as dg
from singer_iterable.dagster import IterableProject, Plugin, iterable_definitions

defs = iterable_definitions(
    [
        IterableProject(
            "north",
            tap={"api_key": dg.EnvVar("NORTH_API_KEY")},
            loader=Plugin("target-postgres", {"sqlalchemy_url": dg.EnvVar("WAREHOUSE")}),
            first_day="2026-01-01",
        )
    ],
    state_store=dg.EnvVar("STATE_STORE"),
)
"""

from singer_iterable.dagster.definitions import iterable_definitions
from singer_iterable.dagster.pools import pool_limits
from singer_iterable.dagster.projects import IterableProject, Plugin, TargetSync
from singer_iterable.dagster.stream_groups import STREAM_GROUPS, Reading, StreamGroup

__all__ = [
    "STREAM_GROUPS",
    "IterableProject",
    "Plugin",
    "Reading",
    "StreamGroup",
    "TargetSync",
    "iterable_definitions",
    "pool_limits",
]
