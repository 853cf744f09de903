"""Dry run: its settings, its client, and its part of the report."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterable_api.storage.paths import folder_problem
from target_iterable.config.setting_error import SettingError, refuse
from target_iterable.config.threshold_settings import threshold_setting
from target_iterable.reporting.request_log import RequestLog
from target_iterable.reporting.run_report import PLAN_COLUMNS
from target_iterable.reporting.stream_counts import StreamCounts
from target_iterable.runs.dry_run_client import DryRunClient
from target_iterable.runs.dry_run_plan import DryRunPlan
from target_iterable.runs.real_run import RealRun

if TYPE_CHECKING:
    from target_iterable.runs.store_classes import StoreClasses


class DryRun(RealRun):
    """Run that plans what a real run would do, to the end of the input.

    Requests are planned one at a time, so that the plan has them in order. Rejects neither stop nor fail it: it is made
    to find them.

    Raises:
        SettingError: if the plan cannot be written, or `max_rejects` is malformed.
    """

    passes_state = False
    sends_in_background = False
    columns = PLAN_COLUMNS

    def __init__(self, config: Mapping[str, Any]) -> None:
        directory = config["dry_run_path"]
        refuse(folder_problem("dry_run_path", directory))
        self._threshold = threshold_setting(config, "max_rejects")
        self._allows_dropped_fields = config["on_dropped_fields"] == "warn"
        changes = {
            "dry_run": True,
            "rejects_path": directory,
            "audit_path": directory,
            "max_rejects": "100%",
            "on_reject": "continue",
            "on_dropped_fields": "warn",
            "max_in_flight": 1,
        }
        super().__init__({**config, **changes})
        try:
            self._plan = DryRunPlan(Path(directory))
        except OSError as error:
            raise SettingError(f"`dry_run_path` cannot be written: {error.strerror}.") from None

    @property
    def fatal_stops(self) -> Collection[str]:
        """Return no codes: a dry run only says what would stop the real one."""
        return ()

    def client_factory(self, request_log: RequestLog) -> partial[DryRunClient]:
        """Return the factory of the client that plans writes."""
        return partial(DryRunClient, self._plan, request_log)

    def store_classes(self) -> StoreClasses:
        """Return the classes of stores that leave the database as it is."""
        from target_iterable.runs.dry_run_ledger import dry_run_stores  # noqa: PLC0415

        return dry_run_stores()

    def summary_members(self) -> dict[str, Any]:
        """Return the lists and catalogs that would be created, and the path of the plan."""
        return {
            "dry_run": True,
            "new_lists": self._plan.lists,
            "new_catalogs": self._plan.catalogs,
            "requests_path": str(self._plan.path),
        }

    def table_notes(self, streams: Mapping[str, StreamCounts]) -> Iterator[str]:
        """Yield lines to print below the table: the plan, new objects, and reasons why the real run would stop."""
        yield f"Dry run: nothing was written to Iterable. The requests are in {self._plan.path}"
        for kind, names in (("lists", self._plan.lists), ("catalogs", self._plan.catalogs)):
            if names:
                yield f"New {kind}: {', '.join(names)}"
        for stream, counts in streams.items():
            if counts.created_fields:
                yield f"New fields by {stream}: {', '.join(sorted(counts.created_fields))}"
            if self._threshold.is_exceeded(counts.rejected, counts.read):
                yield f"The real run would stop at the rejects of {stream}: `max_rejects` is {self._threshold}"
            if counts.removal_stop and counts.removal_stop.matters and counts.removal_stop.code in super().fatal_stops:
                yield f"The real run would fail. Stream {stream!r}: {counts.removal_stop}"
            if counts.objection:
                yield f"The real run would stop. {counts.objection}"
            if counts.dropped_fields and not self._allows_dropped_fields:
                dropped = ", ".join(sorted(counts.dropped_fields))
                yield f"The real run would fail at fields of {stream} that Iterable drops: {dropped}"

    def close(self) -> None:
        """Close the plan."""
        self._plan.close()
