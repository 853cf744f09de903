"""What a dry run knows of earlier runs: it reads what they kept, and what it plans it remembers for itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from iterable_api import databases
from target_iterable.delivery.happenings import Happenings
from target_iterable.delivery.ledger import Ledger
from target_iterable.delivery.members import Count, Member, Members, Sighting


class PlanningLedger(Ledger):
    """Changes nothing that is kept."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
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

    def forget(self, keys: Collection[bytes]) -> None:
        """See `Ledger`."""
        self._planned |= dict.fromkeys(keys)

    def forget_place(self, place: str) -> None:
        """See `Ledger`. Comes before anything is planned for the place."""
        self._gone.add(self.prefix(place))

    def keep(self, contents: Mapping[bytes, bytes | None]) -> None:
        """See `Ledger`."""
        self._planned |= contents


class PlanningHappenings(Happenings):
    """Changes nothing that is kept."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._planned: set[bytes] = set()
        self._disowned: set[bytes] = set()

    def read(self, keys: Collection[bytes]) -> dict[bytes, bool]:
        """See `Happenings`; as if the plan had been carried out."""
        known = {key: done for key, done in super().read(keys).items() if done or key not in self._disowned}
        return known | dict.fromkeys(self._planned.intersection(keys), True)

    def begin(self, keys: Collection[bytes]) -> set[bytes]:
        """See `Happenings`."""
        return set(keys)

    def take_back(self, keys: Collection[bytes]) -> None:
        """See `Happenings`."""

    def disown(self, keys: Collection[bytes]) -> None:
        """See `Happenings`."""
        self._disowned |= set(keys)

    def do(self, keys: Collection[bytes]) -> None:
        """See `Happenings`."""
        self._planned |= set(keys)


class PlanningMembers(Members):
    """Notes in a database of its own what the run sees; it vanishes with the run."""

    def __init__(self, ledger: Ledger, stream: str, kind: str) -> None:
        super().__init__(ledger, stream, kind)
        self._engine = databases.sqlite_for_now()
        self._planned = Members(ledger.aside(self._engine), stream, kind)

    def known(self, keys: Collection[bytes]) -> set[bytes]:
        """See `Members`; as if the plan had been carried out."""
        return super().known(keys) | self._planned.known(keys)

    def put(self, names: Mapping[str, Sighting]) -> None:
        """See `Members`."""
        self._planned.put(names)

    def see(self, names: Mapping[str, int]) -> None:
        """See `Members`."""
        self._planned.put({name: Sighting(version, removes=False) for name, version in names.items()})

    def drop(self, keys: Collection[bytes]) -> None:
        """See `Members`."""
        self._planned.drop(keys)

    def count(self, version: int) -> Count:
        """See `Members`."""
        return Count(super().count(version).before, sum(map(len, self.left(version))))

    def left(self, version: int) -> Iterator[list[Member]]:
        """See `Members`."""
        for members in super().left(version):
            seen = self._planned.seen_since(version, [member.key for member in members])
            yield [member for member in members if member.key not in seen]

    def register(self) -> None:
        """See `Members`."""

    def finish(self, version: int) -> None:
        """See `Members`."""

    def close(self) -> None:
        """See `Members`."""
        self._engine.dispose()
