"""The settings of the run history, which tap and target share, as JSON Schema; and the observers of a run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from iterable_runs.alerts.settings import alert_problems, wanted_conditions
from iterable_runs.progress.observer import ProgressObserver
from iterable_runs.recording.observers import RunObserver
from iterable_runs.store.places import DEFAULT_PLACE, place_problems
from iterable_runs.telemetry.activation import wanted_exports

NONE: Final = "none"
REJECTED: Final = "rejected"
ALL: Final = "all"

RUN_HISTORY: Final[Mapping[str, Mapping[str, Any]]] = {
    "run_history": {
        "type": "string",
        "secret": True,
        "default": DEFAULT_PLACE,
        "title": "Run history",
        "description": "Where the run notes itself, for `iterable-runs`: when it began and how it ended, how many "
        "records and requests of which stream, and why records were rejected. It is a SQLite file, or the URL of a "
        "PostgreSQL database that several machines share. It holds no personal data. An empty text turns it off. A "
        "history that cannot be written costs a warning, not the run.",
    },
    "run_history_days": {
        "type": "integer",
        "minimum": 1,
        "maximum": 36500,
        "default": 90,
        "title": "Run history days",
        "description": "For how many days runs are kept in the run history.",
    },
}
"""Settings of both plugins."""

IDENTITIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "run_history_identities": {
        "type": "string",
        "enum": [NONE, REJECTED, ALL],
        "default": REJECTED,
        "title": "Run history identities",
        "description": "Of which users and items the run history notes what became of them, so that `iterable-runs "
        "find` finds them: of those in rejected records, of all, or of none. It notes keyed hashes of addresses and "
        "ids, never these themselves. `all` costs time and about 170 bytes for each record of each run.",
    },
}
"""Setting of the target only."""


def history_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Errors of the settings of the run history, each with the name of its setting."""
    if config["run_history"]:
        yield from place_problems("run_history", config["run_history"])


def run_problems(config: Mapping[str, Any], plugin: str) -> Iterator[str]:
    """Errors of all settings about the observers of a run, each with the name of its setting."""
    yield from history_problems(config)
    yield from alert_problems(config, plugin)


def observers_of(config: Mapping[str, Any], plugin: str) -> Sequence[RunObserver]:
    """The observers of a run that the settings and the environment ask for.

    The history is the last one: where its database is away, it may take a while.
    """
    observers: list[RunObserver] = [ProgressObserver()]
    place = config["run_history"]
    if config["alerts"]:
        from iterable_runs.alerts.observer import AlertObserver  # noqa: PLC0415

        observers.append(AlertObserver(config["alerts"], wanted_conditions(config, plugin), place or None))
    if exports := wanted_exports(os.environ):
        from iterable_runs.telemetry.observer import TelemetryObserver  # noqa: PLC0415

        observers.append(TelemetryObserver(exports))
    if place:
        # Imported here, as it brings the driver of a database with it.
        from iterable_runs.recording.history import HistoryObserver  # noqa: PLC0415

        observers.append(HistoryObserver(place, config["run_history_days"]))
    return observers
