"""Audit log of removals: what was removed from Iterable, why, and with which outcome."""

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
    """A removal is missing from the audit log. State does not move past it."""


class AuditReason(NamedTuple):
    """Reason of a removal by a mirrored stream.

    Attributes:
        version: version of the stream that no longer has the member.
        last_version: last version that had it; None if it is unknown.
    """

    version: int
    last_version: int | None


class _AuditedRow(NamedTuple):
    """A removal with its outcome, as entries have it."""

    row: Operation
    outcome: str
    reject_reason: RejectReason | None = None


_NO_REASONS: Final[Mapping[Operation, AuditReason]] = MappingProxyType({})


class AuditLog:
    """Entries of one stream in one run: a file created with the first of them, readable by its owner only.

    Each is a line of JSON: `at`, `run`, `stream`, `object`, `action`, `identity` (pairs of kind and value), `place`
    (the list or catalog), `endpoint`, `version`, `last_version`, `outcome`, `code`, `reason`. Versions are null for
    removals that a record has asked for; `code` and `reason` are those of a reject.

    Attributes:
        entries: number of entries in the file.
    """

    def __init__(self, directory: Path, started: datetime, members: Mapping[str, str], *, plans: bool = False) -> None:
        """`members` are shared by all entries: `run`, `stream`, `object`. With `plans`, removals are only planned."""
        self.entries = 0
        self._directory = directory
        self._file = StreamFile(directory, members["stream"], started, ".audit.ndjson")
        self._about = members
        self._done_outcome = PLANNED if plans else REMOVED
        self._unflushed: list[bytes] = []

    @property
    def path(self) -> str | None:
        """Path of the file; None as long as there is none."""
        return str(self._file.path) if self._file.path else None

    def record_result(self, result: BatchResult, removals: Container[Operation] = ()) -> None:
        """Record the result of a batch of records, if they remove something.

        Args:
            result: result of the batch.
            removals: rows that remove something although their endpoint serves other purposes: they clear fields.

        Raises:
            AuditLogNotWrittenError: if removals that can happen only once could not be stored.
        """
        endpoint = result.batch.endpoint
        if removals and not endpoint.removes:
            for audited in self._audited_rows(result):
                if audited.row in removals:
                    self._add(audited, _REMOVE)
        if endpoint.removes:
            self.record_removals(result, endpoint.removes, _NO_REASONS)
            if not endpoint.repeatable:
                # The ledger is about to store its key as done, and the next run would not record it again.
                self.flush()

    def record_removals(self, result: BatchResult, action: str, reasons: Mapping[Operation, AuditReason]) -> None:
        """Record the result of a batch of removals; it is stored by the next `flush`."""
        for audited in self._audited_rows(result):
            self._add(audited, action, reasons.get(audited.row))

    def record_already_gone(self, row: Operation, action: str, reason: AuditReason) -> None:
        """Record a removal without anything to do."""
        self._add(_AuditedRow(row, ALREADY_GONE), action, reason)

    def record_rejected(self, row: Operation, reject_reason: RejectReason) -> None:
        """Record a record that was not sent, if it would have removed something."""
        if row.endpoint.removes:
            self._add(_AuditedRow(row, REJECTED, reject_reason), row.endpoint.removes)

    def record_impossible(self, identity: Any, action: str, reject_reason: RejectReason, reason: AuditReason) -> None:
        """Record a removal that could not be requested."""
        members = {"action": action, "identity": [identity] if identity else [], "place": None, "endpoint": None}
        self._write(members, REJECTED, reject_reason, reason)

    def flush(self) -> None:
        """Store all recorded entries.

        Raises:
            AuditLogNotWrittenError: if that fails; the file then ends with the last whole flush.
        """
        if not self._unflushed:
            return
        try:
            self._file.append(b"".join(self._unflushed))
        except OSError as error:
            raise AuditLogNotWrittenError(
                f"The audit log cannot be written into {str(self._directory)!r} (in a dry run `dry_run_path`, else "
                f"`audit_path`): {error.strerror}. State has not moved past what was removed."
            ) from None
        self.entries += len(self._unflushed)
        self._unflushed = []

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _audited_rows(self, result: BatchResult) -> Iterator[_AuditedRow]:
        results = result.results
        for row in results.written:
            yield _AuditedRow(row, ALREADY_GONE if row in results.already_done else self._done_outcome)
        for row in results.skipped:
            yield _AuditedRow(row, ALREADY_GONE)
        for row, reject_reason in results.rejected:
            yield _AuditedRow(
                row, reject_reason.code if reject_reason.code == UNCONFIRMED.code else REJECTED, reject_reason
            )
        if result.error is not None:
            reject_reason = RejectReason(type(result.error).__name__, str(result.error))
            with_result = {*results.written, *results.skipped, *(row for row, _ in results.rejected)}
            yield from (_AuditedRow(row, FAILED, reject_reason) for row in result.batch.rows if row not in with_result)

    def _add(self, audited: _AuditedRow, action: str, reason: AuditReason | None = None) -> None:
        row = audited.row
        members = {
            "action": action,
            "identity": row.names,
            "place": row.dedup_scope or None,
            "endpoint": str(row.endpoint),
        }
        self._write(members, audited.outcome, audited.reject_reason, reason)

    def _write(
        self, members: dict[str, Any], outcome: str, reject_reason: RejectReason | None, reason: AuditReason | None
    ) -> None:
        entry = {
            "at": timestamps.to_rfc3339(datetime.now(UTC)),
            **self._about,
            **members,
            "version": reason.version if reason else None,
            "last_version": reason.last_version if reason else None,
            "outcome": outcome,
            "code": reject_reason.code if reject_reason else None,
            "reason": reject_reason.reason if reject_reason else None,
        }
        # Letters of all alphabets as they are, so that they can be looked for; half a surrogate pair is escaped.
        self._unflushed.append(json.dumps(entry, ensure_ascii=False).encode(errors="backslashreplace") + b"\n")
