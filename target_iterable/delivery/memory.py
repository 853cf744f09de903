"""What a stream knows of records that were accepted before, so that the same need not be sent again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from target_iterable.delivery.isolation import Outcome
from target_iterable.delivery.ledger import Ledger
from target_iterable.delivery.operations import Operation
from target_iterable.delivery.serialise import dumps

_ENOUGH: Final = 1000
"""So many settled keys are brought to the disk while requests are still on their way."""


class Memory:
    """Remembers nothing: every record is news."""

    def unchanged(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        """Those of `rows`, which are about to be sent in this order, that say only what was last accepted."""
        del rows
        return frozenset()

    def note(self, outcome: Outcome) -> None:
        """Learn what became of a batch. Outcomes about the same identity come in the order of their rows."""

    def keep(self) -> None:
        """Bring to the disk what was noted."""

    def forget(self, rows: Collection[Operation]) -> None:
        """What `rows` changed is as if it never had been: whatever comes next about it is news."""


class _Marks(NamedTuple):
    """A row in hashes: whom it is about, once for each name, and what it says."""

    keys: frozenset[bytes]
    content: bytes


class LedgerMemory(Memory):
    """Remembers in a ledger.

    What is about to be overwritten is claimed before it is sent, and the new is kept after it was accepted.
    So whatever ends the run in between, the ledger never says that Iterable has what it has no longer.
    """

    def __init__(self, ledger: Ledger, *, skip: bool) -> None:
        self._ledger = ledger
        self._skip = skip
        self._marks: dict[Operation, _Marks] = {}
        self._ways: dict[tuple[object, ...], bytes] = {}
        self._settled: dict[bytes, bytes | None] = {}
        # How many rows are still to be settled that each key names.
        self._open: Counter[bytes] = Counter()

    def unchanged(self, rows: Sequence[Operation]) -> AbstractSet[Operation]:
        """See `Memory`. Behind a row that is sent, no other about the same identity is unchanged.

        Raises:
            LedgerError: if the ledger cannot be read or written.
        """
        self._ways = {}
        self._marks = {row: self._marks_of(row) for row in rows if row.place}
        known = self._ledger.read({key for marks in self._marks.values() for key in marks.keys})
        same: set[Operation] = set()
        overwritten: Counter[bytes] = Counter()
        for row, (keys, content) in self._marks.items():
            if self._skip and overwritten.keys().isdisjoint(keys) and all(known.get(key) == content for key in keys):
                same.add(row)
            else:
                overwritten.update(keys)
        self._open = overwritten
        self._ledger.claim(overwritten.keys())
        return same

    def note(self, outcome: Outcome) -> None:
        """See `Memory`. A row without some of its fields counts as not accepted.

        Which rows lack those that Iterable has dropped, nobody says.
        """
        whole = not outcome.verdicts.dropped_fields
        accepted = set(outcome.verdicts.written) - outcome.verdicts.trimmed.keys() if whole else set()
        for row in outcome.batch.rows:
            keys, content = self._marks.get(row, _NONE)
            self._settled |= dict.fromkeys(keys, content if row in accepted else None)
            self._open.subtract(keys)
        if len(self._settled) >= _ENOUGH:
            self._keep_what_is_over()

    def _keep_what_is_over(self) -> None:
        """What is claimed for a row that is still on its way stays claimed."""
        over = {key: content for key, content in self._settled.items() if not self._open[key]}
        self._settled = {key: content for key, content in self._settled.items() if key not in over}
        self._ledger.keep(over)

    def keep(self) -> None:
        """See `Memory`.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        settled, self._settled = self._settled, {}
        self._ledger.keep(settled)

    def forget(self, rows: Collection[Operation]) -> None:
        """See `Memory`.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._ledger.forget({key for row in rows if row.place for key in self._marks_of(row).keys})

    def _marks_of(self, row: Operation) -> _Marks:
        keys = frozenset(self._ledger.key(row.place, *name) for name in row.names)
        return _Marks(keys, self._ledger.hash(self._way_of(row), row.envelope.members, row.part))

    def _way_of(self, row: Operation) -> bytes:
        """Where the row goes; many rows go the same way."""
        endpoint, envelope = row.endpoint, row.envelope
        request = endpoint.method, endpoint.path, envelope.path_params, envelope.query
        if request not in self._ways:
            self._ways[request] = dumps(request)
        return self._ways[request]


_NONE = _Marks(frozenset(), b"")
