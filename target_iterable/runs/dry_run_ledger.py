"""Stores of a dry run: they read what earlier runs have stored, and remember their own plans in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from heapq import merge
from typing import Any

from iterable_api.storage import databases
from target_iterable.ledger.idempotency_keys import IdempotencyStore
from target_iterable.ledger.ledger import Ledger
from target_iterable.mirror.members import SeenName
from target_iterable.mirror.membership_table import MembershipTable
from target_iterable.mirror.seen_keys import SeenKeys
from target_iterable.runs.store_classes import StoreClasses


class DryRunLedger(Ledger):
    """Ledger that leaves the database as it is."""

    is_writable = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._planned: dict[bytes, bytes | None] = {}
        self._invalid_prefixes: set[bytes] = set()

    def read(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """Return key -> content as if the plan had been carried out."""
        stored = {
            key: content
            for key, content in super().read(keys).items()
            if not key.startswith(tuple(self._invalid_prefixes))
        }
        contents = stored | {key: self._planned[key] for key in keys if key in self._planned}
        return {key: content for key, content in contents.items() if content is not None}

    def claim(self, keys: Collection[bytes]) -> None:
        """Plan that `keys` have no content."""
        self._planned |= dict.fromkeys(keys)

    def invalidate(self, keys: Collection[bytes]) -> None:
        """Plan that `keys` have no content."""
        self._planned |= dict.fromkeys(keys)

    def invalidate_scope(self, scope: str) -> None:
        """Plan that no key in `scope` has a content. This must come before other plans for the scope."""
        self._invalid_prefixes.add(self.scope_prefix(scope))

    def commit(self, contents: Mapping[bytes, bytes | None]) -> None:
        """Plan contents."""
        self._planned |= contents


class DryRunIdempotencyStore(IdempotencyStore):
    """Idempotency keys that leave the database as it is."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._planned: set[bytes] = set()
        self._expired: set[bytes] = set()

    def read(self, keys: Collection[bytes]) -> dict[bytes, bool]:
        """Return key -> whether it is done, as if the plan had been carried out."""
        contents = {key: done for key, done in super().read(keys).items() if done or key not in self._expired}
        return contents | dict.fromkeys(self._planned.intersection(keys), True)

    def write(
        self, *, done: Collection[bytes] = (), released: Collection[bytes] = (), reserved: Collection[bytes] = ()
    ) -> set[bytes]:
        """Plan that keys are done, and return all that are to be reserved."""
        del released
        self._planned |= set(done)
        return set(reserved)

    def expire_foreign(self, keys: Collection[bytes]) -> None:
        """Plan that keys which other runs have reserved are deleted."""
        self._expired |= set(keys)


class DryRunMembershipTable(MembershipTable):
    """Membership table whose changes are in a database of its own, which vanishes with the run."""

    def __init__(self, ledger: Ledger, stream: str, kind: str) -> None:
        super().__init__(ledger, stream, kind)
        self._engine = databases.temporary_sqlite()
        self._new: set[bytes] = set()
        self.seen_keys = DryRunSeenKeys(self.seen_keys, ledger.in_other_database(self._engine), self._prefix)

    def add(self, names: Mapping[str, SeenName]) -> set[bytes]:
        """Plan new members, and return their keys."""
        keys = {self.key(name) for name, sighting in names.items() if sighting.is_primary} - self._new
        new = keys - self._existing(keys).keys()
        self._new |= new
        return new

    def delete(self, keys: Collection[bytes]) -> None:
        """Take back planned members."""
        self._new -= set(keys)

    def member_count(self) -> int:
        """Count the members as if the plan had been carried out."""
        return super().member_count() + len(self._new)

    def register(self) -> None:
        """Do nothing."""

    def complete_version(self, version: int) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Close the run's own database."""
        self._engine.dispose()


class DryRunSeenKeys(SeenKeys):
    """Seen keys that are stored, together with those of this run."""

    def __init__(self, stored: SeenKeys, planned: Ledger, stream: bytes) -> None:
        super().__init__(planned, stream)
        self._stored = stored

    def since(self, version: int) -> Iterator[bytes]:
        """Yield the hashes seen at `version` or later, stored ones and those of this run, in ascending order."""
        return merge(self._stored.since(version), super().since(version))


def dry_run_stores() -> StoreClasses:
    """Return the classes of stores of a dry run."""
    return StoreClasses(DryRunLedger, DryRunIdempotencyStore, DryRunMembershipTable)
