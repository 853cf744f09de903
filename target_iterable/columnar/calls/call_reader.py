"""Reads the calls of a block, column by column: raw ones, and rows of a warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import or_
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from target_iterable.columnar.calls.call_columns import (
    IS_ANONYMOUS,
    MESSAGE_ID,
    MOMENT,
    NOTHING,
    SUBJECT,
    USER_ID,
    CallColumns,
    columns_of,
    is_full,
    names_in,
    told,
)
from target_iterable.columnar.columns import Column, attempt, classes_in, map_values
from target_iterable.columnar.record_block import Draft, RecordBlock, rows_of
from target_iterable.core.rejection import RejectReason
from target_iterable.records.column_mapping import Row, pop_object
from target_iterable.records.duplicate_fields import DuplicateFields
from target_iterable.segment.call import (
    ANONYMOUS,
    CONTEXT,
    CONTEXT_COLUMNS,
    CONTEXT_PATHS,
    RAW_MEMBERS,
    RAW_METADATA,
    RUDDERSTACK_COLUMNS,
    RUDDERSTACK_MARK,
    SHAPES,
    TIMESTAMPS,
    TRAITS,
    WAREHOUSE_COLUMNS,
    CallShape,
    member_at,
    type_of,
)

_TYPE: Final = "type"
_IDENTIFY: Final = "identify"


class _Form(NamedTuple):
    """What decides how a call is read."""

    type: str
    is_raw: bool
    has_message_id: bool
    is_rudderstack: bool


class CallReader:
    """Reads the calls of one stream.

    In a warehouse all columns that have no other meaning are traits or properties. A raw call has these in an object of
    their own; members beside it are unknown.

    A null column is a trait or property that was not sent: a table has columns for those of all calls. Within an
    object a null was sent.

    Args:
        type_: the type of all calls; None if the column `type` has it.
        duplicates: merges traits or properties that a call has twice.
        all_members: whether unknown members of raw calls are traits or properties, too.
    """

    def __init__(self, type_: str | None, duplicates: DuplicateFields, *, all_members: bool = False) -> None:
        self._type = type_
        self._duplicates = duplicates
        self._all_members = all_members

    def read(self, block: RecordBlock, places: Sequence[int]) -> tuple[list[CallColumns], dict[int, RejectReason]]:
        """Return the calls at some places of a block by their form, and place -> reason for those that are none."""
        types = self._types(block)
        rejects = {place: types[place] for place in places if types[place].__class__ is RejectReason}
        if rejects:
            places = [place for place in places if place not in rejects]
        read: list[CallColumns] = []
        for form, some in _by_form(block, places, types).items():
            calls = CallColumns(form.type, block.some(some), some)
            self._read(calls, form)
            rejects |= calls.rejects
            read.append(calls)
        return read, rejects

    def _types(self, block: RecordBlock) -> Column:
        if self._type is not None:
            return [self._type] * len(block)
        given = block.column(_TYPE) or [None] * len(block)
        if classes_in(given) == {str}:
            known = {value: attempt(type_of, value) for value in {*given}}
            return [known[value] for value in given]
        return map_values(type_of, [None if value is UNSET else value for value in given])

    def _read(self, calls: CallColumns, form: _Form) -> None:
        shape = SHAPES[form.type]
        if self._type is None:
            calls.take(_TYPE)
        _read_context(calls)
        # In this order: a table of users has the userId where others have the messageId.
        calls.heads[SUBJECT] = _take_best(calls, shape.subject)
        calls.heads[USER_ID] = _take_best(calls, shape.user_id)
        calls.heads[MESSAGE_ID] = _take_best(calls, shape.message_id, leaves=True)
        calls.heads[MOMENT] = _take_best(calls, TIMESTAMPS)
        calls.heads[IS_ANONYMOUS] = told(_take_best(calls, ANONYMOUS))
        for name in (
            *WAREHOUSE_COLUMNS,
            *(RAW_METADATA if form.has_message_id else ()),
            *(RUDDERSTACK_COLUMNS if form.is_rudderstack else ()),
        ):
            calls.take(name)
        self._read_body(calls, shape, has_outer=self._all_members or not form.is_raw)
        if shape.body == TRAITS:
            self._compare_with_context(calls)

    def _read_body(self, calls: CallColumns, shape: CallShape, *, has_outer: bool) -> None:
        """Make the traits or properties the data fields; with `has_outer`, all members beside their object are some."""
        inner = _inner(calls, shape.body)
        calls.reject(inner)
        if not has_outer:
            _take_unknown(calls, shape.outer)
        calls.drop_null_fields()
        if not any(inner := [value for value in inner if value.__class__ is not RejectReason]):
            return
        if calls.rows is None:
            # Properties alone are sent as they came. Traits are looked at one by one, which is quicker by the column.
            columns = columns_of(inner) if calls.fields or shape.body == TRAITS else None
            if columns is not None and columns.keys().isdisjoint(calls.fields):
                calls.fields = columns | calls.fields
                return
            if not calls.fields:
                calls.rows = inner
                return
        outer = rows_of(calls.fields, len(calls)) if calls.rows is None else calls.rows
        calls.fields = {}
        merged = self._duplicates.merged
        calls.rows = [
            {**one, **other} if one.keys().isdisjoint(other) else attempt(merged, one, other, shape.body)
            for one, other in zip(inner, outer, strict=True)
        ]
        calls.reject(calls.rows)

    def _compare_with_context(self, calls: CallColumns) -> None:
        """Count the traits that differ from what the context says."""
        for name in CONTEXT_PATHS:
            used, given = calls.used(name), calls.values(name)
            if used is None or given is None:
                continue
            if used == given and classes_in(given) == {str}:
                continue
            compared: list[Any] = [UNSET] * len(calls)
            for at, (value, other) in enumerate(zip(used, given, strict=True)):
                is_same = value.__class__ is str and value == other
                if not is_same and value not in NOTHING and other is not UNSET:
                    compared[at] = attempt(self._duplicates.compare, {name: value}, {name: other}, CONTEXT)
            calls.reject(compared)


def _by_form(block: RecordBlock, places: Sequence[int], types: Column) -> Mapping[_Form, Sequence[int]]:
    if not places:
        return {}
    is_raw, has_message_id = _tells(block, RAW_MEMBERS), _tells(block, RAW_MEMBERS[:1])
    if False in is_raw:
        body_of = {type_: SHAPES[type_].body for type_ in {types[place] for place in places}}
        has_body = {body: _tells(block, [body]) for body in {*body_of.values()}}
        for place in places:
            is_raw[place] = is_raw[place] or has_body[body_of[types[place]]][place]
    mark = block.column(RUDDERSTACK_MARK)
    is_rudderstack = [False] * len(block) if mark is None else [value is not UNSET for value in mark]
    marks = [*zip(types, is_raw, has_message_id, is_rudderstack, strict=True)]
    if len(places) == len(marks) and marks.count(marks[0]) == len(marks):
        return {_Form(*marks[0]): places}
    forms: dict[tuple[Any, ...], list[int]] = {}
    for place in places:
        forms.setdefault(marks[place], []).append(place)
    return {_Form(*form): some for form, some in forms.items()}


def _tells(block: RecordBlock, names: Iterable[str]) -> list[bool]:
    """Return whether each record has something in one of these columns."""
    found: list[bool] = [False] * len(block)
    for name in names:
        if (column := block.column(name)) is not None:
            found = [*map(or_, found, told(column))]
        if False not in found:
            break
    return found


def _read_context(calls: CallColumns) -> None:
    """Make heads of the context, of its columns in a warehouse, and of what is used of it."""
    whole = calls.take(CONTEXT)
    if whole is not None:
        objects = map_values(_object_in(CONTEXT), whole)
        calls.put(CONTEXT, objects)
    names = calls.fields if calls.rows is None else {name: None for row in calls.rows for name in row}
    for name in [name for name in names if name.startswith(f"{CONTEXT}_")]:
        if (column := calls.take(name)) is not None:
            calls.heads[name] = column
    contexts = calls.heads.get(CONTEXT, [])
    members = names_in(contexts)
    for name, path in CONTEXT_PATHS.items():
        flat = [calls.heads[column] for column in dict.fromkeys(CONTEXT_COLUMNS[name]) if column in calls.heads]
        found = [_members_at(contexts, path)] if path[0] in members else []
        if columns := [*found, *flat]:
            calls.put_used(name, columns[0] if len(columns) == 1 else list(map(_first_true, *columns)))


def _members_at(objects: Column, path: Sequence[str]) -> Column:
    """Return what each object has at `path`; None where there is nothing."""
    for number, step in enumerate(path):
        if classes_in(objects) != {dict}:
            return [member_at(value, path[number:]) for value in objects]
        objects = [value.get(step) for value in objects]
    return objects


def _first_true(*values: Any) -> Any:
    return next(filter(None, values), next((value for value in values if value not in NOTHING), None))


def _object_in(member: str) -> Callable[[Any], Row]:
    """Return what reads an object in the column `member`; see `pop_object`."""

    def read(value: Any) -> Row:
        return value if value.__class__ is dict else {} if value is UNSET else pop_object({member: value}, member)

    return read


def _inner(calls: CallColumns, body: str) -> Column:
    """Return the traits or properties that are in an object.

    RudderStack has the traits of a raw identify call in the context.
    """
    given = calls.take(body)
    if given is not None and classes_in(given) == {dict}:
        return given
    given = [UNSET] * len(calls) if given is None else given
    read = _object_in(body)
    contexts = calls.heads.get(CONTEXT)
    if calls.type != _IDENTIFY or contexts is None:
        return map_values(read, given)
    return [
        attempt(read, value if value not in NOTHING or not isinstance(of_context, dict) else of_context)
        for value, of_context in zip(given, (context.get(TRAITS) for context in contexts), strict=True)
    ]


def _take_unknown(calls: CallColumns, known: Sequence[str]) -> None:
    """Remove the fields that are not `known`; their names are the unknown members of the calls."""
    if calls.rows is None:
        others = {name: calls.fields.pop(name) for name in [*calls.fields] if name not in known}
        rows = rows_of(others, len(calls)) if others else []
    else:
        rows = [{name: row.pop(name) for name in [*row] if name not in known} for row in calls.rows]
    if any(rows):
        calls.put_unknown([frozenset(name for name, value in row.items() if value is not None) for row in rows])


def _take_best(draft: Draft, names: Iterable[str], *, leaves: bool = False) -> Column:
    """Remove fields, and return for each record the value of the first that is not empty; None if there is none.

    With `leaves`, the fields behind the one that is not empty stay.
    """
    best: Column | None = None
    for name in names:
        if leaves and best is not None and is_full(best):
            break
        if (column := draft.take(name)) is None:
            continue
        if best is None:
            best = column
            continue
        found = told(best)
        if leaves:
            draft.give(name, [value if is_told else UNSET for value, is_told in zip(column, found, strict=True)])
        best = [one if is_told else other for one, other, is_told in zip(best, column, found, strict=True)]
    if best is None:
        return [None] * len(draft)
    return best if is_full(best) else [None if value in NOTHING else value for value in best]
