"""How a run stands, for its observers: the counts of its streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iterable_runs.store.facts import RejectReasonFacts, StreamFacts
from iterable_runs.store.totals import Totals
from target_iterable.reporting.stream_counts import StreamCounts

_MAX_FIELDS: Final = 50
"""Fields of a reason that are named. More of them are keys of a map rather than fields."""


def facts_of(streams: Mapping[str, tuple[str, StreamCounts]]) -> list[StreamFacts]:
    """The facts of all streams: name -> object and counts. Other threads may count meanwhile."""
    return [_facts(stream, object_, counts) for stream, (object_, counts) in [*streams.items()]]


def _facts(stream: str, object_: str, counts: StreamCounts) -> StreamFacts:
    http_stats = counts.http_stats
    reasons = dict(counts.reasons)
    totals = Totals(
        read=counts.read,
        written=counts.written,
        unchanged=counts.unchanged,
        rejected=sum(reasons.values()),
        removed=counts.removed,
        requests=http_stats.requests,
        retries=http_stats.retries,
        bytes=http_stats.bytes,
        limit_share=http_stats.limit_share(counts.seconds),
    )
    return StreamFacts(
        name=stream,
        totals=totals,
        object=object_,
        rejects_path=counts.rejects_path,
        rejects={
            code: RejectReasonFacts(count, _fields(counts.reject_fields.get(code))) for code, count in reasons.items()
        },
        removals_stopped=str(stop) if (stop := counts.removal_stop) and stop.is_worth_telling else "",
    )


def _fields(fields: set[str] | None) -> list[str]:
    # A key of a map may be an address, and is none of the fields that somebody can correct.
    return sorted(field for field in [*(fields or ())] if "@" not in field)[:_MAX_FIELDS]
