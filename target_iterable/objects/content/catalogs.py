"""Catalogs, and the types of their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, NoReturn

from target_iterable.config.route import ObjectSpec
from target_iterable.core.rejection import RecordAlreadyWrittenError, RecordRejectedError, RecordSkippedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.objects.content.catalog_items import CATALOG, checked_catalog
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.ids import needed_text


class Catalogs(IterableObject):
    """Catalogs. They are created if they do not exist; existing ones count as unchanged.

    name: 1 to 255 letters, digits and dashes. Upper and lower case are the same.
    """

    spec = ObjectSpec("catalogs", streams=("catalogs",), modes=("create",), describes_state=False, concerns_users=False)
    example: ClassVar[Mapping[str, Any]] = {"name": "Products"}

    def operation(self, row: Row, key: Sequence[Any]) -> NoReturn:
        """Create the catalog at once, because the items that follow need it."""
        del key
        catalogs = self.project.catalogs
        name = checked_catalog(row.pop("name", None))
        is_new = not catalogs.has(name)
        catalogs.ensure(name)
        raise RecordAlreadyWrittenError if is_new else RecordSkippedError


class CatalogFieldMappings(IterableObject):
    """Types of catalog fields. A type can never be changed; fields that have one count as unchanged.

    catalogName: the catalog, unless the route has it as `catalog`; it is created if it does not exist.
    fieldName: the field; a dot leads into an object.
    fieldType: boolean, date, geo_location, long, double, object or string; a field without a type is left as it is.
    """

    spec = ObjectSpec(
        "catalog_field_mappings",
        streams=("catalog_field_mappings",),
        modes=("define",),
        describes_state=False,
        concerns_users=False,
        options={"catalog": CATALOG},
    )
    example: ClassVar[Mapping[str, Any]] = {"catalogName": "Products", "fieldName": "price", "fieldType": "double"}

    def operation(self, row: Row, key: Sequence[Any]) -> NoReturn:
        """Define the type at once, before an item gives the field another one."""
        del key
        catalog = checked_catalog(self.route.options.get("catalog", row.pop("catalogName", None)))
        field, type_ = needed_text("fieldName", row.pop("fieldName", None)), row.pop("fieldType", None)
        if type_ in EMPTY:
            raise RecordSkippedError
        if type_ not in _TYPES:
            raise RecordRejectedError("invalidType", f"`fieldType` is none of {', '.join(_TYPES)}", "fieldType")
        is_new = self.project.fields.define(self.project.catalogs.ensure(catalog), {field: type_})
        raise RecordAlreadyWrittenError if is_new else RecordSkippedError


_TYPES: Final = ("boolean", "date", "geo_location", "long", "double", "object", "string")
