"""What became of rows that the source has deleted, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from target_iterable.core.operation import Operation

REMOVED = "removed"
WRITTEN = "written"
SKIPPED = "skipped"
REJECTED = "rejected"


class DeletedRows:
    """Those of one stream, whose numbers are in `counts`."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._sent: dict[Operation, str] = {}

    def expect(self, row: Operation, verdict: str) -> None:
        """`row` comes of such a record, and `verdict` is what to call it when Iterable has taken it."""
        self._sent[row] = verdict

    def removals_in(self, rows: Iterable[Operation]) -> set[Operation]:
        """Those of `rows` that are sent to remove something."""
        return {row for row in rows if self._sent.get(row) == REMOVED} if self._sent else set()

    def record(self, rows: Iterable[Operation], verdict: str | None = None) -> None:
        """That is what became of `rows`; by default what was expected of each."""
        if self._sent:
            self._counts.update(verdict or sent for row in rows if (sent := self._sent.pop(row, None)) is not None)
