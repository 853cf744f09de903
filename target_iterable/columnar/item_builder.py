"""The recipe for items of catalogs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from iterable_api.facts.limits import MAX_CATALOG_ITEM_BYTES
from target_iterable.columnar.fallback import Column, Transform
from target_iterable.columnar.operation_builder import BuilderContext, ColumnBatch, OperationBuilder, structs
from target_iterable.columnar.record_decoder import UnusualStreamError
from target_iterable.columnar.row_groups import Grouping
from target_iterable.core.json_encoding import dumps_all
from target_iterable.core.operation import Endpoint, Name
from target_iterable.records.column_mapping import has_dotted_name

_ID: Final = "itemId"
_CATALOG: Final = "catalogName"
_VALUE: Final = "value"


class ItemBuilder(OperationBuilder):
    """Items of catalogs.

    `ids` says what the item's id is, of the field `itemId`, or if the stream has none, of its only key, which the
    field `key` holds; `key` is empty if the stream has several, or none.

    Raises:
        UnusualStreamError: if a field has a dot in its name, or nothing is an id.
    """

    fields_path = ()
    member = _VALUE
    most_bytes = MAX_CATALOG_ITEM_BYTES

    def __init__(self, context: BuilderContext, endpoint: Endpoint, kinds: Grouping, ids: Transform, key: str) -> None:
        super().__init__(context, endpoint, kinds)
        self._ids = ids
        self._key = key
        id_ = _ID if _ID in context.fields else key
        data = [name for name in context.fields if name not in (id_, _CATALOG, _VALUE)]
        if not id_ or any("." in name for name in data):
            raise UnusualStreamError
        self._data = structs(data)

    def _heads(self, data: dict[str, Column], keys: Sequence[tuple[Any, ...]]) -> dict[str, Column]:
        heads = {_CATALOG: data.pop(_CATALOG)} if _CATALOG in data else {}
        if _ID in data:
            heads[_ID] = self._ids(data.pop(_ID))
        else:
            heads[_ID] = self._ids([key[0] for key in keys])
            data.pop(self._key, None)
        return heads

    def _odd(self, draft: ColumnBatch) -> Iterable[int]:
        """Rows whose fields have members with dots in their names."""
        columns = draft.data.values() if draft.rows is None else [draft.rows]
        nested = [column for column in columns if not _OPEN.isdisjoint(map(type, column))]
        return [place for column in nested for place, value in enumerate(column) if has_dotted_name(value)]

    def _parts(self, draft: ColumnBatch) -> list[bytes]:
        count = len(draft.keys)
        values = map(self._data, *draft.data.values()) if draft.data else [self._data()] * count
        pairs = zip(dumps_all(draft.heads[_ID]), dumps_all(draft.rows or values), strict=True)
        return [b"%b:%b" % pair for pair in pairs]

    def _names(self, draft: ColumnBatch) -> Sequence[tuple[Name, ...]]:
        catalogs: Mapping[Any, str] = {kind: dict(kind.envelope.path_params)[_CATALOG] for kind in {*draft.kinds}}
        pairs = zip(draft.kinds, draft.heads[_ID], strict=True)
        return [((_ID, f"{catalogs[kind]}/{id_}"),) for kind, id_ in pairs]


_OPEN: Final = frozenset({dict, list})
"""The types of what has members or items."""
