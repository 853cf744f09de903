"""What became of the records of one stream, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from target_iterable.core.removal_stops import RemovalStop
from target_iterable.reporting.http_stats import HttpStats


@dataclass
class StreamCounts:
    """Counts since the start of the run.

    Attributes:
        unchanged: records that say only what was last accepted, and that were not sent.
        deleted: records of rows that the source has deleted, by what became of them.
        reasons: rejected records by reason: Iterable's bucket, or the code of a refusal of our own.
        seconds: time spent on delivering, waiting for the rate limit included.
        created_fields: fields that Iterable did not know before; each takes one of the project's 1,000 for ever.
        missing: things that the stream has put into Iterable, and that have left its source.
        removed: how many of these were removed from Iterable.
        shared: those that stay, because another mirrored stream has them, by its name.
        not_removed: those that Iterable did not remove, by reason.
        stopped: why what has left the source was not removed, or not all of it; None for streams that are no mirrors,
            and where all is done.
        is_mirror: whether what has left the source is to be removed.
        audit_path: the file of the audit log; None as long as nothing was taken away.
        audited: entries of the audit log.
        objection: why a real run would not have removed what this one has planned to remove.
        dropped_fields: fields that Iterable left out of records it has taken.
        trimmed_fields: fields that we left out of records, since their types clashed; out of how many.
        duplicate_fields: fields that records had twice, with different values of which one counted; how many records.
    """

    read: int = 0
    written: int = 0
    unchanged: int = 0
    deleted: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
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
    stopped: RemovalStop | None = None
    is_mirror: bool = False
    audit_path: str | None = None
    audited: int = 0
    objection: str = ""

    @property
    def to_remove(self) -> int:
        """What has left the source and is still to be removed, as far as is known."""
        return self.missing - self.removed - self.shared.total() - self.not_removed.total()

    @property
    def rejected(self) -> int:
        """Records that Iterable has refused or could not have taken."""
        return self.reasons.total()

    @property
    def unsent(self) -> int:
        """Records without a verdict. Must be 0 whenever state moves on."""
        return self.read - self.written - self.unchanged - self.rejected

    def by_verdict(self) -> Counter[tuple[str, str]]:
        """How many records have each verdict and reason, which is empty where none were rejected."""
        rejected = {("rejected", reason): count for reason, count in self.reasons.items()}
        return Counter({("written", ""): self.written, ("unchanged", ""): self.unchanged} | rejected)

    def as_dict(self) -> dict[str, Any]:
        """For the summary."""
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
            "duplicate_fields": dict(self.duplicate_fields.most_common()),
        }

    def about_deleted(self) -> str:
        """In a sentence."""
        return f"{self.deleted.total():,} are deleted in the source{in_brackets(self.deleted)}"

    def _removals(self) -> dict[str, Any]:
        stopped = self.stopped.as_dict() if self.stopped else {"not_done": None, "would_have_left": None}
        return {"done": self.removed, **stopped}

    def about_removals(self) -> str:
        """In a sentence."""
        kept = "".join(f", {count:,} kept for the stream {stream!r}" for stream, count in self.shared.most_common())
        return f"{self.missing:,} have left the source: {self.removed:,} removed{kept}{in_brackets(self.not_removed)}"

    def __str__(self) -> str:
        counts = f"read {self.read}, written {self.written}, unchanged {self.unchanged}, rejected {self.rejected}"
        return counts + in_brackets(self.reasons)


def in_brackets(reasons: Counter[str]) -> str:
    """` (invalidEmails 2, forgottenEmails 1)`, the commonest first; nothing if there are none."""
    counts = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    return f" ({counts})" if counts else ""
