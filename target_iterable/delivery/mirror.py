"""What has left the source of a stream is removed; here is what all streams know of that, and most do not do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from target_iterable.delivery.allowance import Allowance
from target_iterable.delivery.isolation import Outcome
from target_iterable.delivery.memory import Memory
from target_iterable.delivery.operations import Operation
from target_iterable.delivery.tally import Tally


@dataclass(frozen=True)
class Terms:
    """What a route says of removing.

    Attributes:
        removes: whether what has left the source is removed, or only counted.
        shares: whether it stays as long as another mirrored stream has it.
        allowance: how much may be removed at once.
        at_end: whether the input holds all of the stream when it has come to its end.
        plans: whether it is only planned; then too many removals are no reason to stop.
    """

    removes: bool
    shares: bool
    allowance: Allowance
    at_end: bool = False
    plans: bool = False


Settle: TypeAlias = Callable[[Sequence[Operation]], Iterator[Outcome]]
"""Delivers rows."""


class Mirror:
    """For streams that are not mirrored.

    The names are those by which the removal knows what a record is about, the best one first. A version is None where
    the record has none.

    Attributes:
        watches: whether it must see each record when it is delivered, and so nothing may be read ahead.
        removal: makes the operation that removes what is so named; may refuse.
    """

    watches: ClassVar[bool] = False
    removal: Callable[[str], Operation]

    def claim(self, row: Operation, names: Sequence[str], version: int | None) -> None:
        """A record is in the source, and `row` is about to be delivered."""

    def touch(self, names: Sequence[str], version: int | None) -> None:
        """A record is in the source, and cannot be delivered."""

    def may_remove(self, names: Sequence[str]) -> bool:
        """Whether the source's saying that it has deleted a row is enough to remove what is so named."""
        del names
        return True

    def release(self, row: Operation, names: Sequence[str]) -> None:
        """`row`, which is about to be delivered, removes what is so named."""

    def lose(self) -> None:
        """Nobody can say what a record is about."""

    def close(self) -> None:
        """A STATE has come behind the records so far."""

    def completes(self, version: int) -> bool:
        """Whether an ACTIVATE_VERSION says that all of a version has been read."""
        del version
        return False

    def completes_at_end(self) -> int | None:
        """The version that the input held, now that it has come to its end by itself; None if that proves nothing."""

    def begin(self) -> None:
        """Called before what was claimed is delivered."""

    def note(self, outcome: Outcome) -> None:
        """Learn what became of a batch."""

    def withdraw(self, rows: Collection[Operation]) -> None:
        """They put nothing into Iterable."""

    def keep(self) -> None:
        """Bring to the disk what was noted."""

    def remove_left(self, version: int, memory: Memory, settle: Settle, tally: Tally, stop: Callable[[], bool]) -> None:
        """Remove what is not in `version`, all of which is in Iterable by now. `stop` says whether the run is to end.

        Raises:
            TooManyRemovalsError: if that is more than the route allows.
            RemovalFailedError: if a request failed as a whole.
            LedgerError: if the ledger cannot be read or written.
        """
