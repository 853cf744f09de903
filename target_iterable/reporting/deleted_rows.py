"""Counts of records about rows that the source has deleted, by their results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from target_iterable.core.operation import Operation

REMOVED = "removed"
WRITTEN = "written"
SKIPPED = "skipped"
REJECTED = "rejected"


class DeletedRows:
    """Records of one stream about deleted rows; their numbers are in `counts`."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._expected: dict[Operation, str] = {}

    def expect(self, row: Operation, verdict: str) -> None:
        """Register `row`, which was made of such a record; `verdict` is its result if Iterable accepts it."""
        self._expected[row] = verdict

    def removals_in(self, rows: Iterable[Operation]) -> set[Operation]:
        """Return those of `rows` that are sent to remove something."""
        return {row for row in rows if self._expected.get(row) == REMOVED} if self._expected else set()

    def record(self, rows: Iterable[Operation], verdict: str | None = None) -> None:
        """Count the result of those of `rows` that are registered; by default the expected one."""
        if self._expected:
            self._counts.update(
                verdict or expected for row in rows if (expected := self._expected.pop(row, None)) is not None
            )
