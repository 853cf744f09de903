"""Grouping: rows about the same users behind each other, where one request may hold several rows of one user."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from target_iterable.core.operation import Name, Operation


def grouped(rows: Sequence[Operation], shared: set[Name]) -> Sequence[Operation]:
    """Reorder `rows` so that few batches share a user, and few must wait for others.

    Rows that share a name, or are linked by other rows that do, keep their order. Where the endpoint wants unique
    names, grouping would make batches smaller, so nothing is moved. `shared` are the `shared_names`.
    """
    if not shared or any(row.endpoint.unique_names for row in rows):
        return rows
    groups = _Groups()
    numbers = [groups.put(shared.intersection(row.names)) for row in rows]
    return [row for _, row in sorted(zip(map(groups.root, numbers), rows, strict=True), key=lambda pair: pair[0])]


class _Groups:
    """Disjoint sets of names, each identified by the number of its first row."""

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._by_name: dict[Name, int] = {}

    def put(self, names: AbstractSet[Name]) -> int:
        """Join the groups of `names`, and a new row; return the number of the row."""
        new = len(self._parents)
        self._parents.append(new)
        roots = {self.root(self._by_name[name]) for name in names if name in self._by_name} | {new}
        first = min(roots)
        for root in roots:
            self._parents[root] = first
        self._by_name |= dict.fromkeys(names, first)
        return new

    def root(self, number: int) -> int:
        """Return the number that identifies the group of `number`."""
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number
