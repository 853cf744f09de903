"""The plan of one run for all export streams together, since the limits are the project's.

Unless `window_days` is set, each stream asks for its whole history at once. Once that turns out to be too much for
one answer, the project is a large one: what is left of all streams is planned in windows, and in export jobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol

from tap_iterable.export.export_plan import SECONDS_PER_WINDOW, ExportPlan, Mode, Plans, plans, summary
from tap_iterable.export.stream_jobs import JobService
from tap_iterable.export.windows import Window, windows

DEFAULT_WINDOW: Final = timedelta(days=30)


class PlannedStream(Protocol):
    """An export stream, as plans see it."""

    name: str

    def unread(self) -> list[Window]:
        """The ranges that are still to be read, and that no job reads."""

    def use_plan(self, plan: ExportPlan) -> None:
        """Read `plan` in place of an earlier one."""


class ExportPlanning:
    """Plans, and plans again.

    Args:
        config: the settings of the tap.
        service: the jobs of all streams.
        is_trial: whether a few rows are enough, so that no long range is asked for.
    """

    def __init__(self, config: Mapping[str, Any], service: JobService, *, is_trial: bool) -> None:
        self.service = service
        self._at_once: int = config["export_jobs_at_once"]
        self._is_limited: bool = config["enforce_rate_limits"]
        mode: Mode = config["export_mode"]
        # Without limits, downloads are always quicker.
        self._mode: Mode = "stream" if mode == "auto" and not self._is_limited else mode
        days: int | None = config.get("window_days")
        self.window = DEFAULT_WINDOW if days is None else timedelta(days=days)
        self.is_adaptive = days is None and mode != "jobs" and not is_trial
        self.is_large = False

    @property
    def seconds_per_window(self) -> float:
        """What each download costs, however small it is."""
        return SECONDS_PER_WINDOW if self._is_limited else 0.0

    def first_plan(self, streams: Sequence[PlannedStream]) -> str:
        """Plan all `streams`, start the first jobs, and return the plan in words."""
        if not self.is_adaptive:
            return self.plan_as_large(streams)
        return self._use({stream.name: ExportPlan(tuple(stream.unread())) for stream in streams}, streams)

    def plan_as_large(self, streams: Sequence[PlannedStream]) -> str:
        """Plan what `streams` have not read, in windows and jobs, and return the plan in words."""
        self.is_large = True
        unread = {stream.name: self._in_windows(stream.unread()) for stream in streams}
        return self._use(plans(unread, self._mode, self._at_once), streams)

    def _in_windows(self, ranges: Iterable[Window]) -> list[Window]:
        return [window for part in ranges for window in windows(part.start, part.end, self.window)]

    def _use(self, chosen: Plans, streams: Sequence[PlannedStream]) -> str:
        for stream in streams:
            stream.use_plan(chosen[stream.name])
        self.service.queue.tick()
        return summary(chosen, self._at_once, is_limited=self._is_limited)
