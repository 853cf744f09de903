"""Fitting of rows to field types before they are sent: coercion, and dropping of fields that clash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from iterable_api.errors import FieldTypeError
from target_iterable.core.operation import Operation, RowResults
from target_iterable.core.rejection import RejectReason
from target_iterable.field_types.field_dropping import FieldDropping
from target_iterable.field_types.registry import PURCHASES, FieldTypes

_CART: Final = "shoppingCartItems"
_WHOLE_BODY: Final = ()
"""Leads to all of a purchase; `Operation.fields_path` leads to the fields of its user."""


class FittedRows(NamedTuple):
    """Rows after fitting.

    Attributes:
        rows: rows to send, in their order; some may be changed copies of the original ones.
        rejected: row -> reason, for rows that cannot be made to fit.
    """

    rows: list[Operation]
    rejected: dict[Operation, RejectReason]


class RowFitting:
    """Fitting of the rows of one batch. With `trims`, rows lose clashing fields, instead of being rejected."""

    def __init__(self, types: FieldTypes, *, trims: bool) -> None:
        self._types = types
        self._trims = trims
        self._changes = FieldDropping()

    def fit(self, rows: Sequence[Operation]) -> FittedRows:
        """Coerce `rows` to the types that are known now, and leave out what still clashes."""
        clashing = self._types.clashing_rows(rows)
        self._types.log_new_fields()
        if not clashing:
            return FittedRows([*rows], {})
        coerced = {row: self._coerced(row) for row in clashing}
        return self.leave_out(
            [coerced.get(row, row) for row in rows], {row: [*self._types.clashes(row)] for row in coerced.values()}
        )

    def leave_out(self, rows: Sequence[Operation], clashing: Mapping[Operation, Sequence[RejectReason]]) -> FittedRows:
        """Leave out the clashing fields of rows, or else the rows; `clashing` is row -> reasons, one per field."""
        refused = {row: reasons for row, reasons in clashing.items() if reasons}
        trimmed = {row: changed for row in refused if self._trims and (changed := self._trimmed(row, refused[row]))}
        rejected = {row: reasons[0] for row, reasons in refused.items() if row not in trimmed}
        return FittedRows([trimmed.get(row, row) for row in rows if row not in rejected], rejected)

    def without_points(self, rows: Sequence[Operation], error: FieldTypeError) -> list[Operation] | None:
        """Return purchases without the point in whole numbers that Iterable has refused; None if nothing changes.

        The types of these fields are not known before, so whole numbers may have been sent as decimals.
        """
        if not self._types.learn_whole_purchase_fields(error.clashes):
            return None
        changed = [self._changes.rewrite(row, self._coerced_purchase, _WHOLE_BODY) for row in rows]
        return [new or row for new, row in zip(changed, rows, strict=True)] if any(changed) else None

    def _coerced_purchase(self, body: dict[str, Any]) -> dict[str, Any]:
        """Coerce the data fields of a purchase and of its items, which Iterable keeps as its cart."""
        fields = self._types.coerced(PURCHASES, {**body.get("dataFields", {}), _CART: body.get("items", [])})
        items = fields.pop(_CART)
        return {**body, "items": items} | ({"dataFields": fields} if "dataFields" in body else {})

    def restore(self, results: RowResults) -> None:
        """Put the original rows into `results`, and the fields that they were sent without."""
        self._changes.restore(results)

    def _coerced(self, row: Operation) -> Operation:
        return self._changes.rewrite(row, lambda fields: self._types.coerced(row.type_scope, fields)) or row

    def _trimmed(self, row: Operation, reasons: Sequence[RejectReason]) -> Operation | None:
        return self._changes.drop_fields(row, {str(reason.field) for reason in reasons})
