"""Finds the calls of a block that come from Iterable itself."""

from __future__ import annotations

from target_iterable.columnar.calls.call_columns import NOTHING, is_empty, names_in
from target_iterable.columnar.columns import classes_in
from target_iterable.columnar.record_block import RecordBlock
from target_iterable.segment.iterable_source import (
    CONTEXT,
    EVENTS,
    INTEGRATION,
    INTEGRATIONS,
    is_from_iterable,
    is_name_of_iterable,
    may_tell_of_iterable,
)


def from_iterable(block: RecordBlock) -> set[int]:
    """Return the places of calls that Iterable has made."""
    return {place for place in _suspects(block) if is_from_iterable(block.record(place))}


def _suspects(block: RecordBlock) -> set[int]:
    """Return the places of calls that have a column in which Iterable would be told."""
    found: set[int] = set()
    for name in INTEGRATIONS:
        if (column := block.column(name)) is not None and not is_empty(column):
            found.update(place for place, value in enumerate(column) if value not in NOTHING)
    contexts = block.column(CONTEXT) or []
    if classes_in(contexts) != {dict} or INTEGRATION in names_in(contexts):
        found.update(place for place, context in enumerate(contexts) if may_tell_of_iterable(context))
    for name in EVENTS:
        if (column := block.column(name)) is not None:
            names = {value for value in column if value.__class__ is str}
            if told := {value for value in names if is_name_of_iterable(value)}:
                found.update(place for place, value in enumerate(column) if value.__class__ is str and value in told)
    return found
