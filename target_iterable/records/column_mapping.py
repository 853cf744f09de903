"""From the columns of a Singer record to fields with Iterable's names and spellings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from iterable_api.facts import timestamps
from target_iterable.core.json_encoding import exact
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_selection import EVERYTHING, ColumnSelection
from target_iterable.records.json_texts import from_json
from target_iterable.records.key_form import KeyColumn
from target_iterable.schemas.schema_types import Schemas, variants_of

Row = dict[str, Any]
"""One record: field of Iterable -> value."""

EMPTY: Final = (None, "")
"""Values that say nothing: many sources write an empty text where others have null."""

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class _Column:
    """Where the values of a column go: the names of objects and at last of the field; none if they are dropped.

    Attributes:
        opens: whether a part of what is in them may be dropped.
    """

    path: tuple[str, ...]
    is_date: bool
    opens: bool = False


class Move(NamedTuple):
    """Where a column goes that needs no other."""

    field: str
    is_date: bool


class ColumnMapping:
    """Turns records into rows: what `fields`, `defaults`, `dots` and the selection of a route say; without `_sdc_*`.

    Iterable takes `2024-11-25T13:37:19Z` for a text, and most taps write it. So dates are spelt anew, but only
    those of top-level columns whose schema says `date-time` or `date`.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        renames: Mapping[str, str | None],
        defaults: Mapping[str, Any] = MappingProxyType({}),
        *,
        nest: bool = True,
        selection: ColumnSelection = EVERYTHING,
    ) -> None:
        self._renames = renames
        self._selection = selection
        self._defaults = exact(defaults)
        self._nest = nest
        self._types: Mapping[str, Any] = schema.get("properties", {})
        self._dates = {column for column, type_ in self._types.items() if _is_date(type_)}
        self._columns: dict[str, _Column] = {}
        # Columns that are fields as they are, and those of them that are dates.
        self._plain: set[str] = set()
        self._plain_dates: list[str] = []

    def row(self, record: Mapping[str, Any]) -> Row:
        """The fields of `record`, which stays as it is.

        Raises:
            RecordRefusedError: if two columns have one name now, or a date is none.
        """
        if self._defaults:
            record = self._filled(record)
        if not record.keys() <= self._plain:
            return self._moved(record)
        row = dict(record)
        for name in self._plain_dates:
            if isinstance(value := row.get(name), str):
                row[name] = spell_date(name, value)
        return row

    def _moved(self, record: Mapping[str, Any]) -> Row:
        row: Row = {}
        nested: list[tuple[tuple[str, ...], Any]] = []
        for name, value in record.items():
            column = self._columns.get(name) or self._learn(name)
            if not column.path:
                continue
            spelt = spell_date(name, value) if column.is_date and isinstance(value, str) else value
            if column.opens and (spelt := self._selection.trimmed(name, spelt)) is UNSET:
                continue
            if len(column.path) > 1:
                nested.append((column.path, spelt))
            else:
                _put(row, column.path, spelt)
        for path, value in nested:
            _put(row, path, value)
        return row

    @property
    def moves(self) -> Mapping[str, Move] | None:
        """Where the columns of the schema go, without those that are dropped.

        None if that depends on more than a column: where defaults stand in for nulls, columns are parts of objects,
        members are dropped, or two columns go to one place.
        """
        known = self._known
        paths = [column.path for column in known.values() if column.path]
        if self._defaults or len({*paths}) < len(paths) or any(len(path) > 1 for path in paths):
            return None
        if any(column.opens for column in known.values()):
            return None
        return {name: Move(column.path[0], column.is_date) for name, column in known.items() if column.path}

    @property
    def schemas(self) -> Schemas:
        """What the schema of the stream says of each field."""
        known = self._known.items()
        return {column.path: self._selection.schema(name, self._types[name]) for name, column in known if column.path}

    def key(self, columns: Sequence[str]) -> list[KeyColumn]:
        """The columns of a key: where they go, and whether they are dates."""
        known = {name: self._columns.get(name) or self._learn(name) for name in columns}
        return [KeyColumn(name, next(iter(it.path), None), it.is_date) for name, it in known.items()]

    @property
    def _known(self) -> dict[str, _Column]:
        """The columns of the schema."""
        return {column: self._columns.get(column) or self._learn(column) for column in self._types}

    def _filled(self, record: Mapping[str, Any]) -> dict[str, Any]:
        missing = {column: value for column, value in self._defaults.items() if record.get(column) is None}
        return {**record, **missing}

    def _learn(self, column: str) -> _Column:
        stays = column.startswith("_sdc_") or not self._selection.includes(column)
        # A field without a name could never be removed again, so its column stays here unless it is renamed.
        name = None if stays else self._renames.get(column, column if column.strip() else None)
        path = () if name is None else tuple(name.split(".")) if self._nest else (name,)
        # A dot at an end, or two of them, name nothing that could be an object.
        opens = self._selection.opens(column)
        known = _Column(path if all(path) or name is None else (name,), column in self._dates, opens)
        self._columns[column] = known
        if known.path == (column,) and not opens:
            self._plain.add(column)
            self._plain_dates += [column] * known.is_date
        return known


