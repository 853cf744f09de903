"""Mirror of one stream whose members are in a membership table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from itertools import chain
from typing import Any

from target_iterable.core.operation import BatchResult, Operation
from target_iterable.core.rejection import UNCONFIRMED
from target_iterable.core.removal_stops import RemovalStop, RunEnding
from target_iterable.ledger.errors import LedgerError
from target_iterable.mirror.completeness import Completeness
from target_iterable.mirror.members import Member, VersionCount
from target_iterable.mirror.membership_table import MembershipTable
from target_iterable.mirror.mirror import Mirror, RemovalContext, RemovalPolicy
from target_iterable.mirror.removals import Removals


class StreamMirror(Mirror):
    """Mirror that keeps the members of one stream.

    A member is added before its record is sent, so that nothing that reaches Iterable is overlooked. If Iterable
    refuses the record, the member is deleted again, unless it was there before.

    Attributes:
        policy: settings of the route about removals.
    """

    is_active = True

    def __init__(self, members: MembershipTable, stream: str, policy: RemovalPolicy) -> None:
        self.policy = policy
        self._members = members
        self._completeness = Completeness(stream, policy, members.version, members.newest)
        self._is_done = False
        self._stop: RemovalStop | None = None
        self._claims: list[tuple[int, Sequence[Sequence[str]]]] = []
        self._claimed: set[str] = set()
        self._looked_through = 0
        self._seen: dict[str, int] = {}
        self._names: dict[Operation, Sequence[str]] = {}
        self._answered: list[Operation] = []
        self._refused: list[Operation] = []
        self._removals: dict[Operation, Sequence[str]] = {}
        self._removed: set[bytes] = set()
        self._stream = stream
        members.register()

    def record_rows(self, rows: Sequence[Operation], names: Sequence[Sequence[str]], version: int | None) -> None:
        """Record that the source has records; their names are stored by the next `persist_claims`."""
        self._is_done = False
        seen_at = self._completeness.record_rows(version, len(rows), is_named=any(names))
        self._claims.append((seen_at, names))
        self._names.update(zip(rows, names, strict=True))

    def record_seen(self, names: Sequence[str], version: int | None) -> None:
        """Record that the source has a record of which nothing is delivered; its names are stored as seen."""
        seen_at = self._record(version, names)
        if names:
            self._seen |= {name: max(seen_at, self._seen.get(name, 0)) for name in names}

    def count_tombstone(self) -> None:
        """Count a record that only says that the source has deleted its row."""
        self._is_done = False
        self._completeness.count_tombstone()

    def may_remove(self, names: Sequence[str]) -> bool:
        """Return whether the names are a member of this stream, and of no other mirrored stream that keeps it.

        Raises:
            LedgerError: if the ledger cannot be read.
        """
        members = [Member(self._members.key(name), name) for name in names]
        is_own = self._is_claimed({*names}) or self._members.contains_any({member.key for member in members})
        others = self.kept_by_others(members)
        self._removed |= others.keys()
        return is_own and not others

    def record_removal(self, row: Operation, names: Sequence[str]) -> None:
        """Record that `row` removes a member, which is deleted when Iterable has accepted the row."""
        self._removals[row] = names

    def count_unnamed(self) -> None:
        """Count a record without an identifier. After one, nothing counts as missing in this run."""
        self._completeness.count_unnamed()

    def record_state(self, state: Any) -> None:
        """Record the value of a STATE message, as evidence of completeness."""
        self._completeness.record_state(state)

    def persist_claims(self) -> None:
        """Add the names of this load to the members, and record that the source has them.

        Raises:
            LedgerError: if they cannot be stored; then nothing may be sent.
        """
        claims, self._claims = self._claims, []
        self._claimed, self._looked_through = set(), 0
        seen, self._seen = self._seen, {}
        self._members.claim(claims, seen)

    def record_result(self, result: BatchResult) -> None:
        """Record which rows of a batch have put something into Iterable, and which have removed something."""
        results = result.results
        self.record_skipped(results.skipped)
        self.record_skipped([row for row, reject_reason in results.rejected if reject_reason.code != UNCONFIRMED.code])
        self._answered += result.batch.rows
        if not self._removals and not self._removed:
            return
        removed_rows, refused = {*results.written, *results.skipped}, {*self._refused}
        for row in result.batch.rows:
            if row not in refused:
                self._removed -= {self._members.key(name) for name in self._names.get(row, ())}
            if (names := self._removals.pop(row, None)) is not None and row in removed_rows:
                self._removed |= {self._members.key(name) for name in names}

    def record_skipped(self, rows: Collection[Operation]) -> None:
        """Record rows that have put nothing into Iterable: new members of theirs are deleted again."""
        self._refused += rows

    def commit(self) -> None:
        """Delete the members of rows that were refused, and of removals that were accepted.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        if self._refused:
            self._members.release(self._refused_names())
        if self._removed:
            self._members.delete(self._removed)
        self._answered, self._refused, self._removed = [], [], set()
        self._names, self._removals = {}, {}

    def remove_missing(self, version: int, context: RemovalContext) -> None:
        """Remove the members that are missing from `version`; see `Removals.run`."""
        Removals(self, context).run(self._stream, version)

    def is_complete_at(self, version: int) -> bool:
        """Record an ACTIVATE_VERSION; see `Completeness.record_activation`."""
        return self._completeness.record_activation(version)

    def version_at_end(self) -> int | None:
        """Return the version that is complete at the end of the input; None if the end proves nothing."""
        return self._completeness.complete_at_end

    def removal_stop(self, ending: RunEnding) -> RemovalStop | None:
        """Return the reason why missing members stay; with their number, if all of the input was read."""
        if self._is_done or not self.policy.removes:
            return None
        if self._stop is not None:
            return self._stop
        code = ending.value or self._completeness.obstacle
        if ending is RunEnding.COMPLETE:
            with suppress(LedgerError):
                missing, total = self._members.missing_count()
                return RemovalStop(code, missing, total)
        return RemovalStop(code)

    def record_stop(self, stop: RemovalStop) -> None:
        """Record the reason why missing members, or some of them, were not removed."""
        self._stop = stop

    @property
    def is_assumed(self) -> bool:
        """Whether the end of the input is the only evidence that all has come."""
        return self._completeness.is_assumed

    def count(self, version: int) -> VersionCount:
        """Count the members before `version`, and those of them that are missing from it."""
        return self._members.count(version)

    def member_count(self) -> int:
        """Count the members."""
        return self._members.member_count()

    def missing_members(self, version: int) -> Iterator[list[Member]]:
        """Yield the members that are missing from `version`, in chunks."""
        return self._members.missing_members(version)

    def kept_by_others(self, members: Collection[Member]) -> dict[bytes, str]:
        """Return key -> another mirrored stream that has the member, too, if the route keeps shared members."""
        return self._members.kept_by_others({member.key for member in members}) if self.policy.keeps_shared else {}

    def delete(self, keys: Collection[bytes]) -> None:
        """Delete members: Iterable no longer has them, or not because of this stream."""
        self._members.delete(keys)

    def complete_version(self, version: int) -> None:
        """Record that the members missing from `version` are removed."""
        self._members.complete_version(version)
        self._completeness.complete_version(version)
        self._is_done = True

    def _refused_names(self) -> set[str]:
        """Return the names of the rows that were refused, without those of which another row was accepted."""
        refused = {*self._refused}
        accepted = {name for row in self._answered if row not in refused for name in self._names.get(row, ())}
        return {name for row in refused for name in self._names.get(row, ())} - accepted

    def _is_claimed(self, names: AbstractSet[str]) -> bool:
        """Whether one of `names` is in this load."""
        for _, of_rows in self._claims[self._looked_through :]:
            self._claimed.update(chain.from_iterable(of_rows))
        self._looked_through = len(self._claims)
        return not self._claimed.isdisjoint(names)

    def _record(self, version: int | None, names: Sequence[str]) -> int:
        self._is_done = False
        return self._completeness.record_rows(version, 1, is_named=bool(names))
