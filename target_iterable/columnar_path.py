"""The way of a stream's ordinary records from lines to their delivery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from iterable_api.errors import IterableError
from target_iterable.columnar.operation_builder import OperationBuilder
from target_iterable.columnar.record_decoder import RecordType
from target_iterable.core.operation import Operation
from target_iterable.core.source import InputMessage, Line
from target_iterable.delivery.errors import operations_not_built
from target_iterable.delivery.stream_delivery import StreamDelivery

_PATIENCE: Final = 5000
"""So many lines more that came to nothing than others, and the lane is left: it only costs time."""


class ColumnarPath:
    """Takes lines, a block at a time, and leaves those that are out of the ordinary to be processed one by one.

    Args:
        type_: decodes records.
        recipe: makes operations of them.
        key: the key properties.
        delivery: takes the operations.
        tally: called for each record, as the SDK counts them.
    """

    def __init__(
        self,
        type_: RecordType,
        recipe: OperationBuilder,
        key: Sequence[str],
        delivery: StreamDelivery,
        counts: Callable[[], None],
    ) -> None:
        self._type = type_
        self._recipe = recipe
        self._key = key
        self._delivery = delivery
        self._counts = counts
        self._lines: Sequence[Line] = ()
        self._made: list[Operation | None] = []
        self._patience = _PATIENCE

    def look(self, lines: Sequence[Line]) -> None:
        """See what can be made of these lines.

        Raises:
            DeliveryFailedError: if Iterable does not say what must be known for that.
        """
        self._lines, self._made = lines, [None] * len(lines)
        if self._patience <= 0:
            return
        try:
            self._make(lines)
        except IterableError as error:
            raise operations_not_built(self._delivery.stream, error) from error
        odd = self._made.count(None)
        self._patience = min(self._patience + len(lines) - 2 * odd, _PATIENCE)

    def take(self, place: int, schema: Line) -> int:
        """Deliver what was made of the line at this place and of those behind it; of how many.

        That ends with a line that is to be processed by itself, and when it may be time to send what waits.
        """
        made = self._made[place : place + self._delivery.rows_until_flush]
        rows = [row for row in made[: _first_none(made)] if row is not None]
        for row, line in zip(rows, self._lines[place:], strict=False):
            row.source = InputMessage(line, schema)
            self._counts()
        if rows:
            self._delivery.add_all(rows)
        return len(rows)

    def _make(self, lines: Sequence[Line]) -> None:
        places, columns = self._type.read(lines)
        if not places:
            return
        keys = list(zip(*(columns[name] for name in self._key), strict=True)) if self._key else [()] * len(places)
        made = self._recipe.operations(columns, keys)
        if len(made) == len(lines):
            self._made = made
            return
        for place, row in zip(places, made, strict=True):
            self._made[place] = row


def _first_none(made: list[Operation | None]) -> int:
    return made.index(None) if None in made else len(made)
