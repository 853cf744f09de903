"""Singer metrics of verdicts."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TypeAlias, cast

from singer_sdk import metrics

from target_iterable.reporting.stream_counts import StreamCounts

Verdict: TypeAlias = tuple[str, str]
"""Verdict, and the code of the reject reason; empty without a rejection."""


class _Metric(StrEnum):
    """Metric that the SDK lacks; its `record_count` counts records that were read."""

    VERDICTS = "record_verdict_count"


class VerdictCounters:
    """Metric counters of one stream, tagged with `verdict` (`written`, `unchanged`, `rejected`) and `reason`."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._counted: Counter[Verdict] = Counter()
        self._counters: dict[Verdict, metrics.Counter] = {}

    def update(self, counts: StreamCounts) -> None:
        """Increment the counters by what was added to `counts` since the last call."""
        by_verdict = counts.by_verdict()
        for verdict, count in (by_verdict - self._counted).items():
            self._counter(verdict).increment(count)
        self._counted = by_verdict

    def close(self) -> None:
        """Emit the last metrics."""
        for counter in self._counters.values():
            counter.exit()

    def _counter(self, key: Verdict) -> metrics.Counter:
        if key not in self._counters:
            verdict, reason = key
            tags = {metrics.Tag.STREAM.value: self._stream, "verdict": verdict}
            # The SDK asks a metric for nothing but its value.
            metric = cast("metrics.Metric", _Metric.VERDICTS)
            self._counters[key] = metrics.Counter(metric, tags | ({"reason": reason} if reason else {}))
        return self._counters[key]
