"""A dry run as a whole: its settings, its client, and what it adds to the report."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterable_api.storage.paths import folder_problem
from target_iterable.config.setting_error import SettingError, refuse
from target_iterable.config.threshold_settings import most
from target_iterable.reporting.request_log import RequestLog
from target_iterable.reporting.run_report import PLANNED
from target_iterable.reporting.stream_counts import StreamCounts
from target_iterable.runs.dry_run_client import DryRunClient
from target_iterable.runs.dry_run_plan import DryRunPlan
from target_iterable.runs.real_run import RealRun

if TYPE_CHECKING:
    from target_iterable.runs.store_classes import StoreClasses


class DryRun(RealRun):
    """Plans what a real run would do, to the end of the input.

    One request at a time, so that the plan has them in order. Rejects neither stop nor fail it: they are what it
    is to find.

    Raises:
        SettingError: if the plan cannot be written, or `max_rejects` means nothing.
    """

    passes_state = False
    sends_in_background = False
    columns = PLANNED

    def __init__(self, config: Mapping[str, Any]) -> None:
        directory = config["dry_run_path"]
        refuse(folder_problem("dry_run_path", directory))
        self._threshold = most(config, "max_rejects")
        self._bears_dropped_fields = config["on_dropped_fields"] == "warn"
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
        """None: a dry run only says what would stop the real one."""
        return ()

    def client(self, request_log: RequestLog) -> partial[DryRunClient]:
        """What makes the client."""
        return partial(DryRunClient, self._plan, request_log)

    def stores(self) -> StoreClasses:
        """See `RealRun`."""
        from target_iterable.runs.dry_run_ledger import planning  # noqa: PLC0415

        return planning()

    def about(self) -> dict[str, Any]:
        """For the summary: what else would be made, and where the requests are."""
        return {
            "dry_run": True,
            "new_lists": self._plan.lists,
            "new_catalogs": self._plan.catalogs,
            "requests_path": str(self._plan.path),
        }

    def remarks(self, tallies: Mapping[str, StreamCounts]) -> Iterator[str]:
        """Lines under the table."""
        yield f"Dry run: nothing was written to Iterable. The requests are in {self._plan.path}"
        for what, names in (("lists", self._plan.lists), ("catalogs", self._plan.catalogs)):
            if names:
                yield f"New {what}: {', '.join(names)}"
        for stream, counts in tallies.items():
            if counts.created_fields:
                yield f"New fields by {stream}: {', '.join(sorted(counts.created_fields))}"
            if self._threshold.is_exceeded(counts.rejected, counts.read):
                yield f"The real run would stop at the rejects of {stream}: `max_rejects` is {self._threshold}"
            if counts.stopped and counts.stopped.matters and counts.stopped.code in super().fatal_stops:
                yield f"The real run would fail. Stream {stream!r}: {counts.stopped}"
            if counts.objection:
                yield f"The real run would stop. {counts.objection}"
            if counts.dropped_fields and not self._bears_dropped_fields:
                dropped = ", ".join(sorted(counts.dropped_fields))
                yield f"The real run would fail at fields of {stream} that Iterable drops: {dropped}"

    def close(self) -> None:
        """Close the plan."""
        self._plan.close()
