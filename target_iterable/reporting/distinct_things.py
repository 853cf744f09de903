"""How many different users or things the records of a stream are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import Any, Final

from target_iterable.core.operation import Operation

_names: Final = attrgetter("names")
_scope: Final = attrgetter("dedup_scope")
MAX_THINGS: Final = 200_000
"""Different things of a stream that are told apart; they take some 13 MB. What comes behind is not counted."""


@dataclass
class DistinctThings:
    """Counts the records that describe something, and the different things among these.

    Two records are about the same thing if they have the same scope of deduplication and the same best identifier: in
    an e-mail-based project the address, else the userId.

    Attributes:
        prefers_address: whether the address of a user is the best identifier; otherwise it is the userId.
        records: records that were compared. Records that are rejected before they are sent, and those of events, are
            not.
        is_partial: whether more things have come than can be told apart.
    """

    prefers_address: bool = True
    records: int = 0
    is_partial: bool = False
    _seen: set[int] = field(default_factory=set)

    @property
    def things(self) -> int:
        """Number of different things."""
        return len(self._seen)

    def count(self, rows: Sequence[Operation]) -> None:
        """Count rows. Hashes of identifiers stand for them: of 200,000 no two will be the same."""
        if self.is_partial or not rows:
            return
        described = rows if all(map(_scope, rows)) else [row for row in rows if row.dedup_scope]
        best = map(itemgetter(0 if self.prefers_address else -1), map(_names, described))
        self._seen.update(map(hash, zip(best, map(_scope, described), strict=True)))
        self.records += len(described)
        self.is_partial = self.things > MAX_THINGS

    def as_dict(self) -> dict[str, Any]:
        """Return the member of the summary."""
        return {"records": self.records, "things": self.things, "partial": self.is_partial}

    def __str__(self) -> str:
        about = " (no more are told apart)" if self.is_partial else ""
        return f"different users or things: {self.things:,}, in {self.records:,} records{about}"
