"""What a dry run knows of earlier runs: it reads what they kept, and what it plans it remembers for itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from heapq import merge
from typing import Any

from iterable_api.storage import databases
from target_iterable.ledger.idempotency_keys import IdempotencyStore
from target_iterable.ledger.ledger import Ledger
from target_iterable.mirror.membership_table import MembershipTable, SeenName
from target_iterable.mirror.seen_keys import SeenKeys
from target_iterable.runs.store_classes import StoreClasses


class DryRunLedger(Ledger):
    """Changes nothing that is kept."""

    is_writable = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._planned: dict[bytes, bytes | None] = {}
        self._gone: set[bytes] = set()

    def read(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """See `Ledger`; as if the plan had been carried out."""
        kept = {key: content for key, content in super().read(keys).items() if not key.startswith(tuple(self._gone))}
        known = kept | {key: self._planned[key] for key in keys if key in self._planned}
        return {key: content for key, content in known.items() if content is not None}

    def claim(self, keys: Collection[bytes]) -> None:
        """See `Ledger`."""
        self._planned |= dict.fromkeys(keys)

    def invalidate(self, keys: Collection[bytes]) -> None:
        """See `Ledger`."""
        self._planned |= dict.fromkeys(keys)

    def invalidate_scope(self, place: str) -> None:
        """See `Ledger`. Comes before anything is planned for the place."""
        self._gone.add(self.prefix(place))

    def commit(self, contents: Mapping[bytes, bytes | None]) -> None:
        """See `Ledger`."""
        self._planned |= contents


class DryRunIdempotencyStore(IdempotencyStore):
    """Changes nothing that is kept."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._planned: set[bytes] = set()
        self._disowned: set[bytes] = set()

    def read(self, keys: Collection[bytes]) -> dict[bytes, bool]:
        """See `IdempotencyStore`; as if the plan had been carried out."""
        known = {key: done for key, done in super().read(keys).items() if done or key not in self._disowned}
        return known | dict.fromkeys(self._planned.intersection(keys), True)

    def reserve(self, keys: Collection[bytes]) -> set[bytes]:
        """See `IdempotencyStore`."""
        return set(keys)

    def release(self, keys: Collection[bytes]) -> None:
        """See `IdempotencyStore`."""

    def expire_foreign(self, keys: Collection[bytes]) -> None:
        """See `IdempotencyStore`."""
        self._disowned |= set(keys)

    def complete(self, keys: Collection[bytes]) -> None:
        """See `IdempotencyStore`."""
        self._planned |= set(keys)


class DryRunMembershipTable(MembershipTable):
    """Notes in a database of its own what the run sees; it vanishes with the run."""

    def __init__(self, ledger: Ledger, stream: str, kind: str) -> None:
        super().__init__(ledger, stream, kind)
        self._engine = databases.temporary_sqlite()
        self._new: set[bytes] = set()
        self.seen_keys = DryRunSeenKeys(self.seen_keys, ledger.in_other_database(self._engine), self._prefix)

    def put(self, names: Mapping[str, SeenName]) -> set[bytes]:
        """See `MembershipTable`."""
        keys = {self.key(name) for name, sighting in names.items() if sighting.removes} - self._new
        new = keys - self._known(keys).keys()
        self._new |= new
        return new

    def delete(self, keys: Collection[bytes]) -> None:
        """See `MembershipTable`."""
        self._new -= set(keys)

    def member_count(self) -> int:
        """See `MembershipTable`; as if the plan had been carried out."""
        return super().member_count() + len(self._new)

    def register(self) -> None:
        """See `MembershipTable`."""

    def complete_version(self, version: int) -> None:
        """See `MembershipTable`."""

    def close(self) -> None:
        """See `MembershipTable`."""
        self._engine.dispose()


class DryRunSeenKeys(SeenKeys):
    """Those that are kept, and those of this run."""

    def __init__(self, kept: SeenKeys, planned: Ledger, stream: bytes) -> None:
        super().__init__(planned, stream)
        self._kept = kept

    def since(self, version: int) -> Iterator[bytes]:
        """See `SeenKeys`."""
        return merge(self._kept.since(version), super().since(version))


def planning() -> StoreClasses:
    """All of these."""
    return StoreClasses(DryRunLedger, DryRunIdempotencyStore, DryRunMembershipTable)
