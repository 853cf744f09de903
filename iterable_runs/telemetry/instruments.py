"""Counters of what became of records, and the durations of requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.metrics import Meter

from iterable_runs.store.facts import RequestFacts, RunEnd, RunStart, StreamFacts
from iterable_runs.store.writer import News

_VERDICTS: Final = ("read", "written", "unchanged", "rejected", "removed", "malformed")
"""Attributes of `Totals` that are counted by verdict."""
_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""Buckets of the durations: an export may take minutes."""


class RunInstruments:
    """The instruments of one run.

    Args:
        meter: makes them.
        run: the run.
    """

    def __init__(self, meter: Meter, run: RunStart) -> None:
        self._labels = {"iterable.pipeline": run.pipeline} if run.pipeline else {}
        self._counted: Counter[tuple[str, str, str]] = Counter()
        self._records = meter.create_counter(
            "iterable.records", "{record}", "Records (or rows of the tap) by stream and by what became of them."
        )
        self._runs = meter.create_counter("iterable.runs", "{run}", "Runs by how they ended.")
        self._durations = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Durations of requests, by endpoint and status.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._lag = meter.create_gauge("iterable.stream.lag", "s", "How far the newest row of a stream is behind.")
        self._limit = meter.create_gauge("iterable.limit.share", "1", "Share of Iterable's rate limit that is used.")

    def update(self, news: News) -> None:
        """Count what is new in a snapshot."""
        for stream in news.streams:
            self._count(stream)
            labels = self._of(stream.name)
            if stream.totals.lag_seconds is not None:
                self._lag.set(stream.totals.lag_seconds, labels)
            if stream.totals.limit_share is not None:
                self._limit.set(stream.totals.limit_share, labels)
        for _, request in news.requests:
            self._durations.record(request.milliseconds / 1000, self._labels | _request_labels(request))

    def end(self, end: RunEnd) -> None:
        """Count the run."""
        self._runs.add(1, self._labels | {"iterable.run.status": end.status})

    def _count(self, stream: StreamFacts) -> None:
        for (verdict, reason), count in _by_verdict(stream).items():
            key = (stream.name, verdict, reason)
            added = count - self._counted[key]
            if added > 0:
                labels = self._of(stream.name) | {"iterable.verdict": verdict}
                self._records.add(added, labels | ({"iterable.reject.reason": reason} if reason else {}))
                self._counted[key] = count

    def _of(self, stream: str) -> dict[str, str]:
        return self._labels | {"iterable.stream": stream}


def _by_verdict(stream: StreamFacts) -> Mapping[tuple[str, str], int]:
    """(Verdict, code of the reject reason) -> records; rejects without a known reason have an empty code."""
    counts: dict[tuple[str, str], int] = {
        (verdict, ""): count for verdict in _VERDICTS if (count := getattr(stream.totals, verdict))
    }
    by_reason = {("rejected", code): reason.count for code, reason in stream.rejects.items()}
    if by_reason:
        counts["rejected", ""] = counts.get(("rejected", ""), 0) - sum(by_reason.values())
    return counts | by_reason


def _request_labels(request: RequestFacts) -> dict[str, Any]:
    labels: dict[str, Any] = {"http.request.method": request.method, "url.template": request.path}
    if request.status is None:
        return labels | {"error.type": "no answer"}
    return labels | {"http.response.status_code": request.status}
