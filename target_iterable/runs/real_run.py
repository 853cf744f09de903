"""Run that writes into Iterable; `DryRun` is the other kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from iterable_api.http.client import IterableClient
from target_iterable.core.removal_stops import EMPTY_SOURCE, REASONS
from target_iterable.reporting.request_log import RequestLog
from target_iterable.reporting.run_report import RUN_COLUMNS, Column
from target_iterable.reporting.stream_counts import StreamCounts

if TYPE_CHECKING:
    from target_iterable.runs.store_classes import StoreClasses


class RealRun:
    """Decisions that depend on the kind of run.

    Attributes:
        config: settings, as the kind of run changes them.
        passes_state: whether state is emitted.
        sends_in_background: whether one load of records is sent while the next is read.
        columns: last columns of the table: heading -> cell.
    """

    passes_state: ClassVar[bool] = True
    sends_in_background: ClassVar[bool] = True
    columns: ClassVar[Mapping[str, Column]] = RUN_COLUMNS

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    @property
    def fatal_stops(self) -> Collection[str]:
        """Codes of reasons, see `REASONS`, for which missing members that stay fail the run."""
        return REASONS if self.config["on_removals_stopped"] == "fail" else {EMPTY_SOURCE}

    def client_factory(self, _request_log: RequestLog) -> Callable[..., IterableClient]:
        """Return the factory of the client."""
        return IterableClient

    def store_classes(self) -> StoreClasses:
        """Return the classes of the stores. They are imported when needed, as that takes long."""
        from target_iterable.runs.store_classes import StoreClasses  # noqa: PLC0415

        return StoreClasses()

    def summary_members(self) -> dict[str, Any]:
        """Return further members of the summary."""
        return {"dry_run": False}

    def table_notes(self, _streams: Mapping[str, StreamCounts]) -> Iterable[str]:
        """Return no lines to print below the table."""
        return ()

    def close(self) -> None:
        """Do nothing: no resource is open."""
