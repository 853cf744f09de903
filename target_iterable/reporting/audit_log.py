"""The audit log: what was taken away from Iterable, why, and what Iterable said to it."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from iterable_api.facts import timestamps
from target_iterable.core.operation import BatchResult, Operation
from target_iterable.core.private_files import StreamFile
from target_iterable.core.rejection import UNCONFIRMED, RejectReason

REMOVED: Final = "removed"
ALREADY_GONE: Final = "already_gone"
REJECTED: Final = "rejected"
FAILED: Final = "failed"
PLANNED: Final = "planned"
_REMOVE: Final = "remove"


class AuditLogNotWrittenError(Exception):
    """Something was taken away from Iterable that the audit log does not have. State does not move past it."""


class AuditReason(NamedTuple):
    """Why a mirrored stream removes something.

    Attributes:
        version: the version of the stream that no longer has it.
        last_version: the last version that had it; None if that is not known.
    """

    version: int
    last_version: int | None


class _Result(NamedTuple):
    row: Operation
    outcome: str
    reject_reason: RejectReason | None = None


_BY_RECORDS: Final[Mapping[Operation, AuditReason]] = MappingProxyType({})


class AuditLog:
    """The entries of one stream in one run: a file of its own, made with the first of them, for its owner only.

    Each is a line of JSON: `at`, `run`, `stream`, `object`, `action`, `identity` (pairs of kind and value), `place`
    (the list or catalog), `endpoint`, `version`, `last_version`, `outcome`, `code`, `reason`. Versions are null for
    what a record has asked for; `code` and `reason` are those of the reject.

    Attributes:
        entries: how many there are.
    """

    def __init__(self, directory: Path, started: datetime, about: Mapping[str, str], *, plans: bool = False) -> None:
        """`about` are the members that all entries share: `run`, `stream`, `object`. With `plans`, nothing is done."""
        self.entries = 0
        self._directory = directory
        self._file = StreamFile(directory, about["stream"], started, ".audit.ndjson")
        self._about = about
        self._done = PLANNED if plans else REMOVED
        self._waiting: list[bytes] = []

    @property
    def path(self) -> str | None:
        """The file; None as long as there is none."""
        return str(self._file.path) if self._file.path else None

    def record_result(self, outcome: BatchResult, removals: Container[Operation] = ()) -> None:
        """Keep what became of a batch of records, if they take something away.

        `removals` are rows that do so although their endpoint serves other purposes: fields that are cleared.

        Raises:
            AuditNotWrittenError: if what can happen only once could not be stored.
        """
        endpoint = outcome.batch.endpoint
        if removals and not endpoint.removes:
            for result in self._results(outcome):
                if result.row in removals:
                    self._add(result, _REMOVE)
        if endpoint.removes:
            self.record_removals(outcome, endpoint.removes, _BY_RECORDS)
            if not endpoint.repeatable:
                # The ledger is about to note that it has happened, and the next run would not come here again.
                self.flush()

    def record_removals(self, outcome: BatchResult, action: str, reasons: Mapping[Operation, AuditReason]) -> None:
        """Keep what became of a batch of removals until the next `flush`."""
        for result in self._results(outcome):
            self._add(result, action, reasons.get(result.row))

    def record_already_gone(self, row: Operation, action: str, reason: AuditReason) -> None:
        """Keep that there was nothing to do about a removal."""
        self._add(_Result(row, ALREADY_GONE), action, reason)

    def record_rejected(self, row: Operation, reject_reason: RejectReason) -> None:
        """Keep that a record was not sent, if it would have taken something away."""
        if row.endpoint.removes:
            self._add(_Result(row, REJECTED, reject_reason), row.endpoint.removes)

    def record_impossible(self, identity: Any, action: str, reject_reason: RejectReason, reason: AuditReason) -> None:
        """Keep that a removal could not even be asked for."""
        about = {"action": action, "identity": [identity] if identity else [], "place": None, "endpoint": None}
        self._write(about, REJECTED, reject_reason, reason)

    def flush(self) -> None:
        """Bring everything to the disk.

        Raises:
            AuditNotWrittenError: if that fails; the file then ends with the last whole flush.
        """
        if not self._waiting:
            return
        try:
            self._file.append(b"".join(self._waiting))
        except OSError as error:
            raise AuditLogNotWrittenError(
                f"The audit log cannot be written into {str(self._directory)!r} (in a dry run `dry_run_path`, else "
                f"`audit_path`): {error.strerror}. State has not moved past what was removed."
            ) from None
        self.entries += len(self._waiting)
        self._waiting = []

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _results(self, outcome: BatchResult) -> Iterator[_Result]:
        results = outcome.results
        for row in results.written:
            yield _Result(row, ALREADY_GONE if row in results.already_done else self._done)
        for row in results.skipped:
            yield _Result(row, ALREADY_GONE)
        for row, reject_reason in results.rejected:
            yield _Result(
                row, reject_reason.code if reject_reason.code == UNCONFIRMED.code else REJECTED, reject_reason
            )
        if outcome.error is not None:
            reject_reason = RejectReason(type(outcome.error).__name__, str(outcome.error))
            settled = {*results.written, *results.skipped, *(row for row, _ in results.rejected)}
            yield from (_Result(row, FAILED, reject_reason) for row in outcome.batch.rows if row not in settled)

    def _add(self, result: _Result, action: str, reason: AuditReason | None = None) -> None:
        row = result.row
        about = {
            "action": action,
            "identity": row.names,
            "place": row.dedup_scope or None,
            "endpoint": str(row.endpoint),
        }
        self._write(about, result.outcome, result.reject_reason, reason)

    def _write(
        self, about: dict[str, Any], outcome: str, reject_reason: RejectReason | None, reason: AuditReason | None
    ) -> None:
        entry = {
            "at": timestamps.to_rfc3339(datetime.now(UTC)),
            **self._about,
            **about,
            "version": reason.version if reason else None,
            "last_version": reason.last_version if reason else None,
            "outcome": outcome,
            "code": reject_reason.code if reject_reason else None,
            "reason": reject_reason.reason if reject_reason else None,
        }
        # Letters of all alphabets as they are, so that they can be looked for; half a surrogate pair is escaped.
        self._waiting.append(json.dumps(entry, ensure_ascii=False).encode(errors="backslashreplace") + b"\n")
