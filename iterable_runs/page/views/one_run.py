"""`GET /runs/ID`, its rejects, and the comparison of two runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from iterable_runs.page.rendering import Renderer
from iterable_runs.page.run_charts import charts_of
from iterable_runs.page.run_facts import StreamColumn, facts_of, totals_of
from iterable_runs.presentation.totals import columns_of
from iterable_runs.queries.answers import Run, StreamOfRun
from iterable_runs.queries.comparing import compare
from iterable_runs.queries.errors import NoSuchRunError
from iterable_runs.queries.history import History
from iterable_runs.queries.reject_files import RejectPage, read_rejects
from iterable_runs.queries.replaying import file_of, replay_commands

_REFRESH_SECONDS: Final = 3
_MOST_FILES: Final = 20


@dataclass(frozen=True)
class ShownFile:
    """A part of a file of rejects, and the link to the next part."""

    stream: str
    path: str
    page: RejectPage
    next: str | None


class OneRun:
    """The pages of one run."""

    def __init__(self, history: History, renderer: Renderer) -> None:
        self._history = history
        self._renderer = renderer

    async def page(self, request: Request) -> Response:
        """GET /runs/ID."""
        return await run_in_threadpool(self._page, request.path_params["id"])

    async def rejects(self, request: Request) -> Response:
        """GET /runs/ID/rejects: reasons, and the records of the files that are there."""
        return await run_in_threadpool(self._rejects, request)

    async def compare(self, request: Request) -> Response:
        """GET /compare."""
        return await run_in_threadpool(
            self._compare, request.query_params.get("first", ""), request.query_params.get("second", "")
        )

    def _page(self, run_id: str) -> Response:
        run = self._history.run(run_id)
        streams = self._history.streams(run.id)
        samples = self._history.samples(run)
        return self._renderer.render(
            "run.html",
            "runs",
            live=_REFRESH_SECONDS if run.status.is_running else 0,
            run=run,
            totals=list(totals_of(run)),
            facts=list(facts_of(run)),
            before=self._history.run_before(run),
            replays=list(replay_commands(run, streams)),
            charts=list(charts_of(run, samples)),
            reasons=self._history.reject_counts(run.id),
            streams=streams,
            columns=[StreamColumn(column) for column in columns_of(run.plugin)],
        )

    def _rejects(self, request: Request) -> Response:
        run = self._history.run(request.path_params["id"])
        streams = self._history.streams(run.id)
        code, stream = request.query_params.get("code", ""), request.query_params.get("stream", "")
        return self._renderer.render(
            "rejects.html",
            "runs",
            run=run,
            reasons=self._history.reject_counts(run.id),
            replays=list(replay_commands(run, streams)),
            files=list(_files(run, streams, code, stream, _position(request))),
            code=code,
            stream=stream,
        )

    def _compare(self, first_id: str, second_id: str) -> Response:
        values: dict[str, Any] = {"comparison": None, "problem": "", "first": None, "second": None}
        if first_id and second_id:
            try:
                first, second = self._history.run(first_id.strip()), self._history.run(second_id.strip())
                comparison = compare(first, second, self._history.streams(first.id), self._history.streams(second.id))
                values.update(comparison=comparison, first=first, second=second)
            except NoSuchRunError as error:
                values["problem"] = str(error)
        return self._renderer.render(
            "compare.html", "compare", now=datetime.now(UTC), asked_first=first_id, asked_second=second_id, **values
        )


def _files(run: Run, streams: Sequence[StreamOfRun], code: str, stream: str, position: int) -> Iterator[ShownFile]:
    shown = [one for one in streams if one.rejects_path and stream in ("", one.name)]
    for one in shown[:_MOST_FILES]:
        path = file_of(run, one)
        if path is not None:
            # Only with one stream chosen does a position belong to its file.
            page = read_rejects(path, code or None, position if stream else 0)
            query = {"code": code, "stream": one.name, "position": page.next_position}
            is_more = page.next_position is not None
            yield ShownFile(one.name, str(one.rejects_path), page, f"?{urlencode(query)}" if is_more else None)


def _position(request: Request) -> int:
    text = request.query_params.get("position", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0  # noqa: PLR2004 (of digits)
