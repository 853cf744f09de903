"""What a block of lines holds, column by column.

A column is made of all lines at once, by functions that take no step in Python for a single line. Only where a
column is not like nearly all, its values are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET, defstruct

from tap_iterable.records import MISFIT, ColumnType

Line = msgspec.Struct
"""The fields of a line; those that it does not have are UNSET."""
Maker = Callable[[Sequence[Line]], list[Any]]
"""Makes a column: of each line one value, which may be UNSET."""
Place = str | Mapping[str, Any]
"""The attribute of a line that holds a value, or an object of places."""


class RefusedLineError(ValueError):
    """A line whose record has to be made in another way."""


def struct(name: str, fields: Iterable[str], kinds: Mapping[str, Any], **options: Any) -> type[msgspec.Struct]:
    """A type with the attributes `f0`, `f1` and so on for its fields, all of which may be absent."""
    absent = (msgspec.field(default=UNSET, name=field) for field in fields)
    members = [(f"f{place}", kinds.get(field.name, Any), field) for place, field in enumerate(absent)]
    return defstruct(name, members, gc=False, **options)


def values(attribute: str) -> Maker:
    """What the lines hold in a field."""
    get = attrgetter(attribute)
    return lambda lines: list(map(get, lines))


def fitted(attribute: str, column: ColumnType) -> Maker:
    """What the lines hold in a field, made fit for its column; a line with a misfit is refused."""
    read, fit, unchanged = values(attribute), column.fit, column.unchanged
    return read if fit is None else lambda lines: _fitted(read(lines), fit, unchanged)


def objects(places: Mapping[str, Place], otherwise: object = UNSET) -> Maker:
    """Objects of fields, without those that are absent; `otherwise` where all of them are."""
    leaves = {key: values(place) for key, place in places.items() if isinstance(place, str)}
    branches = {key: objects(place) for key, place in places.items() if not isinstance(place, str)}
    make, makers = struct("Object", [*leaves, *branches], {}), [*leaves.values(), *branches.values()]
    if not makers:
        return lambda lines: [otherwise] * len(lines)
    return lambda lines: _objects(make, [maker(lines) for maker in makers], otherwise)


def either(whole: Maker, parts: Maker) -> Maker:
    """Objects that are whole in some lines and in parts in others; a line that has both is refused."""
    return lambda lines: _united(whole(lines), parts(lines))


def _fitted(column: list[Any], fit: Callable[[Any], object], unchanged: frozenset[type]) -> list[Any]:
    if unchanged.issuperset(map(type, column)):
        return column
    made = list(map(fit, column))
    if MISFIT in made:
        raise RefusedLineError
    return made


def _objects(make: Callable[..., object], columns: list[list[Any]], otherwise: object) -> list[Any]:
    if any(UNSET not in column for column in columns):
        return list(map(make, *columns))
    nothing = (UNSET,) * len(columns)
    return [otherwise if row == nothing else make(*row) for row in zip(*columns, strict=True)]


def _united(whole: list[Any], parts: list[Any]) -> list[Any]:
    if whole.count(UNSET) == len(whole):
        return parts
    return list(map(_one_of, whole, parts))


def _one_of(whole: object, part: object) -> object:
    if whole is not UNSET and part is not UNSET:
        raise RefusedLineError
    return whole if part is UNSET else part
