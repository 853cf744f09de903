"""Base class of objects that can be mirrored: identifiers of their records, and the operation that removes one."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from target_iterable.config.route import MIRROR
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Name, Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.records.column_mapping import Row


class MirroredObject(IterableObject):
    """Names are texts, which the ledger keeps sealed: see `name` and `parts`."""

    @abstractmethod
    def names(self, row: Row, key: Sequence[Any], *, create: bool = True) -> Sequence[str]:
        """All names of what `row` puts into Iterable, if it does; the first is the one by which it is removed.

        With `create`, the list or catalog that they belong to is made when it is missing.

        Raises:
            RecordRejectedError: if nobody can say.
        """

    @abstractmethod
    def removal(self, name: str) -> Operation:
        """Return the operation that removes the named thing. Removing it twice does no harm.

        Raises:
            RecordRejectedError: if that cannot be done.
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
    """One text of several."""
    return dumps(parts).decode()


def parts(name_: str) -> list[Any]:
    """Return the parts that `name` was made of."""
    return list(json.loads(name_))


def user_of(name_: str) -> Name:
    """The user of a name that `name` made."""
    kind, text = parts(name_)[-2:]
    return kind, text
