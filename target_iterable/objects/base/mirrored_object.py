"""Base class of objects that can be mirrored: the names of their records, and the removal of one."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from itertools import chain, islice
from typing import Any

from target_iterable.config.route import MIRROR
from target_iterable.core.json_encoding import dumps, dumps_all
from target_iterable.core.operation import Name, Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.records.column_mapping import Row


class MirroredObject(IterableObject):
    """Base of objects that can be mirrored. Names are texts that the ledger encrypts; see `name` and `parts`."""

    @abstractmethod
    def names(self, row: Row, key: Sequence[Any], *, create: bool = True) -> Sequence[str]:
        """Return all names of what `row` writes to Iterable; it is removed by the first one.

        With `create`, a missing list or catalog is created.

        Raises:
            RecordRejectedError: if the row does not identify it.
        """

    def names_of(self, rows: Sequence[Operation]) -> Sequence[Sequence[str]] | None:
        """Return `names` of the records that these operations were built of; None if the operations do not say them."""
        del rows
        return None

    @abstractmethod
    def removal(self, name: str) -> Operation:
        """Return the operation that removes the named thing; it can be repeated.

        Raises:
            RecordRejectedError: if it cannot be removed.
        """

    def removal_of(self, row: Row, key: Sequence[Any]) -> Operation:
        """See `IterableObject`."""
        if not (names := self.names(row, key, create=False)):
            raise RecordRejectedError(
                "unclearDeletion", "the source has deleted its row, and it does not say which one that was in Iterable"
            )
        return self.removal(names[0])

    @property
    def is_mirror(self) -> bool:
        """Whether the route asks for removals."""
        return self.route.mode == MIRROR


def name(*parts: str | int) -> str:
    """Join texts to one name."""
    return dumps(parts).decode()


def names_of_all(parts_of_rows: Sequence[Sequence[Sequence[str | int]]]) -> Sequence[Sequence[str]]:
    """Return the names of rows: `name` of the parts of each of them, whose texts were read from UTF-8."""
    made = iter([encoded.decode() for encoded in dumps_all(chain.from_iterable(parts_of_rows))])
    if {*map(len, parts_of_rows)} <= {1}:
        return [*zip(made, strict=True)]
    return [[*islice(made, len(parts_of_row))] for parts_of_row in parts_of_rows]


def parts(name_: str) -> list[Any]:
    """Split a name into the texts that `name` joined."""
    return list(json.loads(name_))


def user_of(name_: str) -> Name:
    """Return the user in a name that `name` made."""
    kind, text = parts(name_)[-2:]
    return kind, text
