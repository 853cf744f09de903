"""Null object of mirroring, for streams that are not mirrored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from target_iterable.core.operation import BatchResult, Operation
from target_iterable.core.removal_stops import RemovalStop, RunEnding
from target_iterable.mirror.mirror import Mirror, RemovalContext


class NoMirror(Mirror):
    """Mirror without members: nothing is stored, and nothing is ever missing."""

    is_active = False

    def record_rows(self, rows: Sequence[Operation], names: Sequence[Sequence[str]], version: int | None) -> None:
        """Do nothing."""

    def record_seen(self, names: Sequence[str], version: int | None) -> None:
        """Do nothing."""

    def count_tombstone(self) -> None:
        """Do nothing."""

    def may_remove(self, names: Sequence[str]) -> bool:
        """Return True: no other stream's members are known."""
        del names
        return True

    def record_removal(self, row: Operation, names: Sequence[str]) -> None:
        """Do nothing."""

    def count_unnamed(self) -> None:
        """Do nothing."""

    def record_state(self, state: Any) -> None:
        """Do nothing."""

    def is_complete_at(self, version: int) -> bool:
        """Return False: no version of the stream is tracked."""
        del version
        return False

    def version_at_end(self) -> int | None:
        """Return None: no version of the stream is tracked."""
        return None

    def persist_claims(self) -> None:
        """Do nothing."""

    def record_result(self, result: BatchResult) -> None:
        """Do nothing."""

    def record_skipped(self, rows: Collection[Operation]) -> None:
        """Do nothing."""

    def commit(self) -> None:
        """Do nothing."""

    def removal_stop(self, ending: RunEnding) -> RemovalStop | None:
        """Return None: nothing is to be removed."""
        del ending
        return None

    def remove_missing(self, version: int, context: RemovalContext) -> None:
        """Do nothing."""
