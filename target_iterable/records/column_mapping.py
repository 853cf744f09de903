"""Column mapping: the columns of a Singer record become fields with Iterable's names and date formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from target_iterable.core.json_encoding import exact
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_selection import EVERYTHING, ColumnSelection
from target_iterable.records.json_texts import from_json
from target_iterable.records.key_form import KeyColumn
from target_iterable.records.value_conversion import Conversion, conversion_of, is_date
from target_iterable.schemas.metadata_columns import is_metadata
from target_iterable.schemas.schema_types import Schemas, content_of

Row = dict[str, Any]
"""One record: field of Iterable -> value."""

EMPTY: Final = (None, "")
"""Values that count as missing: many sources write an empty text where others have null."""


@dataclass(frozen=True, slots=True)
class _Column:
    """The destination of the values of one column.

    Attributes:
        path: the names of the objects on the way and of the field; empty if the column is dropped.
        conversion: what its values become, by their schema; None if they stay as they are.
        is_partial: whether members of its values may be dropped.
    """

    path: tuple[str, ...]
    conversion: Conversion | None
    is_partial: bool = False


class Move(NamedTuple):
    """The destination of a column that depends on no other column."""

    field: str
    conversion: Conversion | None


class ColumnMapping:
    """Turns records into rows, by `fields`, `defaults`, `dots` and the column selection of a route. Drops metadata.

    Iterable reads `2024-11-25T13:37:19Z`, which most taps write, as a text. So what the schema calls a date is written
    in Iterable's format; see `conversion_of`.

    Args:
        schema: the schema of the stream.
        renames: column -> field of Iterable; None drops the column.
        defaults: column -> value where a record has none.
        nest: whether a dot in a field's name leads into an object.
        selection: which columns are written.
        empty_as_null: globs of the columns in which an empty text is a null.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        renames: Mapping[str, str | None],
        defaults: Mapping[str, Any] = MappingProxyType({}),
        *,
        nest: bool = True,
        selection: ColumnSelection = EVERYTHING,
        empty_as_null: Sequence[str] = (),
    ) -> None:
        self._renames = renames
        self._selection = selection
        self._defaults = exact(defaults)
        self._nest = nest
        self._types: Mapping[str, Any] = schema.get("properties", {})
        self._empty_as_null = empty_as_null
        self._columns: dict[str, _Column] = {}
        # Columns that become fields of the same name, and those of them whose values are converted.
        self._unchanged: set[str] = set()
        self._unchanged_converted: dict[str, Conversion] = {}

    def row(self, record: Mapping[str, Any]) -> Row:
        """The fields of `record`, which is not changed.

        Raises:
            RecordRejectedError: if two columns have the same name after mapping, or a date or a number is invalid.
        """
        if self._defaults:
            record = self._with_defaults(record)
        if not record.keys() <= self._unchanged:
            return self._mapped(record)
        converted = self._unchanged_converted
        # A stream may have thousands of columns, and a record few: views intersect in the time of the smaller one.
        names: Iterable[str] = converted if len(record) >= len(converted) else converted.keys() & record.keys()
        try:
            return {**record, **self._converted(record, names)}
        except (RecordRejectedError, RecursionError):
            # The first column that cannot be converted says why.
            return {**record, **self._converted(record, converted)}

    def _converted(self, record: Mapping[str, Any], names: Iterable[str]) -> Row:
        values = ((name, record.get(name)) for name in names)
        return {name: self._unchanged_converted[name](value) for name, value in values if value is not None}

    def _mapped(self, record: Mapping[str, Any]) -> Row:
        row: Row = {}
        nested: list[tuple[tuple[str, ...], Any]] = []
        for name, value in record.items():
            column = self._columns.get(name) or self._map_column(name)
            if not column.path:
                continue
            mapped = value if column.conversion is None else column.conversion(value)
            if column.is_partial and (mapped := self._selection.trimmed(name, mapped)) is UNSET:
                continue
            if len(column.path) > 1:
                nested.append((column.path, mapped))
            else:
                _set_at(row, column.path, mapped)
        for path, value in nested:
            _set_at(row, path, value)
        return row

    @property
    def moves(self) -> Mapping[str, Move] | None:
        """The destinations of the columns of the schema, without dropped ones.

        None if a destination may depend on more than the column: if there are defaults, if columns become members of
        objects, if members are dropped, or if two columns have the same name after mapping.
        """
        columns = self._schema_columns
        paths = [column.path for column in columns.values() if column.path]
        if self._defaults or len({*paths}) < len(paths) or any(len(path) > 1 for path in paths):
            return None
        if any(column.is_partial for column in columns.values()):
            return None
        return {name: Move(column.path[0], column.conversion) for name, column in columns.items() if column.path}

    @property
    def schemas(self) -> Schemas:
        """The JSON Schema of each field, by its path."""
        columns = self._schema_columns.items()
        return {
            column.path: self._selection.schema(name, self._content(name)) for name, column in columns if column.path
        }

    def _content(self, name: str) -> Any:
        """The schema of what the values of a column are sent as."""
        schema = self._types[name]
        content = content_of(schema) if isinstance(schema, Mapping) else None
        return schema if content is None else content

    def key(self, columns: Sequence[str]) -> list[KeyColumn]:
        """The columns of a key, with where they go and whether they are dates."""
        mapped = {name: self._columns.get(name) or self._map_column(name) for name in columns}
        return [
            KeyColumn(name, next(iter(it.path), None), is_date(self._types.get(name, {})))
            for name, it in mapped.items()
        ]

    @property
    def _schema_columns(self) -> dict[str, _Column]:
        """The columns of the schema, mapped."""
        return {column: self._columns.get(column) or self._map_column(column) for column in self._types}

    def _with_defaults(self, record: Mapping[str, Any]) -> dict[str, Any]:
        missing = {
            column: value
            for column, value in self._defaults.items()
            if (found := record.get(column)) is None or (found == "" and self._has_null_for_empty(column))
        }
        return {**record, **missing}

    def _has_null_for_empty(self, column: str) -> bool:
        return any(fnmatchcase(column, glob) for glob in self._empty_as_null)

    def _conversion(self, column: str) -> Conversion | None:
        schema = self._types.get(column)
        convert = conversion_of(column, schema) if schema else None
        if not self._has_null_for_empty(column):
            return convert
        return lambda value: None if value == "" else value if convert is None else convert(value)

    def _map_column(self, column: str) -> _Column:
        is_about_source = is_metadata(column) and column not in self._renames
        is_dropped = is_about_source or not self._selection.includes(column)
        # A field without a name could never be removed again, so its column is dropped unless it is renamed.
        name = None if is_dropped else self._renames.get(column, column if column.strip() else None)
        path = () if name is None else tuple(name.split(".")) if self._nest else (name,)
        # A name that begins or ends with a dot, or has two together, is no path.
        is_partial = self._selection.is_partial(column)
        mapped = _Column(path if all(path) or name is None else (name,), self._conversion(column), is_partial)
        self._columns[column] = mapped
        if mapped.path == (column,) and not is_partial:
            self._unchanged.add(column)
            if mapped.conversion is not None:
                self._unchanged_converted[column] = mapped.conversion
        return mapped


