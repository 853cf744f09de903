"""Holding back: when a buffer is full of rows that cannot share requests, the largest groups are sent first.

The others wait for more rows of their kind. Otherwise one busy list among thousands of quiet ones would fill the buffer
again and again, and each time every quiet list would cost a request for a few members.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from target_iterable.core.operation import Name, Operation
from target_iterable.requests.batching import by_kind, shared_names


def split(rows: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    """Split buffered rows into those to be sent now, at least half of them, and those to be held back.

    Both keep their order. What is sent are the largest groups of one endpoint and envelope, and all rows before them
    that share a name with them, so that nothing overtakes another row about the same identity.
    """
    chosen = _largest_groups(rows)
    shared = shared_names(rows)
    is_sent: list[bool] = []
    awaited: set[Name] = set()
    for row in reversed(rows):
        names = shared.intersection(row.names) if shared else shared
        sends = row in chosen or not awaited.isdisjoint(names)
        if sends:
            awaited |= names
        is_sent.append(sends)
    is_sent.reverse()
    pairs = [*zip(rows, is_sent, strict=True)]
    return [row for row, sends in pairs if sends], [row for row, sends in pairs if not sends]


def _largest_groups(rows: Sequence[Operation]) -> set[Operation]:
    """Return the rows of the largest groups, as many as have half of all rows and half of their bytes."""
    chosen: set[Operation] = set()
    missing_bytes = sum([len(row.part) for row in rows]) / 2
    for group in sorted(by_kind(rows), key=len, reverse=True):
        if 2 * len(chosen) >= len(rows) and missing_bytes <= 0:
            break
        chosen.update(group)
        missing_bytes -= sum([len(row.part) for row in group])
    return chosen


def may_be_held(rows: Sequence[Operation]) -> bool:
    """Whether each row can wait without changing what becomes of others, but for those that share a name with it."""
    return not any(any(map(of, rows)) for of in _DEPENDING)


_DEPENDING: Final = (attrgetter("only_for"), attrgetter("idempotency_key"))
"""What makes the result of a row depend on those of others."""