def _put(row: Row, path: tuple[str, ...], value: Any) -> None:
    """Put a value where the path leads. Objects on the way are copied: they belong to the record."""
    for step in path[:-1]:
        inner = row.get(step)
        if inner is not None and not isinstance(inner, dict):
            raise RecordRejectedError(
                "duplicateField", f"a column puts {'.'.join(path)!r} into {step!r}, which is no object", step
            )
        row[step] = dict(inner or {})
        row = row[step]
    if path[-1] in row:
        raise RecordRejectedError("duplicateField", f"more than one column gives the field {'.'.join(path)!r}")
    row[path[-1]] = value


def without_nulls(value: Any) -> Any:
    """`value` without the members of its objects, at any depth, that are null. Items of arrays stay."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def has_dotted_name(value: Any) -> bool:
    """Whether a member of an object in `value`, at any depth, has a dot in its name."""
    if isinstance(value, dict):
        return any("." in name or has_dotted_name(member) for name, member in value.items())
    return isinstance(value, list) and any(map(has_dotted_name, value))


def spread(row: Row, member: str) -> Row:
    """`row` with the members of its object `member` as fields of their own; a column of the same name wins.

    Raises:
        RecordRefusedError: see `take_object`.
    """
    return {**take_object(row, member), **row} if member in row else row


def take_object(row: Row, member: str) -> Row:
    """Take the object `member` out of `row`; an empty one if there is none.

    Raises:
        RecordRefusedError: if the member is neither empty, nor an object, nor a text that is JSON of one.
    """
    value = row.pop(member, None)
    if value in EMPTY:
        return {}
    if (found := object_in(value)) is None:
        raise RecordRejectedError("invalidObject", f"{member!r} is not an object", member)
    return found


def object_in(value: Any) -> Row | None:
    """`value` as an object, if it is one, or is JSON of one; else None."""
    value = from_json(value)
    return value if isinstance(value, dict) else None


def text_in(value: Any) -> str | None:
    """`value`, if it is a text; else None."""
    return value if isinstance(value, str) else None


def texts_in(value: Any) -> list[str] | None:
    """`value` as an array of texts, if it is one, or is JSON of one; else None."""
    value = from_json(value)
    return value if isinstance(value, list) and all(isinstance(text, str) for text in value) else None


def _is_date(type_: Mapping[str, Any]) -> bool:
    return any(variant.get("format") in ("date-time", "date") for variant in variants_of(type_))


def spell_date(column: str, text: str) -> str:
    """A date as Iterable takes it for one.

    Raises:
        RecordRefusedError: if the text names none.
    """
    if (spelt := timestamps.text_to_iterable(text)) is not None:
        return spelt
    if _DATE.fullmatch(text) and _is_day(text):
        return text
    raise RecordRejectedError("invalidDate", f"the schema calls the column {column!r} a date, but it holds none")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
