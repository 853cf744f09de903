"""`GET /`: the runs, the latest first, and how the last days went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from iterable_runs.page.charts import Caption, Chart, Series, columns
from iterable_runs.page.rendering import Renderer
from iterable_runs.presentation import formats
from iterable_runs.presentation.statuses import KILLED, REJECTS, STATUSES
from iterable_runs.queries.answers import Day
from iterable_runs.queries.filters import RunFilter
from iterable_runs.queries.history import History
from iterable_runs.store.statuses import FAILED, INTERRUPTED, RUNNING, SUCCEEDED

_ROWS: Final = 50
_DAYS: Final = 30
_REFRESH_SECONDS: Final = 5
_IDLE_REFRESH_SECONDS: Final = 60
_BARS: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "succeeded": ("succeeded", (SUCCEEDED,)),
    "rejects": ("succeeded, with rejects", (REJECTS,)),
    "running": ("running", (RUNNING,)),
    "failed": ("failed, killed or interrupted", (FAILED, KILLED, INTERRUPTED)),
}
"""Kind of a part of a column -> its name, and the statuses of its runs."""


class RunList:
    """The first page."""

    def __init__(self, history: History, renderer: Renderer) -> None:
        self._history = history
        self._renderer = renderer

    async def page(self, request: Request) -> Response:
        """GET /."""
        return await run_in_threadpool(self._page, request)

    def _page(self, request: Request) -> Response:
        now = datetime.now(UTC)
        asked = request.query_params
        # PostgreSQL has no NUL in texts.
        chosen = RunFilter(*(asked.get(name, "").replace("\0", "") for name in ("plugin", "pipeline", "status")))
        overview = self._history.overview(now)
        page = self._history.runs(chosen, _ROWS, before=asked.get("before"), after=asked.get("after"))
        return self._renderer.render(
            "runs.html",
            "runs",
            live=_REFRESH_SECONDS if overview.running else _IDLE_REFRESH_SECONDS,
            now=now,
            overview=overview,
            place_of_history=self._history.shown_place,
            days=_chart(self._history.days(now, _DAYS)) if overview.kept else None,
            plugins=self._history.plugins(),
            pipelines=self._history.pipelines(),
            statuses=STATUSES.values(),
            chosen=chosen,
            runs=page.runs,
            newer=_link(chosen, "after", page.newer),
            older=_link(chosen, "before", page.older),
        )


def _link(chosen: RunFilter, name: str, mark: str | None) -> str | None:
    return None if mark is None else "?" + urlencode({**chosen.as_query(), name: mark})


def _chart(days: Sequence[Day]) -> Chart:
    series = [
        Series(name, kind, [sum(day.runs.get(status, 0) for status in statuses) for day in days])
        for kind, (name, statuses) in _BARS.items()
    ]
    total = sum(sum(day.runs.values()) for day in days)
    failed = sum(value or 0 for value in series[-1].values)
    summary = (
        f"Runs of the last {len(days)} days: {formats.count_of(total, 'run')}, {formats.number(failed)} of them "
        "failed, were killed or interrupted."
    )
    caption = Caption("runs-by-day", f"Runs of the last {len(days)} days", summary)
    return columns(caption, [day.day for day in days], series)
