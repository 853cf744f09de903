"""What many operations have in common, and by what it is known of each row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from target_iterable.columnar.fallback import MISFIT, Column, or_misfit
from target_iterable.core.operation import EMPTY_ENVELOPE, Envelope

_MOST: Final = 1000


@dataclass(frozen=True, slots=True, eq=False)
class RowGroup:
    """See `Operation`. Not compared, since there are few, and many rows ask for theirs."""

    envelope: Envelope = EMPTY_ENVELOPE
    type_scope: str = ""
    dedup_scope: str = ""
    event_name: str = ""


class Grouping(ABC):
    """Says of what kind each row is.

    Attributes:
        field: the field that says so, if one does.
    """

    field: str | None = None

    @abstractmethod
    def group_of(self, heads: Mapping[str, Column], count: int) -> Column:
        """One for each of `count` rows; `MISFIT` where that is refused."""


class SingleGroup(Grouping):
    """All rows are of one kind. It is made with the first of them, since that may ask Iterable; `make` may refuse."""

    def __init__(self, make: Callable[[], RowGroup]) -> None:
        self._make = cache(or_misfit(lambda _: make()))

    def group_of(self, heads: Mapping[str, Column], count: int) -> Column:
        """See `Grouping`."""
        del heads
        return [self._make(None)] * count


class GroupingByText(Grouping):
    """A text in the field of this name says of what kind a row is; `make` may refuse, and may ask Iterable."""

    def __init__(self, field: str, make: Callable[[str], RowGroup]) -> None:
        self.field: str = field
        self._of = lru_cache(_MOST)(or_misfit(make))

    def group_of(self, heads: Mapping[str, Column], count: int) -> Column:
        """See `Grouping`."""
        del count
        column = heads[self.field]
        if {*map(type, column)} == {str}:
            return list(map(self._of, column))
        return [self._of(value) if isinstance(value, str) else MISFIT for value in column]
