"""Stores of a dry run: they read what earlier runs have stored, and remember their own plans in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from iterable_api.storage import databases
from target_iterable.ledger.idempotency_keys import IdempotencyStore
from target_iterable.ledger.ledger import SCOPE_BYTES, Ledger
from target_iterable.mirror.log_replay import Changes, Claim, LogKind, LogRow, Pending, part_of
from target_iterable.mirror.member_log import MAX_LOOSE_ENTRIES, MemberLog
from target_iterable.mirror.membership_table import MembershipTable
from target_iterable.mirror.name_encryption import HASH_BYTES
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
    """Membership table whose changes are in a log of its own, which vanishes with the run."""

    def __init__(self, ledger: Ledger, stream: str, kind: str) -> None:
        super().__init__(ledger, stream, kind)
        self._engine = databases.temporary_sqlite()
        self._log = DryRunMemberLog(self._log, ledger.in_other_database(self._engine), self._prefix)

    def delete(self, keys: Collection[bytes]) -> None:
        """Plan that there are no such members."""
        self._log.append([(LogKind.DELETE, 0, {key[SCOPE_BYTES:] for key in keys})])

    def member_count(self) -> int:
        """Count the members as if the plan had been carried out."""
        return sum(sum(self._fold(part, self._log.rows([part])).values()) for part in self._parts())

    def register(self) -> None:
        """Start a run; the stream is not made known."""
        self._log.start_run()

    def complete_version(self, version: int) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Close the run's own database."""
        self._engine.dispose()

    def _store(self, folded: tuple[int, int], changes: Changes) -> None:
        """Store nothing: the log keeps all that is pending."""

    def _count_before(self, version: int) -> int:
        claims = (claim for part in self._parts() for claim in self._new_claims(part))
        new = sum(born < version and len(entry) > HASH_BYTES for born, entry in claims)
        return super()._count_before(version) + new

    def _encrypted(self, keys: AbstractSet[bytes]) -> dict[bytes, bytes]:
        """Return key -> encrypted name, for those of `keys` that are members: also where only the log has them."""
        pending = Pending(self._log.rows({part_of(key[SCOPE_BYTES:]) for key in keys})).claims
        logged = {self._prefix + hash_: entry[HASH_BYTES:] for hash_, (_, entry) in pending.items() if entry}
        return super()._encrypted(keys) | {key: logged[key] for key in keys & logged.keys()}

    def _new_claims(self, part: int) -> Iterator[Claim]:
        """Yield the claims of a part that are of no member in the table."""
        pending = Pending(self._log.rows([part])).claims
        known = self._known({self._prefix + hash_ for hash_ in pending})
        return (claim for hash_, claim in pending.items() if hash_ not in known)


class DryRunMemberLog(MemberLog):
    """Log that is stored, together with what this run plans."""

    def __init__(self, stored: MemberLog, planned: Ledger, stream: bytes) -> None:
        super().__init__(planned, stream, stored.last)
        self._stored_log = stored

    @property
    def newest(self) -> int:
        """Highest version at which the source had something; 0 if none is known."""
        return max(self._stored_log.newest, super().newest)

    def rows(self, parts: Collection[int], before: int | None = None) -> list[LogRow]:
        """Return the rows of these parts, stored ones first."""
        return [*self._stored_log.rows(parts, before), *super().rows(parts, before)]

    def unfolded(self, part: int, stream: bytes | None = None) -> list[LogRow]:
        """Return the rows of a part that `Pending` needs, stored ones first; see `MemberLog`."""
        return [*self._stored_log.unfolded(part, stream), *super().unfolded(part, stream)]

    def claimed_parts(self, stream: bytes) -> set[int]:
        """Return the parts in which a stream has claims, or has deleted members."""
        return self._stored_log.claimed_parts(stream) | super().claimed_parts(stream)

    def parts(self, *, is_small: bool) -> Sequence[int]:
        """Return the parts to go through; see `MemberLog`."""
        return super().parts(is_small=is_small and self._stored_log.pending <= MAX_LOOSE_ENTRIES)


def dry_run_stores() -> StoreClasses:
    """Return the classes of stores of a dry run."""
    return StoreClasses(DryRunLedger, DryRunIdempotencyStore, DryRunMembershipTable)
