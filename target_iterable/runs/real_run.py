"""A run that writes into Iterable; `dry_run` has the other kind."""

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
    """What a kind of run decides.

    Attributes:
        config: the settings, as far as they are not changed by the kind of run.
        passes_state: whether state is emitted.
        sends_in_background: whether one load of records is sent while the next is read.
        columns: the last columns of the table.
    """

    passes_state: ClassVar[bool] = True
    sends_in_background: ClassVar[bool] = True
    columns: ClassVar[Mapping[str, Column]] = RUN_COLUMNS

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    @property
    def fatal_stops(self) -> Collection[str]:
        """Codes of what keeps removals from being carried out, and fails the run."""
        return REASONS if self.config["on_removals_stopped"] == "fail" else {EMPTY_SOURCE}

    def client_factory(self, _request_log: RequestLog) -> Callable[..., IterableClient]:
        """What makes the client."""
        return IterableClient

    def store_classes(self) -> StoreClasses:
        """The kinds of what is kept between runs; asked for where it is needed, since it takes long to load."""
        from target_iterable.runs.store_classes import StoreClasses  # noqa: PLC0415

        return StoreClasses()

    def summary_members(self) -> dict[str, Any]:
        """For the summary, beside the streams."""
        return {"dry_run": False}

    def table_notes(self, _tallies: Mapping[str, StreamCounts]) -> Iterable[str]:
        """Lines under the table."""
        return ()

    def close(self) -> None:
        """Close what was opened."""
