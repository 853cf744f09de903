"""Slots of export jobs: Iterable runs a few at a time for a whole organisation, whose projects share a store.

A slot is a lease. Who holds one renews it with every poll of its job; that of a process that has died is free again
after `LEASE_SECONDS`.
"""

from __future__ import annotations

from secrets import token_hex
from typing import Final

from iterable_api.facts.limits import EXPORT_JOBS_AT_ONCE
from iterable_api.rate_limits.state_store import LimitStore

LEASE_SECONDS: Final = 600
"""Twice the longest time between two polls while a tap waits for jobs. It does not poll while the rows of a file go to
a slow loader, so a lease may end before its job does: then more jobs are asked for, which wait at Iterable."""
_NAME: Final = "export jobs"


def new_slot() -> str:
    """A name for a slot that no other job has."""
    return token_hex(8)


class JobSlots:
    """The slots in a store. Every method raises `LimitStoreError` if the store cannot be reached."""

    def __init__(self, store: LimitStore) -> None:
        self._store = store

    def take(self, slot: str) -> bool:
        """Take or renew the lease of `slot`, and return whether it is held now."""
        held = False

        def take(content: str, now: int) -> str | None:
            nonlocal held
            leases = _leases(content, now)
            held = slot in leases or len(leases) < EXPORT_JOBS_AT_ONCE
            return _text({**leases, slot: now + LEASE_SECONDS * 1000}) if held else None

        self._store.update(_NAME, take)
        return held

    def give_back(self, slot: str) -> None:
        """End the lease of `slot`, if there is one."""

        def give_back(content: str, now: int) -> str:
            return _text({held: end for held, end in _leases(content, now).items() if held != slot})

        self._store.update(_NAME, give_back)


def _leases(content: str, now: int) -> dict[str, int]:
    """Slot -> end of its lease in milliseconds, for those that have not ended."""
    pairs = (lease.split("=") for lease in content.split())
    return {slot: int(end) for slot, end in pairs if int(end) > now}


def _text(leases: dict[str, int]) -> str:
    return " ".join(f"{slot}={end}" for slot, end in leases.items())
