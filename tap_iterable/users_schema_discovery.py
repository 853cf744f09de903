"""Columns of `users` for the fields that the project defines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from logging import getLogger
from typing import Any, Final

from iterable_api.facts.data_types import USER, DataType
from iterable_api.http.client import IterableClient
from tap_iterable.export.json_answers import object_in
from tap_iterable.records.record_shape import OWN_COLUMNS
from tap_iterable.streams.users_metadata import FIELDS

_COLUMN_TYPES: Final = {
    "string": "string",
    "long": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date-time",
    "geo_location": "object",
    "object": "object",
    "nested": "any",
}
"""Iterable's field types -> types of `event_fields`. A field of any other type has no column."""


_NAME_BYTES: Final = 63
"""How much of a name PostgreSQL keeps."""

_TOLD_APART: Final[Mapping[str, Callable[[str], str]]] = {
    "exact": str,
    "lower_case": str.lower,
    "snake_case": lambda name: name.lower().replace("_", ""),
}
"""Value of `distinct_columns` -> what a name shares with those that it is not told from."""

_logger: Final = getLogger("tap-iterable")


def user_type(client: IterableClient, config: Mapping[str, Any]) -> DataType:
    """The columns of `users`; with `typed_user_fields` also one for each of the project's fields without one.

    Dotted names are fields of an object, which has the column. Fields with the name of one of the tap's own columns
    stay in `dataFields`, and so do those that `distinct_columns` leaves out; a warning names these.
    """
    if not config["typed_user_fields"]:
        return USER
    fields = object_in(client.get_json(FIELDS), "fields", FIELDS)
    own = {
        name: _COLUMN_TYPES[kind]
        for name, kind in fields.items()
        if "." not in name and name not in OWN_COLUMNS and kind in _COLUMN_TYPES
    }
    left_out = _left_out(own, config["distinct_columns"])
    return replace(USER, fields={**{name: own[name] for name in own if name not in left_out}, **USER.fields})


def _left_out(names: Iterable[str], distinct: str) -> Collection[str]:
    """The names that have no column; with `exact` none has, and a warning names those that some loaders fail at."""
    exact = distinct == "exact"
    found = sorted(_troublesome(names, _TOLD_APART["lower_case" if exact else distinct]))
    if not found:
        return ()
    if exact:
        _logger.warning(_MAY_FAIL, _NAME_BYTES, ", ".join(found))
        return ()
    _logger.warning("`distinct_columns` leaves these fields of users in `dataFields`: %s", ", ".join(found))
    return found


_MAY_FAIL: Final = (
    "Columns of users that differ by case alone, or have more than %d bytes in their names: %s. "
    "If the loader fails at them, set `distinct_columns`"
)


def _troublesome(names: Iterable[str], shared: Callable[[str], str]) -> Iterator[str]:
    """The names that are too long, or share what is told apart with a column of the tap or with another name.

    Of several the one with the most small letters in front has the column, in whatever order they come.
    """
    columns = {shared(name): name for name in (*OWN_COLUMNS, *USER.fields)}
    for name in sorted(set(names) - USER.fields.keys(), key=str.swapcase):
        if len(name.encode()) > _NAME_BYTES or columns.setdefault(shared(name), name) != name:
            yield name
