"""Items of catalogs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, Final

from iterable_api.facts.limits import MAX_CATALOG_ITEMS
from iterable_api.joint_pattern import JointPattern
from target_iterable.columnar.columns import Column, classes_in, map_values
from target_iterable.columnar.item_builder import ItemBuilder, ItemRules
from target_iterable.columnar.row_groups import Grouping, RowGroup
from target_iterable.config.route import MIRROR, REMOVE, ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import ARRAY, OBJECT, Endpoint, Envelope, Name, Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.base import Destination
from target_iterable.objects.base.columnar_object import ColumnarObject
from target_iterable.objects.base.mirrored_object import MirroredObject, name, names_of_all, parts
from target_iterable.records.column_mapping import Row
from target_iterable.records.ids import key_text
from target_iterable.requests.bulk_response import all_written
from target_iterable.schemas.schema_types import types_in

_ID: Final = re.compile(r"[A-Za-z0-9-]{1,255}")
"""Characters that the contract allows in names of catalogs and ids of items."""
_IDS: Final = JointPattern(_ID.pattern)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9-]")
_LONGEST: Final = 255
_HASH: Final = 8
_ID_IN_WORDS: Final = "1 to 255 letters, digits and dashes"

CATALOG: Final = Option(str, f"the name of a catalog: {_ID_IN_WORDS}", pattern=_ID.pattern)

_ITEMS = Endpoint(
    "/api/catalogs/{catalogName}/items", "documents", all_written, brackets=OBJECT, max_rows=MAX_CATALOG_ITEMS
)
_REMOVE = replace(
    _ITEMS,
    collection="itemIds",
    method="DELETE",
    brackets=ARRAY,
    already_done=frozenset({"error.catalogs"}),
    removes=REMOVE,
)


def catalog_place(name: str) -> str:
    """The `place` of operations that write items of this catalog."""
    return f"catalog {name}"


def checked_catalog(name_: Any) -> str:
    """The name of a catalog.

    Raises:
        RecordRejectedError: if it cannot be one.
    """
    if not isinstance(name_, str) or not _ID.fullmatch(name_):
        raise RecordRejectedError("invalidCatalog", f"the catalog's name is not {_ID_IN_WORDS}")
    return name_


class CatalogItems(ColumnarObject, MirroredObject):
    """Items of catalogs.

    catalogName: the catalog, unless the route has it as `catalog`; it is created if it does not exist.
    itemId: the id of the item; by default the value of the key property, if there is exactly one.
    value: an object with the fields of the item; all other columns are fields, too.

    The mode `upsert` keeps fields that a record does not have, `replace` removes them. The mode `mirror` replaces, and
    removes items that it has written when they have left the source.

    With `define_field_types`, fields that have no type get the one in the schema of the stream, before the first item
    is written; arrays get none. Ids with characters other than letters, digits and dashes are rejected. With
    `unsafe_ids: replace` they are changed: `A/1` becomes `A-1-` and 8 digits of a hash.
    """

    spec = ObjectSpec(
        "catalog_items",
        streams=("catalog_items",),
        modes=("upsert", "replace", MIRROR),
        removal_actions=(REMOVE,),
        concerns_users=False,
        clears_fields=True,
        options={
            "catalog": CATALOG,
            "define_field_types": Option(
                bool, "true to define the types of the fields in the schema, which is permanent, or false"
            ),
            "unsafe_ids": Option(str, "`reject` or `replace`", pattern="reject|replace"),
        },
    )
    example: ClassVar[Mapping[str, Any]] = {
        "catalogName": "Products",
        "itemId": "A-17",
        "name": "Mug",
        "price": 24.95,
    }

    def __init__(self, to: Destination) -> None:
        super().__init__(to)
        self._defined: set[str] = set()

    @cached_property
    def builder(self) -> ItemBuilder:
        """See `ColumnarObject`. `upsert` keeps the fields that a record does not have, `replace` does not."""
        key = self.key_properties[0] if len(self.key_properties) == 1 else ""
        key_field = self.route.fields.get(key) or key
        grouping = Grouping(self._group)
        rules = ItemRules(_ITEMS, grouping, self._checked_ids, key_field)
        return ItemBuilder(self.field_options, self.project.fields, rules)

    def _group(self, column: Any) -> RowGroup:
        catalog = self._catalog(column)
        self._define_fields(catalog)
        envelope = Envelope.of({"replaceUploadedFieldsOnly": self.route.mode == "upsert"}, catalogName=catalog)
        return RowGroup(envelope, self.project.fields.item_scope(catalog), catalog_place(catalog))

    def names(self, row: Row, key: Sequence[Any], *, create: bool = True) -> Sequence[str]:
        """See `MirroredObject`."""
        catalog = self._catalog(row.pop("catalogName", None), create=create)
        text = self._id_in(self.pop_id(row, "itemId", key))
        return [name(catalog, text)] if text else []

    def names_of(self, rows: Sequence[Operation]) -> Sequence[Sequence[str]]:
        """See `MirroredObject`. No name of a catalog has a slash."""
        return names_of_all([[text.split("/", 1) for _, text in row.names] for row in rows])

    def removal(self, name_: str) -> Operation:
        """See `MirroredObject`."""
        catalog, item_id = parts(name_)
        return Operation(
            endpoint=_REMOVE,
            part=dumps(item_id),
            names=_names(catalog, item_id),
            envelope=Envelope.of(catalogName=catalog),
            dedup_scope=catalog_place(catalog),
        )

    def _catalog(self, column: Any, *, create: bool = True) -> str:
        """Return the catalog that the route names, else the one that the record names."""
        catalog = checked_catalog(self.route.options.get("catalog", column))
        return self.project.catalogs.ensure(catalog) if create else self.project.catalogs.spelt(catalog)

    def _checked_ids(self, column: Column) -> Column:
        """Return the ids of a column: itself if all are, which is found out together."""
        if classes_in(column) == {str} and _IDS.matches_all(column):
            return column
        return map_values(self._checked_id, column)

    def _checked_id(self, value: Any) -> str:
        text = self._id_in(value)
        if text is None:
            raise RecordRejectedError(
                "invalidItemId", f"the item's id (`itemId` or the only key property) is not {_ID_IN_WORDS}"
            )
        return text

    def _id_in(self, value: Any) -> str | None:
        """The item's id, if Iterable can take it."""
        text = key_text(value)
        if text and self.route.options.get("unsafe_ids") == "replace":
            text = _safe(text)
        return text if text and _ID.fullmatch(text) else None

    def _define_fields(self, catalog: str) -> None:
        """Before the first item of a catalog, since Iterable does not take types back from items."""
        if self.route.options.get("define_field_types") and catalog not in self._defined:
            self._defined.add(catalog)
            self.project.fields.define(catalog, self._types)

    @cached_property
    def _types(self) -> Mapping[str, str]:
        """Return the types that the schema gives the fields of items; members of `value` are fields, too."""
        inner = self.schemas.get(("value",), {}).get("properties", {})
        schemas = {(name,): schema for name, schema in inner.items()} | dict(self.schemas)
        id_ = "itemId" if ("itemId",) in schemas or len(self.key_properties) != 1 else self.key_properties[0]
        others = {"value", "catalogName", self.route.fields.get(id_) or id_}
        return types_in({path: schema for path, schema in schemas.items() if path[0] not in others})


def _safe(id_: str) -> str:
    """The id itself if it can stay. Else other characters become dashes, and a hash tells those apart that look alike.

    The hash has 32 bits: of 1,000 ids that look alike, two are the same item once in about 10,000 times.
    """
    if _ID.fullmatch(id_):
        return id_
    digest = hashlib.sha256(id_.encode(errors="surrogatepass")).hexdigest()[:_HASH]
    return f"{_UNSAFE.sub('-', id_)[: _LONGEST - _HASH - 1]}-{digest}"


def _names(catalog: str, item_id: str) -> tuple[Name, ...]:
    return (("itemId", f"{catalog}/{item_id}"),)
