"""Putting rows about the same people behind each other, where one request may hold several rows of one."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from target_iterable.core.operation import Name, Operation


def grouped(rows: Sequence[Operation], shared: set[Name]) -> Sequence[Operation]:
    """`rows` in an order in which few requests share a person, so that few must wait for others.

    Rows that share an identity, or are linked by other rows that do, keep their order. Where the endpoint wants
    a name only once in a request, grouping would make requests smaller, so nothing is moved. `shared` are the
    `shared_names`.
    """
    if not shared or any(row.endpoint.unique_names for row in rows):
        return rows
    groups = _Groups()
    numbers = [groups.put(shared.intersection(row.names)) for row in rows]
    return [row for _, row in sorted(zip(map(groups.root, numbers), rows, strict=True), key=lambda pair: pair[0])]


class _Groups:
    """Disjoint sets of identities, each known by the number of its first row."""

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._by_name: dict[Name, int] = {}

    def put(self, names: AbstractSet[Name]) -> int:
        """Join the groups that `names` belong to, and a new one; its number."""
        new = len(self._parents)
        self._parents.append(new)
        roots = {self.root(self._by_name[name]) for name in names if name in self._by_name} | {new}
        first = min(roots)
        for root in roots:
            self._parents[root] = first
        self._by_name |= dict.fromkeys(names, first)
        return new

    def root(self, number: int) -> int:
        """The number by which the group of `number` is known."""
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number
