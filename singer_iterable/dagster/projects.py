"""What a data engineer says of a project: plain data, with secrets by the names of their variables only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import dagster as dg

from iterable_api.storage.paths import sqlite_file
from singer_iterable.dagster.stream_groups import STREAM_GROUPS, WEBHOOKS, StreamGroup

ExportMode = Literal["stream", "jobs", "auto"]

_NAME: Final = re.compile(r"[A-Za-z0-9_]+")
_KEY: Final = "api_key"
_OWN: Final = ("start_date", "end_date", "export_mode")
"""Settings of the tap that the definitions set."""
_LEDGER: Final = "ledger"
SHARED: Final = (_LEDGER, "rate_limit_store")
"""Settings of the plugins that name what all workers share."""
DEFAULT_ORGANISATION: Final = "default"


class WrongProjectError(ValueError):
    """A project or sync cannot be as it is described. The text never quotes a setting's value."""


@dataclass(frozen=True)
class Plugin:
    """A Singer plugin: its command, beside this Python, on the PATH or by an absolute path, and its settings.

    Settings may hold `dg.EnvVar` at any depth. These are read when a run begins, by the worker, and count as secrets.
    """

    command: str
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TargetSync:
    """Records of some source, written into the project by target-iterable.

    Attributes:
        name: the last part of the asset's key.
        extractor: the tap of the source.
        target: settings of target-iterable. `ledger` must be a place that every worker can reach.
        streams: names or globs of the extractor's streams.
        metadata: name or glob of a stream -> its metadata in the catalog, such as `replication-method`, as in Meltano.
        deps: keys of the assets that it reads, such as a model of dbt.
        cron: when to run it; None for no schedule.
        max_rejected_share: the check `rejects` fails above this share of the records read, of 1.
        fresh_within_hours: Dagster calls the asset stale if the last good run is older.
    """

    name: str
    extractor: Plugin
    target: Mapping[str, Any]
    streams: Sequence[str] = ("*",)
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    deps: Sequence[str | Sequence[str]] = ()
    cron: str | None = None
    max_rejected_share: float = 0.0
    fresh_within_hours: float = 26


@dataclass(frozen=True)
class IterableProject:
    """A project of Iterable, with what is read from it and written into it.

    Attributes:
        name: letters, digits and underscores; the first part of its assets' keys.
        tap: settings of tap-iterable, without dates.
        loader: where it is read to. Rows that come again must replace those with the same key: `load_method: upsert`
            of target-postgres, which is its default.
        first_day: the first day to read, such as 2026-01-01.
        organisation: projects of one organisation share the limits of export jobs.
        timezone: in which days begin and end.
        export_mode: `stream` asks for windows, within the limits of the project; `jobs` and `auto` may use export
            jobs, within those of the organisation.
        groups: the assets that are read.
        syncs: the assets that are written.
    """

    name: str
    tap: Mapping[str, Any]
    loader: Plugin
    first_day: str
    organisation: str = DEFAULT_ORGANISATION
    timezone: str = "UTC"
    export_mode: ExportMode = "stream"
    groups: Sequence[StreamGroup] = STREAM_GROUPS
    syncs: Sequence[TargetSync] = ()

    def __post_init__(self) -> None:
        if problems := [*_problems(self)]:
            raise WrongProjectError(f"The project {self.name!r}: {' '.join(problems)}")

    @property
    def all_groups(self) -> Sequence[StreamGroup]:
        """Its groups, and that of the store of webhooks if it has one."""
        return (*self.groups, WEBHOOKS) if self.tap.get("webhook_store") else self.groups


def _problems(project: IterableProject) -> Iterator[str]:
    names = [project.name, project.organisation, *(group.name for group in project.all_groups)]
    names += [sync.name for sync in project.syncs]
    if wrong := [name for name in names if not _NAME.fullmatch(name)]:
        yield f"Names have letters, digits and underscores only: {', '.join(map(repr, wrong))}."
    assets = names[2:]
    if doubled := sorted({name for name in assets if assets.count(name) > 1}):
        yield f"Names of groups and syncs are there twice: {', '.join(doubled)}."
    if own := [name for name in _OWN if name in project.tap]:
        yield f"The tap gets `{'`, `'.join(own)}` from the partitions and from `first_day` and `export_mode`."
    yield from _secret_problems("tap", project.tap)
    for sync in project.syncs:
        yield from _secret_problems(f"target of {sync.name}", sync.target)
        if not _may_be_for_all_workers(sync.target.get(_LEDGER)):
            yield (
                f"The target of {sync.name} needs a `{_LEDGER}` that every worker has: the URL of a database, or, "
                "where all run on one machine, an absolute path."
            )


def _secret_problems(owner: str, config: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(config.get(_KEY), dg.EnvVar):
        yield f"`{_KEY}` of the {owner} must be a dg.EnvVar, so that it is in no definition."


def _may_be_for_all_workers(place: object) -> bool:
    return isinstance(place, dg.EnvVar) or (isinstance(place, str) and is_for_all_workers(place))


def is_for_all_workers(place: str) -> bool:
    """Whether a place of data is the same one wherever a run takes place: a server, or an absolute path."""
    path = sqlite_file(place)
    return path is None or Path(path).is_absolute()
