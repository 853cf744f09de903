"""What plugins hand over about a run while it goes on. Nothing of it is personal but the texts to be hashed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from iterable_runs.store.totals import Totals


@dataclass(frozen=True)
class RunStart:
    """What is known of a run when it begins.

    Attributes:
        id: the id that the summary and the audit log have, too.
        pipeline: its name under Meltano; empty elsewhere.
        started_at: microseconds since 1970.
        directory: where it runs, for its relative paths.
        request_log: the path of the request log, if it keeps bodies or not; None if there is none.
    """

    id: str
    plugin: str
    version: str
    pipeline: str
    host: str
    directory: str
    started_at: int
    dry_run: bool = False
    request_log: str | None = None


@dataclass(frozen=True)
class RunEnd:
    """How a run ended: a status of `iterable_runs.store.statuses`, and a sentence without anything personal."""

    status: str
    exit_code: int
    error: str
    at: int


@dataclass(frozen=True)
class RejectReasonFacts:
    """How many records of a stream were rejected for one reason, and the fields that were wrong."""

    count: int
    fields: Collection[str] = ()


@dataclass(frozen=True)
class StreamFacts:
    """What a stream has come to.

    Attributes:
        object: what the target writes; empty for the tap.
        rejects: code of the reason -> how many.
        removals_stopped: why missing members were not removed; empty if they were, or there are none.
        share_done: how much of the time that the stream takes has passed, of 1, where that is known.
    """

    name: str
    totals: Totals
    object: str = ""
    bookmark_before: str | None = None
    bookmark_after: str | None = None
    rejects_path: str | None = None
    rejects: Mapping[str, RejectReasonFacts] = field(default_factory=dict)
    removals_stopped: str = ""
    share_done: float | None = None

    def as_row(self, run_id: str) -> dict[str, Any]:
        """The row of the stream."""
        return {
            "run_id": run_id,
            "name": self.name,
            "object": self.object,
            "bookmark_before": self.bookmark_before,
            "bookmark_after": self.bookmark_after,
            "rejects_path": self.rejects_path,
            **self.totals.as_row(),
        }

    def reject_rows(self, run_id: str) -> list[dict[str, Any]]:
        """A row for each reason."""
        return [
            {
                "run_id": run_id,
                "stream": self.name,
                "code": code,
                "count": reason.count,
                "fields": json.dumps(sorted(reason.fields)),
            }
            for code, reason in self.rejects.items()
        ]


@dataclass(frozen=True)
class RequestFacts:
    """One attempt of a request.

    Attributes:
        at: when it was noted, in microseconds since 1970: after its answer, or, of an attempt of the target that was
            followed by others, after the answer to the last one.
        path: the endpoint's template, without ids.
        status: None if there was no answer.
        attempt: 1, or more for a retry.
        records: how many records it had, and of these `written`, `rejected` and `unknown`; None where it had none.
    """

    at: int
    method: str
    path: str
    status: int | None
    milliseconds: int
    attempt: int = 1
    stream: str | None = None
    records: int | None = None
    written: int | None = None
    rejected: int | None = None
    unknown: int | None = None


@dataclass(frozen=True)
class IdentityFacts:
    """What became of a user or an item.

    Attributes:
        names: its address and ids in clear; only their hashes are stored.
    """

    names: Collection[str]
    stream: str
    verdict: str
    at: int
    reason: str = ""
