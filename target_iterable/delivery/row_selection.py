"""Selection of the rows of one stream that must be sent: not done before, not unchanged, not about unknown users."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from iterable_api.errors import IterableError
from target_iterable.core.operation import Operation
from target_iterable.delivery.errors import lookup_failed
from target_iterable.delivery.history import StreamHistory
from target_iterable.delivery.record_accounts import RecordAccounts
from target_iterable.project.user_lookup import UserLookup


class Selection(NamedTuple):
    """Rows that were selected.

    Attributes:
        ready: rows to send now.
        deferred: rows to select from again when these have their results.
        verdicts: how many rows were left out, each with its verdict.
    """

    ready: list[Operation]
    deferred: list[Operation]
    verdicts: int


class RowSelection:
    """Stages before a row is sent; all rows that are left out end in `accounts`."""

    def __init__(self, stream: str, history: StreamHistory, user_lookup: UserLookup, accounts: RecordAccounts) -> None:
        self._stream = stream
        self._history = history
        self._user_lookup = user_lookup
        self._accounts = accounts

    def select(self, rows: list[Operation]) -> Selection:
        """Select from `rows`.

        Raises:
            LedgerError: if the ledger cannot be read or written.
            DeliveryFailedError: if Iterable does not say which users exist.
        """
        filtered = self._history.idempotency.filter_rows(rows)
        verdicts = self._accounts.record_unchanged(filtered.already_done)
        verdicts += self._accounts.record_rejected(filtered.rejected)
        ready, deferred = self._user_lookup.defer(filtered.ready)
        unchanged = self._history.deduplication.unchanged(ready)
        verdicts += self._accounts.record_unchanged(unchanged)
        known, left_out = self._about_known_users(without(ready, unchanged))
        return Selection(known, [*deferred, *filtered.deferred], verdicts + left_out)

    def _about_known_users(self, rows: list[Operation]) -> tuple[list[Operation], int]:
        """Return the other rows, and the number of verdicts.

        Leave out rows for existing users who do not exist, and for new ones who do; reject unclear ones.
        """
        try:
            looked_up = self._user_lookup.look_up(rows)
        except IterableError as error:
            raise lookup_failed(self._stream, error) from error
        left_out = looked_up.unknown | looked_up.known | looked_up.unclear.keys()
        self._history.mirror.record_skipped(left_out)
        verdicts = self._accounts.record_skipped(looked_up.unknown)
        verdicts += self._accounts.record_unchanged(looked_up.known)
        verdicts += self._accounts.record_rejected(looked_up.unclear)
        return without(rows, left_out), verdicts


def without(rows: list[Operation], others: Collection[Operation]) -> list[Operation]:
    """Return `rows` without `others`."""
    return [row for row in rows if row not in others] if others else rows
