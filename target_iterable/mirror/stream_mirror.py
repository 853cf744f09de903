"""Which of the things that a stream has put into Iterable are still in its source, and when that can be said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any

from target_iterable.core.operation import BatchResult, Operation
from target_iterable.core.rejection import UNCONFIRMED
from target_iterable.core.removal_stops import RemovalStop, RunEnding
from target_iterable.ledger.errors import LedgerError
from target_iterable.mirror.completeness import Completeness
from target_iterable.mirror.membership_table import Member, MembershipTable, SeenName, VersionCount
from target_iterable.mirror.mirror import Mirror, RemovalContext, RemovalPolicy
from target_iterable.mirror.removals import Removals


class StreamMirror(Mirror):
    """Keeps the members of one stream.

    A thing is noted before it is sent, so that nothing that got into Iterable is overlooked; if Iterable refuses it,
    the note is taken back, unless the thing was there before.

    Attributes:
        policy: what the route says.
    """

    is_active = True

    def __init__(self, members: MembershipTable, stream: str, policy: RemovalPolicy) -> None:
        self.policy = policy
        self._members = members
        self._reading = Completeness(stream, policy, members.version, members.newest)
        self._is_done = False
        self._stopped: RemovalStop | None = None
        self._claimed: dict[str, SeenName] = {}
        self._touched: dict[str, int] = {}
        self._names: dict[Operation, Sequence[str]] = {}
        self._new: set[bytes] = set()
        self._accepted: set[bytes] = set()
        self._refused: set[bytes] = set()
        self._releasing: dict[Operation, Sequence[str]] = {}
        self._released: set[bytes] = set()
        self._stream = stream
        members.register()

    def record_row(self, row: Operation, names: Sequence[str], version: int | None) -> None:
        """See `NoMirror`."""
        at = self._see(version, names)
        for name in names:
            before = self._claimed[name].version if name in self._claimed else at
            self._claimed[name] = SeenName(max(at, before), is_primary=name == names[0])
        self._names[row] = names

    def record_seen(self, names: Sequence[str], version: int | None) -> None:
        """See `NoMirror`."""
        at = self._see(version, names)
        if names:
            self._touched |= {name: max(at, self._touched.get(name, 0)) for name in names}

    def count_tombstone(self) -> None:
        """See `NoMirror`."""
        self._is_done = False
        self._reading.count_tombstone()

    def may_remove(self, names: Sequence[str]) -> bool:
        """See `NoMirror`. Only what this stream has put into Iterable, and no other mirrored stream has.

        Raises:
            LedgerError: if the ledger cannot be read.
        """
        members = [Member(self._members.key(name), name) for name in names]
        is_own = not self._claimed.keys().isdisjoint(names) or self._members.contains_any(
            {member.key for member in members}
        )
        others = self.kept_by_others(members)
        self._released |= others.keys()
        return is_own and not others

    def record_removal(self, row: Operation, names: Sequence[str]) -> None:
        """See `NoMirror`."""
        self._releasing[row] = names

    def count_unnamed(self) -> None:
        """See `NoMirror`."""
        self._reading.count_unnamed()

    def record_state(self, state: Any) -> None:
        """See `NoMirror`."""
        self._reading.record_state(state)

    def persist_claims(self) -> None:
        """See `NoMirror`.

        Raises:
            LedgerError: if it cannot be noted; then nothing may be sent.
        """
        claimed, self._claimed = self._claimed, {}
        touched, self._touched = self._touched, {}
        if not claimed and not touched:
            return
        self._new = self._members.add(claimed)
        for seen in (touched, {name: sighting.version for name, sighting in claimed.items()}):
            self._members.mark_seen(seen)

    def record_result(self, outcome: BatchResult) -> None:
        """See `NoMirror`."""
        results = outcome.results
        self.record_skipped(results.skipped)
        self.record_skipped([row for row, reject_reason in results.rejected if reject_reason.code != UNCONFIRMED.code])
        gone = {*results.written, *results.skipped}
        for row in outcome.batch.rows:
            keys = self._keys(row)
            self._accepted |= keys
            self._released -= keys
            if (names := self._releasing.pop(row, None)) is not None and row in gone:
                self._released |= {self._members.key(name) for name in names}

    def record_skipped(self, rows: Collection[Operation]) -> None:
        """See `NoMirror`."""
        for row in rows:
            self._refused |= self._keys(row)

    def commit(self) -> None:
        """See `NoMirror`.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._members.delete(((self._refused & self._new) - self._accepted) | self._released)
        self._refused, self._accepted, self._released = set(), set(), set()
        self._names, self._releasing = {}, {}

    def remove_missing(self, version: int, context: RemovalContext) -> None:
        """See `NoMirror`."""
        Removals(self, context).run(self._stream, version)

    def is_complete_at(self, version: int) -> bool:
        """See `NoMirror`."""
        return self._reading.record_activation(version)

    def version_at_end(self) -> int | None:
        """See `NoMirror`."""
        return self._reading.complete_at_end

    def removal_stop(self, ending: RunEnding) -> RemovalStop | None:
        """See `NoMirror`."""
        if self._is_done or not self.policy.removes:
            return None
        if self._stopped is not None:
            return self._stopped
        code = ending.value or self._reading.obstacle
        if ending is RunEnding.COMPLETE:
            with suppress(LedgerError):
                missing, total = self._members.missing_count()
                return RemovalStop(code, missing, total)
        return RemovalStop(code)

    def record_stop(self, stopped: RemovalStop) -> None:
        """What has left the source stays, or some of it."""
        self._stopped = stopped

    @property
    def is_assumed(self) -> bool:
        """Whether nothing but the end of the input says that all has come."""
        return self._reading.is_assumed

    def count(self, version: int) -> VersionCount:
        """How much there was before `version`, and how much has left."""
        return self._members.count(version)

    def member_count(self) -> int:
        """How much there is."""
        return self._members.member_count()

    def missing_members(self, version: int) -> Iterator[list[Member]]:
        """What has left, some at a time."""
        return self._members.missing_members(version)

    def kept_by_others(self, members: Collection[Member]) -> dict[bytes, str]:
        """The keys of those which another mirrored stream keeps in Iterable, and which one."""
        return self._members.kept_by_others({member.key for member in members}) if self.policy.keeps_shared else {}

    def delete(self, keys: Collection[bytes]) -> None:
        """They are not in Iterable any more, or not because of this stream."""
        self._members.delete(keys)

    def complete_version(self, version: int) -> None:
        """All of `version` is done."""
        self._members.complete_version(version)
        self._reading.complete_version(version)
        self._is_done = True

    def _keys(self, row: Operation) -> set[bytes]:
        return {self._members.key(name) for name in self._names.pop(row, ())}

    def _see(self, version: int | None, names: Sequence[str]) -> int:
        self._is_done = False
        return self._reading.record_row(version, is_named=bool(names))
