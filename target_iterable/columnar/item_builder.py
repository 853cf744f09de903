"""The builder for items of catalogs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import add
from typing import Any, Final

from msgspec import UNSET

from iterable_api.facts.limits import MAX_CATALOG_ITEM_BYTES as _MAX_BYTES
from target_iterable.columnar.columns import Column, Transform, classes_in, map_values, may_lack
from target_iterable.columnar.field_fitting import GROUP, fit_types
from target_iterable.columnar.operation_builder import PART, OperationBuilder, struct_column
from target_iterable.columnar.record_block import Draft
from target_iterable.columnar.row_groups import Grouping
from target_iterable.columnar.transforms import encoded, encoded_as_members
from target_iterable.columnar.user_builder import FieldOptions
from target_iterable.core.operation import Endpoint, Name
from target_iterable.core.rejection import RejectReason
from target_iterable.field_types.coercion import FieldCoercion
from target_iterable.records.column_mapping import has_dotted_name

_ID: Final = "itemId"
_CATALOG: Final = "catalogName"
_VALUE: Final = "value"
_DOTTED: Final = RejectReason("invalidFieldName", "names of fields must not have dots in catalogs")
_TOO_LARGE: Final = RejectReason("itemTooLarge", f"the item is larger than {_MAX_BYTES:,} bytes")
_ONLY_JSON: Final = frozenset({bytes})
_MAY_HOLD_NAMES: Final = frozenset({dict, list})


@dataclass(frozen=True)
class ItemRules:
    """Rules of an object for its items.

    Attributes:
        endpoint: endpoint of the items.
        grouping: finds the row group of an item by the name of its catalog, which is None where the record has none.
        read_ids: converts the values of a column to item ids; rejects those that cannot be one.
        key_field: field of the single key property, whose value is the id where there is no field `itemId`; empty if
            the stream has no single key property.
    """

    endpoint: Endpoint
    grouping: Grouping
    read_ids: Transform
    key_field: str


class ItemBuilder(OperationBuilder):
    """Builds items of catalogs."""

    fields_path = ()
    max_sure_bytes = _MAX_BYTES

    def __init__(self, options: FieldOptions, fields: FieldCoercion, rules: ItemRules) -> None:
        self._options = options
        self._fields = fields
        self._rules = rules

    def _prepare(self, draft: Draft) -> None:
        draft.put(GROUP, self._rules.grouping.groups(len(draft), draft.take(_CATALOG)))
        draft.put(_ID, self._rules.read_ids(self._take_ids(draft)))
        draft.flatten(_VALUE, self._options.duplicates, clears=self._options.clears)
        fit_types(draft, self._fields.types, self._fields.coerced)
        _reject_dotted_names(draft)
        rows = draft.rows if draft.rows is not None else _values(draft)
        if (parts := encoded_as_members(draft.heads[_ID], rows, _MAX_BYTES)) is not None:
            draft.put(PART, parts)
            return
        values = encoded(rows)
        draft.put(_VALUE, values if _are_small(values) else list(map(_fitting, values)))
        pairs = zip(encoded(draft.heads[_ID]), draft.heads[_VALUE], strict=True)
        draft.put(PART, list(map(b":".join, pairs)))

    def _take_ids(self, draft: Draft) -> Column:
        """Return the id of each record: `itemId`, or else the value of the single key property."""
        ids = draft.take(_ID) or [UNSET] * len(draft)
        if self._rules.key_field and may_lack(ids):
            keyed = [id_ is UNSET for id_ in ids]
            draft.drop(self._rules.key_field, keyed)
            ids = [key[0] if id_ is UNSET else id_ for id_, key in zip(ids, draft.keys, strict=True)]
        return [None if id_ is UNSET else id_ for id_ in ids] if may_lack(ids) else ids

    def _endpoints(self, draft: Draft) -> Iterable[Endpoint]:
        return repeat(self._rules.endpoint, len(draft))

    def _names(self, draft: Draft) -> Sequence[tuple[Name, ...]]:
        groups, ids = draft.heads[GROUP], draft.heads[_ID]
        starts: Mapping[Any, str] = {group: f"{dict(group.envelope.path_params)[_CATALOG]}/" for group in {*groups}}
        texts = map(add, map(starts.__getitem__, groups), ids)
        return list(zip(zip(repeat(_ID), texts)))


def _values(draft: Draft) -> Column:
    return struct_column(draft.fields) if draft.fields else [{} for _ in draft.places]


def _are_small(values: Column) -> bool:
    """Whether all are JSON that fits into an item."""
    return classes_in(values) <= _ONLY_JSON and max(map(len, values), default=0) <= _MAX_BYTES


def _fitting(value: Any) -> Any:
    return _TOO_LARGE if value.__class__ is bytes and len(value) > _MAX_BYTES else value


def _reject_dotted_names(draft: Draft) -> None:
    """Reject records with a dot in the name of a field, or of a member of an object in one."""
    if draft.rows is not None:
        _reject_dotted(draft, draft.rows)
        return
    for name in [*draft.fields]:
        column = draft.fields[name]
        if "." in name:
            draft.reject([UNSET if value is UNSET else _DOTTED for value in column])
        elif not _MAY_HOLD_NAMES.isdisjoint(classes_in(column)):
            _reject_dotted(draft, column)


def _reject_dotted(draft: Draft, column: Column) -> None:
    found = map_values(has_dotted_name, column)
    if {*found} != {False}:
        draft.reject([_DOTTED if has_dot is True else has_dot for has_dot in found])
