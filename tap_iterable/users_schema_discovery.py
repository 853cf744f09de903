"""Columns of `users` for the fields that the project defines."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from iterable_api.facts.data_types import DataType
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


def add_field_columns(client: IterableClient, users: DataType) -> DataType:
    """Add a column to `users` for each of the project's fields that it does not have.

    Dotted names are fields of an object, which has the column. Fields with the name of one of the tap's own columns
    stay in `dataFields`.
    """
    fields = object_in(client.get_json(FIELDS), "fields", FIELDS)
    own = {
        name: _COLUMN_TYPES[kind]
        for name, kind in fields.items()
        if "." not in name and name not in OWN_COLUMNS and kind in _COLUMN_TYPES
    }
    return replace(users, fields={**own, **users.fields})
