"""Decodes RECORD messages of one stream into columns, and validates the values meanwhile."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from operator import attrgetter
from types import MappingProxyType, NoneType
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias, Union, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType, defstruct

from target_iterable.columnar.columns import Column, TypedColumn, classes_in, picked
from target_iterable.core.source import Line
from target_iterable.records.record_adaptation import adapted_column
from target_iterable.schemas.metadata_columns import is_metadata
from target_iterable.schemas.validation import Check, classes_of, compiled, is_plain, listed_values

_MAX_COLUMNS: Final = 500
"""Columns. Each costs time for every record, so more are slow for records that have few."""
_NOT_IN_NAMES: Final = frozenset('\\"')
"""Characters that msgspec does not accept in names, beside unprintable ones."""
_CAUSES: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_Find: TypeAlias = Callable[[Column], Collection[int]]
"""Returns the places of the values in a column that the type does not allow."""


class UnusualSchemaError(Exception):
    """No msgspec type can express this schema."""


class TypedRecords(NamedTuple):
    """Records that match a `RecordType`.

    Attributes:
        places: indexes of their lines.
        columns: name -> column.
        versions: `version` of each message; `UNSET` where it has none.
    """

    places: Sequence[int]
    columns: Mapping[str, Column]
    versions: Column


NO_RECORDS: Final = TypedRecords((), {}, [])


class RecordType:
    """Type of the messages of `stream` whose records match `schema` and have all `required` columns.

    Args:
        marks: column -> predicate of values with which a record does not match.

    Raises:
        UnusualSchemaError: if the schema cannot be expressed.
    """

    def __init__(
        self,
        stream: str,
        schema: Mapping[str, Any],
        required: Collection[str],
        marks: Mapping[str, Callable[[Any], bool]] = MappingProxyType({}),
    ) -> None:
        columns: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
        required = {*required, *schema.get("required", ())}
        is_usual = is_plain(schema) and required <= columns.keys() and len(columns) <= _MAX_COLUMNS
        if not is_usual or not all(map(is_struct_name, columns)):
            raise UnusualSchemaError
        types = {name: _type(schema, name, column) for name, column in columns.items()}
        self._checks = [(name, find) for name, (_, find) in types.items() if find is not None]
        self._checks += [(name, partial(_marked, says)) for name, says in marks.items() if name in columns]
        self._names = list(columns)
        self._schemas = columns
        self._required = frozenset(required)
        self._classes = {name: classes_of(column) or frozenset() for name, column in columns.items()}
        self._types = {name: type_ for name, (type_, _) in types.items() if type_ is not Any}
        fields = [
            _field(f"f{place}", name, type_, required=name in required)
            for place, (name, (type_, _)) in enumerate(types.items())
        ]
        record = defstruct("Record", fields, forbid_unknown_fields=True, kw_only=True, gc=False)
        head = [("type", Literal["RECORD"]), ("stream", Literal[stream])]
        message = defstruct("Message", [*head, ("record", record), ("version", Any, UNSET)])
        self._decode = msgspec.json.Decoder(message, float_hook=Decimal).decode

    def read(self, lines: Sequence[Line]) -> TypedRecords:
        """Return the records of the lines that match."""
        places: Sequence[int] = range(len(lines))
        try:
            messages = list(map(self._decode, lines))
        except _CAUSES:
            found = dict(self._one_by_one(lines))
            places, messages = list(found), list(found.values())
        rows = map(msgspec.structs.astuple, map(_record_of, messages))
        columns = dict(zip(self._names, map(list, zip(*rows, strict=True)), strict=True)) if messages else {}
        versions = list(map(_version_of, messages))
        return self._valid(TypedRecords(places, columns, versions), odd=())

    def read_columns(self, columns: Mapping[str, Column], versions: Column) -> TypedRecords:
        """Return the records of these columns that match. `versions`: one for each record, `UNSET` for none."""
        if not self._required <= columns.keys() <= {*self._names}:
            return NO_RECORDS
        absent: dict[str, Column] = dict.fromkeys({*self._names} - columns.keys(), [UNSET] * len(versions))
        adapted: dict[str, Column] = {}
        misfits: set[int] = set()
        for name, type_ in self._types.items():
            if name in columns and not self._are_of_type(name, type_, columns[name]):
                adapted[name] = _adapted(columns[name], self._schemas[name])
                if not self._are_of_type(name, type_, adapted[name]):
                    misfits.update(_not_of_type(type_, adapted[name]))
        given = ChainMap[str, Column](adapted, absent, cast("dict[str, Column]", columns))
        return self._valid(TypedRecords(range(len(versions)), given, versions), misfits)

    def _are_of_type(self, name: str, type_: Any, column: Column) -> bool:
        if isinstance(column, TypedColumn) and (known := self._classes[name]):
            if column.classes <= known:
                return True
            if known.isdisjoint(column.classes):
                return False
        return _is_of_type(list.__class_getitem__(type_), [*column])

    def _valid(self, records: TypedRecords, odd: Collection[int]) -> TypedRecords:
        """Return the records that pass the checks, without the `odd` ones."""
        places, columns, versions = records
        odd = {*odd, *(place for name, find in self._checks for place in find(columns[name]))} if places else ()
        if not odd:
            return records
        good = [place for place in range(len(places)) if place not in odd]
        columns = {name: picked(column, good) for name, column in columns.items()}
        return TypedRecords([places[place] for place in good], columns, [versions[place] for place in good])

    def _one_by_one(self, lines: Iterable[Line]) -> Iterable[tuple[int, Any]]:
        for place, line in enumerate(lines):
            try:
                yield place, self._decode(line)
            except _CAUSES:
                continue


_record_of: Final = attrgetter("record")
_version_of: Final = attrgetter("version")


def is_struct_name(name: str) -> bool:
    """Whether msgspec accepts a name of a field."""
    return bool(name) and name.isprintable() and _NOT_IN_NAMES.isdisjoint(name)


def _field(attribute: str, name: str, type_: Any, *, required: bool) -> tuple[str, Any, Any]:
    if required:
        return attribute, type_, msgspec.field(name=name)
    return attribute, type_ if type_ is Any else type_ | UnsetType, msgspec.field(name=name, default=UNSET)


def _type(schema: Mapping[str, Any], name: str, column: Mapping[str, Any]) -> tuple[Any, _Find | None]:
    """Return the type with which the decoder validates a column, and the check that is left to do."""
    if is_metadata(name):
        return Any, None
    if (type_ := _decoded(column)) is not None:
        return type_, None
    if classes := classes_of(column):
        return Any, partial(_of_classes, classes | {UnsetType})
    return Any, partial(_checked, name, compiled({**schema, "properties": {name: column}, "required": []}))


def _decoded(column: Mapping[str, Any]) -> Any:
    """Return the type of a column that the decoder can validate completely; None if there is none.

    Not for columns of numbers: the decoder would accept texts as decimals.
    """
    if values := listed_values(column):
        return Literal.__getitem__(tuple(values))
    bounds = {word: column[word] for word in _BOUNDS if isinstance(column.get(word), _BOUNDS[word])}
    classes = classes_of({word: said for word, said in column.items() if word not in bounds})
    if not classes or not classes <= _DECODED.keys():
        return None
    types = {class_: _DECODED[class_] for class_ in classes}
    if bounds.get("maxLength", _NO_LENGTH) < _NO_LENGTH and str in types:
        types[str] = Annotated[str, Meta(max_length=bounds["maxLength"])]
    if "items" in bounds and list in types:
        item = _decoded(bounds["items"])
        if item is None:
            return None
        types[list] = list.__class_getitem__(item)
    return Union[tuple(types.values())]  # noqa: UP007 (made here)


_NO_LENGTH: Final = 2**31
"""Characters that no text has."""
_BOUNDS: Final[Mapping[str, type]] = {"maxLength": int, "items": dict}
"""Keywords of a schema, besides types, that the decoder can check."""
_DECODED: Final[Mapping[type, Any]] = {
    str: str,
    bool: bool,
    int: int,
    list: list[Any],
    dict: dict[str, Any],
    NoneType: None,
}
"""By the class of values: the type that stands for it."""


def _adapted(column: Column, schema: Mapping[str, Any]) -> Column:
    if isinstance(column, TypedColumn):
        return column.each(lambda values: adapted_column([*values], schema))
    return adapted_column([*column], schema)


def _not_of_type(type_: Any, column: Column) -> Collection[int]:
    return [place for place, value in enumerate(column) if not _is_of_type(type_, value)]


def _is_of_type(type_: Any, value: Any) -> bool:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True


def _checked(name: str, is_valid: Check, column: Column) -> Collection[int]:
    return [place for place, value in enumerate(column) if value is not UNSET and not is_valid({name: value})]


def _of_classes(classes: frozenset[type], column: Column) -> Collection[int]:
    if classes_in(column) <= classes:
        return ()
    return [place for place, value in enumerate(column) if value.__class__ not in classes]


def _marked(says: Callable[[Any], bool], column: Column) -> Collection[int]:
    if classes_in(column) <= _NOTHING:
        return ()
    return [place for place, value in enumerate(column) if says(value)]


_NOTHING: Final = frozenset({NoneType, UnsetType})
