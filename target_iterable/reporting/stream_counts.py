"""Counts of one stream: what happened to its records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from iterable_api.http.http_stats import HttpStats
from target_iterable.core.removal_stops import RemovalStop
from target_iterable.reporting.distinct_things import DistinctThings


@dataclass
class StreamCounts:
    """Counts since the start of the run.

    Attributes:
        read: records that were taken over from the input.
        written: records that Iterable has taken.
        unchanged: records that were not sent, as they equal the last accepted ones or there is nothing to do.
        deleted: result -> records of rows that the source has deleted.
        reasons: code of the reject reason -> rejected records. Codes are Iterable's buckets, or our own.
        reject_fields: code of the reject reason -> fields that were wrong.
        rejects_path: file of the rejected records; None as long as there is none.
        seconds: time spent on delivering, waiting for the rate limit included.
        created_fields: fields that are new to the project; each takes one of its 1,000 for ever.
        missing: members of the mirrored stream that have left its source.
        removed: missing members that were removed from Iterable.
        shared: other mirrored stream -> missing members that stay because it has them, too.
        not_removed: code of the reject reason -> missing members that Iterable did not remove.
        removal_stop: reason why missing members were not removed, or not all; None where all is done, and for streams
            that are not mirrored.
        is_mirror: whether missing members are to be removed.
        audit_path: file of the audit log; None as long as nothing was removed.
        audited: entries of the audit log.
        objection: reason why a real run would not have removed the members whose removal this run has planned.
        dropped_fields: fields that Iterable left out of records it has taken.
        trimmed_fields: field -> records that were sent without it, since its type clashes.
        distinct: different users or things that its records are about.
        duplicate_fields: field -> records that had it twice, with different values of which one counted.
    """

    read: int = 0
    written: int = 0
    unchanged: int = 0
    deleted: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    reject_fields: dict[str, set[str]] = field(default_factory=dict)
    rejects_path: str | None = None
    http_stats: HttpStats = field(default_factory=HttpStats)
    seconds: float = 0.0
    created_fields: set[str] = field(default_factory=set)
    dropped_fields: set[str] = field(default_factory=set)
    trimmed_fields: Counter[str] = field(default_factory=Counter)
    duplicate_fields: Counter[str] = field(default_factory=Counter)
    missing: int = 0
    removed: int = 0
    shared: Counter[str] = field(default_factory=Counter)
    not_removed: Counter[str] = field(default_factory=Counter)
    removal_stop: RemovalStop | None = None
    is_mirror: bool = False
    audit_path: str | None = None
    audited: int = 0
    objection: str = ""
    distinct: DistinctThings = field(default_factory=DistinctThings)

    @property
    def to_remove(self) -> int:
        """Number of missing members that are still to be removed, as far as known."""
        return self.missing - self.removed - self.shared.total() - self.not_removed.total()

    @property
    def rejected(self) -> int:
        """Number of records that Iterable has refused or could not have taken."""
        return self.reasons.total()

    @property
    def unsent(self) -> int:
        """Number of records without a verdict. Must be 0 whenever state moves on."""
        return self.read - self.written - self.unchanged - self.rejected

    def by_verdict(self) -> Counter[tuple[str, str]]:
        """Return (verdict, code of the reject reason) -> records; the code is empty without a rejection."""
        rejected = {("rejected", reason): count for reason, count in self.reasons.items()}
        return Counter({("written", ""): self.written, ("unchanged", ""): self.unchanged} | rejected)

    def as_dict(self) -> dict[str, Any]:
        """Return the members of the stream in the summary."""
        return {
            "read": self.read,
            "written": self.written,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "reasons": dict(self.reasons.most_common()),
            "deleted": dict(self.deleted.most_common()),
            "unsent": self.unsent,
            "requests": self.http_stats.requests,
            "retries": self.http_stats.retries,
            "bytes": self.http_stats.bytes,
            "seconds": round(self.seconds, 3),
            "limit_share": self.http_stats.limit_share(self.seconds),
            "minutes_at_limit": self.http_stats.minutes_at_limit(),
            "left": self.missing,
            "removed": self.removed,
            "kept_for_other_streams": dict(self.shared.most_common()),
            "not_removed": dict(self.not_removed.most_common()),
            "removals": self._removals() if self.is_mirror else None,
            "audit": {"path": self.audit_path, "entries": self.audited} if self.audited else None,
            "created_fields": sorted(self.created_fields),
            "dropped_fields": sorted(self.dropped_fields | self.trimmed_fields.keys()),
            "dropped_at_clash": dict(self.trimmed_fields.most_common()),
            "distinct": self.distinct.as_dict(),
            "duplicate_fields": dict(self.duplicate_fields.most_common()),
        }

    def deleted_text(self) -> str:
        """Describe in a sentence how many rows are deleted in the source, and their results."""
        return f"{self.deleted.total():,} are deleted in the source{in_brackets(self.deleted)}"

    def _removals(self) -> dict[str, Any]:
        stopped = self.removal_stop.as_dict() if self.removal_stop else {"not_done": None, "would_have_left": None}
        return {"done": self.removed, **stopped}

    def removals_text(self) -> str:
        """Describe in a sentence how many members have left the source, and how many of these were removed."""
        kept = "".join(f", {count:,} kept for the stream {stream!r}" for stream, count in self.shared.most_common())
        return f"{self.missing:,} have left the source: {self.removed:,} removed{kept}{in_brackets(self.not_removed)}"


def in_brackets(reasons: Counter[str]) -> str:
    """Format counts as ` (invalidEmails 2, forgottenEmails 1)`, the commonest first; empty without counts."""
    counts = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    return f" ({counts})" if counts else ""
