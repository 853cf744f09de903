"""Classes of the stores that a run needs in the state database."""

from __future__ import annotations

from dataclasses import dataclass

from target_iterable.ledger.idempotency_keys import IdempotencyStore
from target_iterable.ledger.ledger import Ledger
from target_iterable.mirror.membership_table import MembershipTable


@dataclass(frozen=True)
class StoreClasses:
    """Classes of ledger, idempotency keys and membership; those of a real run by default."""

    ledger: type[Ledger] = Ledger
    idempotency: type[IdempotencyStore] = IdempotencyStore
    membership: type[MembershipTable] = MembershipTable
