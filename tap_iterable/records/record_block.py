"""Records that were made together, as columns until somebody asks for single ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, overload

import msgspec

Column = Sequence[Any]
"""One value of each row, which may be UNSET."""


class RecordBlock(Sequence[msgspec.Struct]):
    """Records of one type. What takes columns need not make the records.

    Args:
        make: makes a record of its values, in the order of `columns`.
        columns: name -> one value of each record, UNSET where it is absent. There is at least one column.
    """

    def __init__(self, make: Callable[..., msgspec.Struct], columns: Mapping[str, Column]) -> None:
        self._make = make
        self.columns = columns

    @cached_property
    def records(self) -> list[msgspec.Struct]:
        """The records."""
        return list(map(self._make, *self.columns.values()))

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __iter__(self) -> Iterator[msgspec.Struct]:
        return iter(self.records)

    @overload
    def __getitem__(self, place: int) -> msgspec.Struct: ...
    @overload
    def __getitem__(self, place: slice) -> RecordBlock: ...
    def __getitem__(self, place: int | slice) -> msgspec.Struct | RecordBlock:
        if isinstance(place, slice):
            return RecordBlock(self._make, {name: column[place] for name, column in self.columns.items()})
        return self.records[place]
