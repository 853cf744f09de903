"""Recipes for objects that are about users: profiles, events, members."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Final

from msgspec import UNSET

from iterable_api.facts.profile_fields import RESERVED
from target_iterable.columnar.fallback import Column, Transform, needed
from target_iterable.columnar.operation_builder import BuilderContext, ColumnBatch, OperationBuilder, structs
from target_iterable.columnar.record_decoder import UnusualStreamError
from target_iterable.columnar.row_groups import Grouping
from target_iterable.columnar.transforms import identifiers, normal_values
from target_iterable.core.json_encoding import dumps_all
from target_iterable.core.operation import Endpoint, Name
from target_iterable.records.normal_form import normal
from target_iterable.records.user_identity import KINDS, IdentityRule

_DATA: Final = "dataFields"


@dataclass(frozen=True)
class BodyLayout:
    """What stands in a part beside identifiers and data fields.

    Attributes:
        first: members that all parts have, before the fields.
        attributes: by name of a field: what is sent of it at the top.
        last: members that all parts have, behind the fields.
        ignored: fields that are for nothing.
        keeps_other: whether an identifier that is not at the top becomes a data field.
        derive: from what stands in a part, in the normal form, and what is `unkept` of its key to its `id`; None if
            that is no such object or has one.
        unkept: what of a key the part does not hold; None if it holds all keys.
    """

    first: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Transform] = field(default_factory=dict)
    last: Mapping[str, Any] = field(default_factory=dict)
    ignored: Collection[str] = ()
    keeps_other: bool = True
    derive: Callable[[Any, Sequence[Any]], str] | None = None
    unkept: Callable[[Sequence[Any]], Sequence[Any]] | None = None


class UserBuilder(OperationBuilder):
    """Records that have a best identifier, as `IdentityRule` says.

    Raises:
        UnusualStreamError: if the stream has none of the columns that name users.
    """

    def __init__(
        self, context: BuilderContext, endpoint: Endpoint, kinds: Grouping, rule: IdentityRule, layout: BodyLayout
    ) -> None:
        super().__init__(context, endpoint, kinds)
        self._layout = layout
        self._people = _People(rule, context.fields, keeps_other=layout.keeps_other)
        tops = [*self._people.sent, *layout.first, *(name for name in layout.attributes if name in context.fields)]
        taken = {*KINDS, *layout.attributes, *layout.ignored, _DATA}
        data = [name for name in context.fields if name not in taken]
        if layout.keeps_other:
            data += self._people.other
        self._data = structs(data)
        self._attributes = [name for name in layout.attributes if name in context.fields]
        self._has_data = bool(data) or _DATA in context.fields
        members = [*tops, *([_DATA] if self._has_data else [])]
        self._content, self._content_data = structs(sorted(members)), structs(sorted(data))
        self._whole = structs([*members, *(["id"] if layout.derive else []), *layout.last])

    def _heads(self, data: dict[str, Column], keys: Sequence[tuple[Any, ...]]) -> dict[str, Column]:
        del keys
        heads = self._people.take(data)
        for name in self._attributes:
            heads[name] = self._layout.attributes[name](data.pop(name))
        for name in self._layout.ignored:
            data.pop(name, None)
        if self._layout.keeps_other:
            data |= {kind: heads[kind] for kind in self._people.other}
        return heads

    def _odd(self, draft: ColumnBatch) -> Iterable[int]:
        """Rows without any data field have no member for them."""
        return _without_any(draft.data.values())

    def _parts(self, draft: ColumnBatch) -> list[bytes]:
        layout, heads = self._layout, draft.heads
        columns: list[Iterable[Any]] = [heads[kind] for kind in self._people.sent]
        columns += map(repeat, layout.first.values())
        columns += [heads[name] for name in self._attributes]
        if self._has_data:
            columns.append(self._data_fields(draft))
        if layout.derive is not None:
            unkept = repeat(()) if layout.unkept is None else map(layout.unkept, draft.keys)
            columns.append(list(map(layout.derive, self._contents(draft), unkept)))
        return dumps_all(map(self._whole, *columns, *map(repeat, layout.last.values())))

    def _data_fields(self, draft: ColumnBatch) -> Column:
        if draft.rows is not None:
            return [row or UNSET for row in draft.rows]
        return list(map(self._data, *draft.data.values())) if draft.data else [UNSET] * len(draft.keys)

    def _contents(self, draft: ColumnBatch) -> Iterable[Any]:
        """What stands in each part, in the normal form."""
        members: dict[str, Iterable[Any]] = {name: repeat(normal(it)) for name, it in self._layout.first.items()}
        members |= {name: normal_values(draft.heads[name]) for name in (*self._people.sent, *self._attributes)}
        if self._has_data:
            members[_DATA] = self._content_fields(draft)
        return map(self._content, *(members[name] for name in sorted(members)))

    def _content_fields(self, draft: ColumnBatch) -> Column:
        if draft.rows is not None:
            return normal_values(draft.rows)
        if not draft.data:
            return [UNSET] * len(draft.keys)
        columns = [normal_values(draft.data[name]) for name in sorted(draft.data)]
        rows = list(map(self._content_data, *columns))
        empty = set(_without_any(columns))
        return [UNSET if place in empty else row for place, row in enumerate(rows)] if empty else rows

    def _names(self, draft: ColumnBatch) -> Sequence[tuple[Name, ...]]:
        return _names({kind: draft.heads[kind] for kind in KINDS if kind in draft.heads})


class ProfileBuilder(UserBuilder):
    """Users with profile fields; see `profile`, whose parts these are.

    Raises:
        UnusualStreamError: also for a stream with fields that Iterable sets itself.
    """

    closed = frozenset({*KINDS, *RESERVED})

    def __init__(
        self,
        context: BuilderContext,
        endpoint: Endpoint,
        kinds: Grouping,
        rule: IdentityRule,
        *,
        merge: bool,
        placeholders: bool,
        ignored: Collection[str] = (),
    ) -> None:
        if not RESERVED.isdisjoint(context.fields):
            raise UnusualStreamError
        first = {"preferUserId": True} if placeholders and rule.is_by_user_id(rule.best(context.fields)) else {}
        if merge:
            first["mergeNestedObjects"] = True
        super().__init__(context, endpoint, kinds, rule, BodyLayout(first=first, ignored=ignored))


class _People:
    """Whom records are about. `keeps_other` says whether an identifier besides is sent, too.

    Attributes:
        sent: the kinds that stand at the top of a row.
        other: the kinds besides.
    """

    def __init__(self, rule: IdentityRule, fields: Collection[str], *, keeps_other: bool) -> None:
        present = [kind for kind in KINDS if kind in fields]
        self.sent = rule.best(present)
        if not self.sent:
            raise UnusualStreamError
        self.other = [kind for kind in present if kind not in self.sent]
        fits = {kind: identifiers(kind, checked=keeps_other or kind in self.sent) for kind in present}
        self._fits = {kind: needed(fit) if kind in self.sent else fit for kind, fit in fits.items()}

    def take(self, fields: dict[str, Column]) -> dict[str, Column]:
        """Take the identifiers out of `fields`."""
        return {kind: fit(fields.pop(kind)) for kind, fit in self._fits.items()}


def _without_any(columns: Collection[Column]) -> Sequence[int]:
    """The places of rows that have none of these."""
    if not columns or not all(UNSET in column for column in columns):
        return ()
    return [place for place, row in enumerate(zip(*columns, strict=True)) if {*map(id, row)} == {id(UNSET)}]


def _names(identifiers_: Mapping[str, Column]) -> list[tuple[Name, ...]]:
    """What `UserIdentity.names` says, for each row."""
    names = list(zip(*(zip(repeat(kind), column) for kind, column in identifiers_.items()), strict=True))
    if any(UNSET in column for column in identifiers_.values()):
        return [tuple(name for name in row if name[1] is not UNSET) for row in names]
    return names
