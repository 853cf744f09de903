"""Spans of a run, of its streams, and of its requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from iterable_runs.presentation.escaping import safe
from iterable_runs.store.facts import RequestFacts, RunEnd, RunStart, StreamFacts
from iterable_runs.store.statuses import FAILED
from iterable_runs.store.totals import Totals, total_of
from iterable_runs.store.writer import News

_FIRST_ERROR: Final = 400
"""The first status of HTTP that is an error."""


class RunSpans:
    """The spans of one run. A stream lasts from the first to the last sign of it in the snapshots.

    Args:
        tracer: makes the spans.
        run: the run.
        parent: the context of the process that has started this one.
    """

    def __init__(self, tracer: Tracer, run: RunStart, parent: Context) -> None:
        self._tracer = tracer
        self._began_at = run.started_at
        self._run = tracer.start_span(
            f"{run.plugin} run",
            parent,
            attributes={
                "iterable.run.id": run.id,
                "iterable.pipeline": run.pipeline,
                "iterable.dry_run": run.dry_run,
            },
            start_time=run.started_at * 1000,
        )
        self._in_run = set_span_in_context(self._run)
        self._streams: dict[str, _StreamSpan] = {}

    def update(self, news: News) -> None:
        """Look at a snapshot: begin spans of new streams, and make those of requests."""
        first: dict[str, int] = {}
        for _, request in reversed(news.requests):
            if request.stream is not None:
                first[request.stream] = _begin_of(request)
        for stream in news.streams:
            span = self._streams.get(stream.name)
            if span is None:
                began_at = max(self._began_at, min(news.at, first.get(stream.name, news.at)))
                span = self._streams[stream.name] = self._stream_span(stream, began_at)
            span.update(stream, news.at)
        for _, request in news.requests:
            self._add_request(request)

    def end(self, end: RunEnd, streams: Sequence[StreamFacts]) -> None:
        """End all spans."""
        for span in self._streams.values():
            span.end()
        self._run.set_attributes(_known(total_of([stream.totals for stream in streams])))
        self._run.set_attributes({"iterable.run.status": end.status, "process.exit.code": end.exit_code})
        if end.status == FAILED:
            self._run.set_status(Status(StatusCode.ERROR, safe(end.error)))
        self._run.end(end.at * 1000)

    def _stream_span(self, stream: StreamFacts, began_at: int) -> _StreamSpan:
        attributes = {"iterable.stream": stream.name}
        if stream.object:
            attributes["iterable.object"] = stream.object
        return _StreamSpan(
            self._tracer.start_span(
                f"stream {stream.name}", self._in_run, attributes=attributes, start_time=began_at * 1000
            ),
            began_at,
        )

    def _add_request(self, request: RequestFacts) -> None:
        stream = self._streams.get(request.stream) if request.stream is not None else None
        span = self._tracer.start_span(
            f"{request.method} {request.path}",
            stream.context if stream is not None else self._in_run,
            SpanKind.CLIENT,
            _request_attributes(request),
            start_time=_begin_of(request) * 1000,
        )
        if request.status is None or request.status >= _FIRST_ERROR:
            span.set_attribute("error.type", "no answer" if request.status is None else str(request.status))
            span.set_status(StatusCode.ERROR)
        span.end(request.at * 1000)


class _StreamSpan:
    def __init__(self, span: Span, began_at: int) -> None:
        self._span = span
        self._totals = Totals()
        self._seen_at = began_at
        self._removals_stopped = ""
        self.context = set_span_in_context(span)

    def update(self, stream: StreamFacts, at: int) -> None:
        if stream.totals != self._totals:
            self._totals = stream.totals
            self._seen_at = at
        self._removals_stopped = stream.removals_stopped

    def end(self) -> None:
        self._span.set_attributes(_known(self._totals))
        if self._removals_stopped:
            self._span.set_attribute("iterable.removals_stopped", safe(self._removals_stopped))
        self._span.end(self._seen_at * 1000)


def _begin_of(request: RequestFacts) -> int:
    return request.at - request.milliseconds * 1000


def _request_attributes(request: RequestFacts) -> Mapping[str, Any]:
    attributes = {
        "http.request.method": request.method,
        "url.template": request.path,
        "http.response.status_code": request.status,
        "http.request.resend_count": request.attempt - 1 or None,
        "iterable.stream": request.stream,
        "iterable.records": request.records,
        "iterable.records.written": request.written,
        "iterable.records.rejected": request.rejected,
        "iterable.records.unknown": request.unknown,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _known(totals: Totals) -> Mapping[str, Any]:
    return {f"iterable.{name}": value for name, value in totals.as_row().items() if value is not None}