def _set_at(row: Row, path: tuple[str, ...], value: Any) -> None:
    """Set the member of `row` at `path`. Objects on the way are copied, because they belong to the record.

    Raises:
        RecordRejectedError: if the place is taken.
    """
    for step in path[:-1]:
        inner = row.get(step)
        if inner is not None and not isinstance(inner, dict):
            raise RecordRejectedError(
                "duplicateField", f"a column puts {'.'.join(path)!r} into {step!r}, which is not an object", step
            )
        row[step] = dict(inner or {})
        row = row[step]
    if path[-1] in row:
        raise RecordRejectedError("duplicateField", f"more than one column gives the field {'.'.join(path)!r}")
    row[path[-1]] = value


def without_nulls(value: Any) -> Any:
    """`value` without null members of objects, at any depth. Items of arrays are kept."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def has_dotted_name(value: Any) -> bool:
    """Whether a member of an object in `value`, at any depth, has a dot in its name."""
    if isinstance(value, dict):
        return any("." in name or has_dotted_name(member) for name, member in value.items())
    return isinstance(value, list) and any(map(has_dotted_name, value))


def flatten_member(row: Row, member: str) -> Row:
    """Replace the object `member` of `row` by its members; a column of the same name takes precedence.

    Raises:
        RecordRejectedError: see `pop_object`.
    """
    return {**pop_object(row, member), **row} if member in row else row


def pop_object(row: Row, member: str) -> Row:
    """Remove the object `member` from `row`, and return it; an empty one if there is none.

    Raises:
        RecordRejectedError: if the member is neither empty, nor an object, nor a text that is JSON of one.
    """
    value = row.pop(member, None)
    if value in EMPTY:
        return {}
    if (members := object_in(value)) is None:
        raise RecordRejectedError("invalidObject", f"{member!r} is not an object", member)
    return members


def object_in(value: Any) -> Row | None:
    """`value` as an object, if it is one or a text that is JSON of one; else None."""
    value = from_json(value)
    return value if isinstance(value, dict) else None


def text_in(value: Any) -> str | None:
    """`value`, if it is a text; else None."""
    return value if isinstance(value, str) else None


def texts_in(value: Any) -> list[str] | None:
    """`value` as an array of texts, if it is one or a text that is JSON of one; else None."""
    value = from_json(value)
    return value if isinstance(value, list) and all(isinstance(text, str) for text in value) else None
