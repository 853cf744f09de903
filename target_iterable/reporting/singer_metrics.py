"""What became of records, as Singer metrics."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TypeAlias, cast

from singer_sdk import metrics

from target_iterable.reporting.stream_counts import StreamCounts

Verdict: TypeAlias = tuple[str, str]


class _Metric(StrEnum):
    """The SDK knows no metric for it; `record_count` counts what was read."""

    VERDICTS = "record_verdict_count"


class VerdictCounters:
    """Counters of one stream, told apart by the tags `verdict` (`written`, `unchanged`, `rejected`) and `reason`."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._shown: Counter[Verdict] = Counter()
        self._counters: dict[Verdict, metrics.Counter] = {}

    def update(self, counts: StreamCounts) -> None:
        """Count what has come to `counts` since the last time."""
        by_verdict = counts.by_verdict()
        for verdict, count in (by_verdict - self._shown).items():
            self._counter(verdict).increment(count)
        self._shown = by_verdict

    def close(self) -> None:
        """Write the last metrics."""
        for counter in self._counters.values():
            counter.exit()

    def _counter(self, of: Verdict) -> metrics.Counter:
        if of not in self._counters:
            verdict, reason = of
            tags = {metrics.Tag.STREAM.value: self._stream, "verdict": verdict}
            # The SDK asks a metric for nothing but its value.
            metric = cast("metrics.Metric", _Metric.VERDICTS)
            self._counters[of] = metrics.Counter(metric, tags | ({"reason": reason} if reason else {}))
        return self._counters[of]
