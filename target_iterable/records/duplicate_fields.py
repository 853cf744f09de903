"""Duplicate fields: a column, and a member of the same name in an object whose members are fields, too."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any, Final

from iterable_api.facts import timestamps
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import Row, without_nulls
from target_iterable.records.user_identity import KINDS, identifier_text

DUPLICATE: Final = "duplicateField"
_logger: Final = logging.getLogger("target-iterable")


class DuplicateFields:
    """Merges such fields of one stream, and counts those whose values differ. Not thread-safe.

    Attributes:
        counts: field -> number of records that had it twice with different values.
    """

    def __init__(self, stream: str = "", counts: Counter[str] | None = None, *, rejects: bool = False) -> None:
        """With `rejects`, records with different values are rejected. Otherwise the outer value is taken."""
        self.counts = Counter[str]() if counts is None else counts
        self._stream = stream
        self._rejects = rejects

    def merged(self, inner: Row, outer: Row, place: str) -> Row:
        """The members of `inner`, which is the object `place` of the record, overridden by those of `outer`.

        Raises:
            RecordRejectedError: if a name has different values in both, and such records are rejected.
        """
        if not inner.keys().isdisjoint(outer):
            self.compare(inner, outer, place)
        return {**inner, **outer}

    def flattened(self, inner: Row, outer: Row, place: str, *, clears: bool) -> Row:
        """The same, without nulls unless they are sent: a null that says nothing must not hide what `inner` holds.

        Raises:
            RecordRejectedError: see `merged`.
        """
        if clears:
            return self.merged(inner, outer, place)
        return self.merged(without_nulls(inner), without_nulls(outer), place)

    def compare(self, inner: Row, outer: Row, place: str) -> None:
        """Count the members of `inner`, which is the object `place` of the record, that differ in `outer`.

        Raises:
            RecordRejectedError: if there is one, and such records are rejected.
        """
        for name in inner.keys() & outer.keys():
            if not _are_same(name, inner[name], outer[name]):
                self._count(name, place)

    def _count(self, name: str, place: str) -> None:
        if self._rejects:
            raise RecordRejectedError(
                DUPLICATE, f"the field {name!r} has another value in {place!r} than beside it", name
            )
        if name not in self.counts:
            _logger.warning(
                "Stream %r: records have the field %r twice, with another value in %r than beside it; the latter is "
                "used. See `on_duplicate_field`.",
                self._stream,
                name,
                place,
            )
        self.counts[name] += 1


def _are_same(name: str, one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same: formats of a date, an address or an id do not matter."""
    if one == other and isinstance(one, bool) is isinstance(other, bool):
        return True
    if name in KINDS:
        return bool(_identifier(name, one) == _identifier(name, other))
    return isinstance(one, str) and isinstance(other, str) and _formatted(one) == _formatted(other)


def _identifier(kind: str, value: Any) -> Any:
    try:
        return identifier_text(kind, value)
    except RecordRejectedError:
        return value


def _formatted(text: str) -> str:
    return timestamps.text_to_iterable(text) or text
