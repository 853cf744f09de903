"""The builder for custom events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

from msgspec import UNSET

from target_iterable.columnar.columns import Column, Transform, map_values, may_lack, rejects_in
from target_iterable.columnar.field_fitting import GROUP, add_points, fit_types
from target_iterable.columnar.operation_builder import PART, struct_column, without_any
from target_iterable.columnar.record_block import Draft
from target_iterable.columnar.row_groups import Grouping
from target_iterable.columnar.transforms import encoded, normal_values
from target_iterable.columnar.user_builder import FieldOptions, UserBuilder
from target_iterable.core.operation import Endpoint
from target_iterable.core.rejection import RejectReason
from target_iterable.field_types.registry import FieldTypes
from target_iterable.records.field_names import refuse_separator
from target_iterable.records.user_identity import IdentityRule

_DATA: Final = "dataFields"
_ID: Final = "id"
_NAME: Final = "eventName"


@dataclass(frozen=True)
class EventRules:
    """Rules of an object for its events.

    Attributes:
        with_id: endpoint of events that have an id.
        without_id: endpoint of events without one.
        grouping: finds the row group of an event by its name, which is None where the record has none.
        attributes: field -> transform of its column, for members beside `dataFields`, in this order.
        shared: members with the same value in all events.
        derive: derives an id from the normal form of an event's content, and from the key values that are not part of
            the content; None if events without an id stay without.
        unkept: returns the values of a key that are not part of the content; None if there are none.
    """

    with_id: Endpoint
    without_id: Endpoint
    grouping: Grouping
    attributes: Mapping[str, Transform]
    shared: Mapping[str, Any]
    derive: Callable[[Any, Sequence[Any]], str] | None = None
    unkept: Callable[[Sequence[Any]], Sequence[Any]] | None = None


class EventBuilder(UserBuilder):
    """Builds custom events. Each names its user by one identifier; further ones are left out, the profile has them."""

    def __init__(self, rule: IdentityRule, options: FieldOptions, types: FieldTypes, rules: EventRules) -> None:
        super().__init__(rule, options)
        self._types = types
        self._rules = rules

    def _prepare(self, draft: Draft) -> None:
        rules = self._rules
        self._identify(draft)
        draft.put(GROUP, rules.grouping.groups(len(draft), draft.take(_NAME)))
        for name, read in rules.attributes.items():
            if (column := draft.take(name)) is not None:
                draft.put(name, read(column))
        draft.flatten(_DATA, self._options.duplicates, clears=self._options.clears)
        draft.refuse_names(refuse_separator)
        add_points(draft, self._types, self._options.decimals)
        # No coercion: a derived id must be the same in every run, whatever types the run has learnt.
        fit_types(draft, self._types, None)
        if rules.derive is not None and draft:
            self._derive_ids(draft, rules.derive)
        shared = {name: repeat(value) for name, value in rules.shared.items()}
        draft.put(PART, encoded(struct_column({**self._beside(draft), **self._fields_member(draft), **shared})))

    def _endpoints(self, draft: Draft) -> Iterable[Endpoint]:
        rules = self._rules
        ids = draft.heads.get(_ID)
        if ids is None:
            return repeat(rules.without_id, len(draft))
        return [rules.without_id if id_ is UNSET else rules.with_id for id_ in ids]

    def _beside(self, draft: Draft) -> dict[str, Column]:
        """Return the members beside `dataFields`, without the shared ones."""
        names = [group.event_name for group in draft.heads[GROUP]]
        attributes = {name: draft.heads[name] for name in self._rules.attributes if name in draft.heads}
        return {**self._top(draft), _NAME: names, **attributes}

    def _derive_ids(self, draft: Draft, derive: Callable[[Any, Sequence[Any]], str]) -> None:
        """Give an id to each event that has none."""
        ids = draft.heads.get(_ID)
        if ids is not None and not may_lack(ids):
            return
        contents, rejects = self._contents(draft)
        unkept: Column = [()] * len(draft) if self._rules.unkept is None else list(map(self._rules.unkept, draft.keys))
        derived = map_values(derive, contents, unkept)
        if rejects:
            derived = [rejects.get(place, id_) for place, id_ in enumerate(derived)]
        if ids is not None:
            derived = [new if id_ is UNSET else id_ for id_, new in zip(ids, derived, strict=True)]
        draft.put(_ID, derived)

    def _contents(self, draft: Draft) -> tuple[Column, Mapping[int, RejectReason]]:
        """Return the normal form of each event without its id, and index -> reject reason of those that have none."""
        members = {name: normal_values(column) for name, column in self._beside(draft).items() if name != _ID}
        if draft.rows is not None:
            members[_DATA] = normal_values(draft.rows)
            made = [members[_DATA]]
        else:
            fields = {name: normal_values(draft.fields[name]) for name in sorted(draft.fields)}
            made = [*fields.values()]
            if fields:
                empty = without_any(made)
                rows = struct_column(fields)
                members[_DATA] = [UNSET if place in empty else row for place, row in enumerate(rows)] if empty else rows
        rejects = {place: reason for column in made for place, reason in rejects_in(column).items()}
        return struct_column({name: members[name] for name in sorted(members)}), rejects
