"""Which of the things that a stream has put into Iterable are still in its source, and when that can be said."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence

from target_iterable.delivery.isolation import Outcome
from target_iterable.delivery.members import Count, Member, Members, Sighting
from target_iterable.delivery.memory import Memory
from target_iterable.delivery.mirror import Mirror, Settle, Terms
from target_iterable.delivery.operations import Operation
from target_iterable.delivery.removals import Removals
from target_iterable.delivery.sightings import NOW
from target_iterable.delivery.tally import Tally
from target_iterable.delivery.verdicts import UNCONFIRMED


class MemberMirror(Mirror):
    """Keeps the members of one stream.

    A thing is noted before it is sent, so that nothing that got into Iterable is overlooked; if Iterable refuses it,
    the note is taken back, unless the thing was there before.

    Attributes:
        terms: what the route says.
    """

    watches = True

    def __init__(self, members: Members, stream: str, terms: Terms) -> None:
        self.terms = terms
        self._members = members
        self._last = members.version
        self._logger = logging.getLogger(f"target-iterable.{stream}")
        self._end = max(time.time_ns() // 1_000_000, self._last + 1)
        self._seen: set[int] = set()
        self._early: set[int] = set()
        self._lost = 0
        self._is_open = False
        self._claimed: dict[str, Sighting] = {}
        self._touched: dict[str, int] = {}
        self._names: dict[Operation, Sequence[str]] = {}
        self._new: set[bytes] = set()
        self._accepted: set[bytes] = set()
        self._refused: set[bytes] = set()
        self._releasing: dict[Operation, Sequence[str]] = {}
        self._released: set[bytes] = set()
        self._stream = stream
        members.register()

    def claim(self, row: Operation, names: Sequence[str], version: int | None) -> None:
        """See `Mirror`."""
        at = self._see(version)
        for name in names:
            before = self._claimed[name].version if name in self._claimed else at
            self._claimed[name] = Sighting(max(at, before), removes=name == names[0])
        self._names[row] = names

    def touch(self, names: Sequence[str], version: int | None) -> None:
        """See `Mirror`."""
        if names:
            at = self._see(version)
            self._touched |= {name: max(at, self._touched.get(name, 0)) for name in names}

    def may_remove(self, names: Sequence[str]) -> bool:
        """See `Mirror`. Only what this stream has put into Iterable, and no other mirrored stream has.

        Raises:
            LedgerError: if the ledger cannot be read.
        """
        members = [Member(self._members.key(name), name) for name in names]
        is_own = not self._claimed.keys().isdisjoint(names) or self._members.has({member.key for member in members})
        others = self.elsewhere(members)
        self._released |= others.keys()
        return is_own and not others

    def release(self, row: Operation, names: Sequence[str]) -> None:
        """See `Mirror`."""
        self._releasing[row] = names

    def lose(self) -> None:
        """See `Mirror`."""
        self._lost += 1

    def close(self) -> None:
        """See `Mirror`."""
        self._is_open = False

    def begin(self) -> None:
        """See `Mirror`.

        Raises:
            LedgerError: if it cannot be noted; then nothing may be sent.
        """
        claimed, self._claimed = self._claimed, {}
        touched, self._touched = self._touched, {}
        if not claimed and not touched:
            return
        self._new = self._members.put(claimed)
        for seen in (touched, {name: sighting.version for name, sighting in claimed.items()}):
            self._members.see({name: version for name, version in seen.items() if version > self._last})

    def note(self, outcome: Outcome) -> None:
        """See `Mirror`."""
        verdicts = outcome.verdicts
        self.withdraw(verdicts.skipped)
        self.withdraw([row for row, refusal in verdicts.rejected if refusal.code != UNCONFIRMED.code])
        gone = {*verdicts.written, *verdicts.skipped}
        for row in outcome.batch.rows:
            keys = self._keys(row)
            self._accepted |= keys
            self._released -= keys
            if (names := self._releasing.pop(row, None)) is not None and row in gone:
                self._released |= {self._members.key(name) for name in names}

    def withdraw(self, rows: Collection[Operation]) -> None:
        """See `Mirror`."""
        for row in rows:
            self._refused |= self._keys(row)

    def keep(self) -> None:
        """See `Mirror`.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._members.drop(((self._refused & self._new) - self._accepted) | self._released)
        self._refused, self._accepted, self._released = set(), set(), set()
        self._names, self._releasing = {}, {}

    def remove_left(self, version: int, memory: Memory, settle: Settle, tally: Tally, stop: Callable[[], bool]) -> None:
        """See `Mirror`."""
        Removals(self, memory, settle, tally, stop).carry_out(self._stream, version)

    def completes(self, version: int) -> bool:
        """See `Mirror`.

        Many taps send one at the beginning, and then one for each part of the stream, or one at the end. So it counts
        only if records of the version came before the first of them in this run.
        """
        if version not in self._seen:
            self._early.add(version)
        return version not in self._early and self._is_sure(version)

    def completes_at_end(self) -> int | None:
        """See `Mirror`."""
        if not self.terms.at_end or self._end not in self._seen:
            return None
        if self._is_open:
            self._logger.warning(
                "Nothing is removed: no STATE came behind the last record, so the tap may have ended too early."
            )
            return None
        return self._end if self._is_sure(self._end) else None

    def count(self, version: int) -> Count:
        """How much there was before `version`, and how much has left."""
        return self._members.count(version)

    def left(self, version: int) -> Iterator[list[Member]]:
        """What has left, some at a time."""
        return self._members.left(version)

    def elsewhere(self, members: Collection[Member]) -> dict[bytes, str]:
        """The keys of those which another mirrored stream keeps in Iterable, and which one."""
        return self._members.elsewhere({member.key for member in members}) if self.terms.shares else {}

    def drop(self, keys: Collection[bytes]) -> None:
        """They are not in Iterable any more, or not because of this stream."""
        self._members.drop(keys)

    def finish(self, version: int) -> None:
        """All of `version` is done."""
        self._members.finish(version)
        self._last = max(self._last, version)

    def _keys(self, row: Operation) -> set[bytes]:
        return {self._members.key(name) for name in self._names.pop(row, ())}

    def _see(self, version: int | None) -> int:
        at = self._end if self.terms.at_end else NOW if version is None else version
        self._seen.add(at)
        self._is_open = True
        return at

    def _is_sure(self, version: int) -> bool:
        if self._lost:
            self._logger.warning(
                "Nothing is removed: of %d records nobody can say what they are about, so it may still be in the "
                "source. See the rejects.",
                self._lost,
            )
        elif version < self._last:
            self._logger.warning("Nothing is removed: version %d is older than %d.", version, self._last)
        return not self._lost and version > self._last
