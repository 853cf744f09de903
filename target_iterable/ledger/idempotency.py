"""Keeping to `Operation.once`: what happens once for its key is remembered beside the ledger; see `happenings`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from target_iterable.core.operation import BatchResult, IdempotencyKey, Name, Operation
from target_iterable.core.rejection import UNCONFIRMED, RejectReason
from target_iterable.ledger.idempotency_keys import IdempotencyStore
from target_iterable.ledger.no_idempotency import FilteredRows, NoIdempotency

_UNCLEAR: Final = RejectReason(
    UNCONFIRMED.code,
    "it was sent before, and nobody knows whether Iterable took it. Look there. To send it all the same, set "
    "`on_unconfirmed` of the route to `send`, and feed the rejects in again",
)


class IdempotencyFilter(NoIdempotency):
    """Keeps to `Operation.once`.

    `resend` says whether that is sent of which nobody knows whether it has happened.
    """

    def __init__(self, happenings: IdempotencyStore, *, resend: bool) -> None:
        self._store = happenings
        self._resend = resend
        self._done: set[bytes] = set()

    def filter_rows(self, rows: list[Operation]) -> FilteredRows:
        """See `NoIdempotency`. Of rows with one key only the first is ready.

        Raises:
            LedgerError: if nobody can say what has happened.
        """
        self.commit()
        keys = {row: self._key(row.idempotency_key) for row in rows if row.idempotency_key is not None}
        former = self._former(keys)
        if self._resend:
            self._store.expire_foreign({*former, *former.values()})
        happened = self._happened(keys.values(), former)
        sifted, seen, waiting = FilteredRows([], [], {}, []), set[bytes](), set[Name]()
        for row in rows:
            key = keys.get(row, b"")
            if key in seen or not waiting.isdisjoint(row.names):
                sifted.deferred.append(row)
                waiting.update(row.names)
            elif key not in happened:
                sifted.ready.append(row)
                seen |= {key} - {b""}
            elif happened[key]:
                sifted.already_done.append(row)
            else:
                sifted.rejected[row] = _UNCLEAR
        return sifted

    def reserve(self, rows: Sequence[Operation]) -> Mapping[Operation, RejectReason]:
        """See `NoIdempotency`.

        Raises:
            LedgerError: if it could not be written down; then nothing may be sent.
        """
        keys = self._at_most_once(rows)
        begun = self._store.reserve(keys.values()) if keys else set()
        return {row: _UNCLEAR for row, key in keys.items() if key not in begun}

    def record(self, outcome: BatchResult) -> None:
        """See `NoIdempotency`. What must not happen again is on the disk then.

        Raises:
            LedgerError: if that fails.
        """
        written = outcome.results.written
        self._done |= {self._key(row.idempotency_key) for row in written if row.idempotency_key is not None}
        unclear = {row for row, reject_reason in outcome.results.rejected if reject_reason.code == UNCONFIRMED.code}
        keys = self._at_most_once([row for row in outcome.batch.rows if row not in unclear])
        if keys:
            self.commit()
            self._store.release(keys.values())

    def commit(self) -> None:
        """See `NoIdempotency`.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        done, self._done = self._done, set()
        self._store.complete(done)

    def _at_most_once(self, rows: Collection[Operation]) -> dict[Operation, bytes]:
        return {
            row: self._key(row.idempotency_key)
            for row in rows
            if row.idempotency_key is not None and not row.endpoint.repeatable
        }

    def _happened(self, keys: Collection[bytes], former: Mapping[bytes, bytes]) -> dict[bytes, bool]:
        """What is known of `keys`, by themselves or by any of their former ones. Done by one of them is done."""
        known = self._store.read({*keys, *former})
        found: dict[bytes, bool] = {}
        for key, is_done in known.items():
            now = former.get(key, key)
            found[now] = is_done or found.get(now, False)
        self._store.complete({key for key, is_done in found.items() if is_done and key not in known})
        return found

    def _key(self, once: IdempotencyKey) -> bytes:
        return self._store.key(once.kind, once.key)

    def _former(self, keys: Mapping[Operation, bytes]) -> dict[bytes, bytes]:
        """Keys as ledgers of version 1 have them, with what they are now."""
        pairs = [(row.idempotency_key, key) for row, key in keys.items() if row.idempotency_key is not None]
        return {self._store.former_key(once.kind, once.formerly): key for once, key in pairs}
