"""Idempotency by keys that are stored beside the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from target_iterable.core.operation import BatchResult, IdempotencyKey, Name, Operation
from target_iterable.core.rejection import UNCONFIRMED, RejectReason
from target_iterable.ledger.idempotency import FilteredRows, Idempotency
from target_iterable.ledger.idempotency_keys import IdempotencyStore

_UNCONFIRMED_BEFORE: Final = RejectReason(
    UNCONFIRMED.code,
    "it was sent before, and nobody knows whether Iterable took it. Look there. To send it all the same, set "
    "`on_unconfirmed` of the route to `send`, and feed the rejects in again",
)


class IdempotencyFilter(Idempotency):
    """Filter whose keys are in an `IdempotencyStore`."""

    def __init__(self, store: IdempotencyStore, *, resend: bool) -> None:
        """With `resend`, rows are sent whose keys other runs have reserved and not completed."""
        self._store = store
        self._resend = resend
        self._done: set[bytes] = set()
        self._released: set[bytes] = set()

    def filter_rows(self, rows: list[Operation]) -> FilteredRows:
        """Sort `rows` by the state of their keys. Of rows with one key, only the first is ready.

        Raises:
            LedgerError: if the ledger cannot be read or written.
        """
        self.commit()
        keys = {row: self._key(row.idempotency_key) for row in rows if row.idempotency_key is not None}
        former_keys = self._former_keys(keys)
        if self._resend:
            self._store.expire_foreign({*former_keys, *former_keys.values()})
        states_of_keys = self._read(keys.values(), former_keys)
        filtered, seen, waiting = FilteredRows([], [], {}, []), set[bytes](), set[Name]()
        for row in rows:
            key = keys.get(row, b"")
            if key in seen or not waiting.isdisjoint(row.names):
                filtered.deferred.append(row)
                waiting.update(row.names)
            elif key not in states_of_keys:
                filtered.ready.append(row)
                seen |= {key} - {b""}
            elif states_of_keys[key]:
                filtered.already_done.append(row)
            else:
                filtered.rejected[row] = _UNCONFIRMED_BEFORE
        return filtered

    def must_reserve(self, rows: Iterable[Operation]) -> bool:
        """Whether the endpoint of any of `rows` is not repeatable, so that its key must be reserved."""
        return any(_is_at_most_once(row) for row in rows)

    def reserve(self, rows: Sequence[Operation]) -> Mapping[Operation, RejectReason]:
        """Reserve the keys of rows whose endpoint is not repeatable. Rows whose key is reserved already are left out.

        Raises:
            LedgerError: if the keys cannot be stored; then nothing may be sent.
        """
        keys = self._at_most_once(rows)
        reserved = self._write(keys.values()) if keys else set()
        return {row: _UNCONFIRMED_BEFORE for row, key in keys.items() if key not in reserved}

    def release(self, rows: Sequence[Operation]) -> None:
        """See `Idempotency`. The keys are deleted by the next `reserve` or `commit`."""
        self._released.update(self._at_most_once(rows).values())

    def record(self, result: BatchResult) -> None:
        """Record the result of a batch. It is stored by the next `reserve` or `commit`."""
        written, results = {*result.results.written}, result.results
        self._done |= {self._key(row.idempotency_key) for row in written if row.idempotency_key is not None}
        unconfirmed = {row for row, reject_reason in results.rejected if reject_reason.code == UNCONFIRMED.code}
        self.release([row for row in result.batch.rows if row not in unconfirmed and row not in written])

    def commit(self) -> None:
        """Store the recorded results: accepted rows are done, and rows that had no effect may be sent again.

        Raises:
            LedgerError: if the ledger cannot be written.
        """
        self._write()

    def _write(self, reserved: Collection[bytes] = ()) -> set[bytes]:
        done, self._done = self._done, set()
        released, self._released = self._released, set()
        return self._store.write(done=done, released=released, reserved=reserved)

    def _at_most_once(self, rows: Collection[Operation]) -> dict[Operation, bytes]:
        return {
            row: self._key(row.idempotency_key)
            for row in rows
            if row.idempotency_key is not None and _is_at_most_once(row)
        }

    def _read(self, keys: Collection[bytes], former_keys: Mapping[bytes, bytes]) -> dict[bytes, bool]:
        """Return key -> whether it is done, else reserved; keys that are not stored are left out.

        A key is done if it or any of its former keys is.
        """
        states = self._store.read({*keys, *former_keys})
        done: dict[bytes, bool] = {}
        for key, is_done in states.items():
            now = former_keys.get(key, key)
            done[now] = is_done or done.get(now, False)
        self._store.complete({key for key, is_done in done.items() if is_done and key not in states})
        return done

    def _key(self, idempotency_key: IdempotencyKey) -> bytes:
        return self._store.key(idempotency_key.kind, idempotency_key.key)

    def _former_keys(self, keys: Mapping[Operation, bytes]) -> dict[bytes, bytes]:
        """Return the keys as ledgers of version 1 store them -> the present keys."""
        pairs = [(row.idempotency_key, key) for row, key in keys.items() if row.idempotency_key is not None]
        return {
            self._store.former_key(idempotency_key.kind, idempotency_key.former_key): key
            for idempotency_key, key in pairs
        }


def _is_at_most_once(row: Operation) -> bool:
    return row.idempotency_key is not None and not row.endpoint.repeatable
