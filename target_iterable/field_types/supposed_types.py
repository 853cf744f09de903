"""Types that Iterable names when it refuses a request, of fields that the project is not known to have.

Iterable compares the values of a request with each other, too: the first value of a new field gives it a type, and the
next may clash with that. The request is refused as a whole then, so the project has got no field. Such a type is not
believed before a request with a value of it was taken, or a record was refused alone whose values agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from target_iterable.core.operation import Name, Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.field_types.fitting import ScopedPath
from target_iterable.field_types.registry import CLASH, FieldTypes, leaves

_WIDER: Final[Mapping[AbstractSet[str], str]] = {
    frozenset({"date", "string"}): "string",
    frozenset({"long", "double"}): "double",
}
"""The type of a field that has taken values of two types."""


class SupposedTypes:
    """What one refusal says of fields that the project is not known to have."""

    def __init__(self, types: FieldTypes, supposed: Mapping[ScopedPath, str]) -> None:
        self._types = types
        self._supposed = supposed

    def suspects(self, rows: Sequence[Operation]) -> list[Operation]:
        """Those of `rows` that hold a value which would not fit, and those behind one that they may replace.

        A request may hold many events of a user, and the last one with an id is the one that stays.
        """
        found: list[Operation] = []
        events = set[tuple[str, Name]]()
        for row in rows:
            own = {(row.type_scope, name) for name in row.names} if not row.endpoint.unique_names else set()
            if not events.isdisjoint(own) or self._types.has_clash(row) or self._misfits(row):
                found.append(row)
                events |= own
        return found

    def inconsistent_rows(self, rows: Iterable[Operation]) -> dict[Operation, list[RejectReason]]:
        """Those of `rows` of which values of one field do not fit each other, whatever type the field gets."""
        return {row: reject_reasons for row in rows if (reject_reasons := [*self._tears(row)])}

    def confirm(self, scope: str) -> None:
        """Take the types for those of the project: a row was refused alone, and its values fit each other."""
        for (of, path), type_ in self._supposed.items():
            if of == scope:
                self._types.set_types(scope, {path: type_})

    def _misfits(self, row: Operation) -> bool:
        supposed = {path: type_ for (scope, path), type_ in self._supposed.items() if scope == row.type_scope}
        return bool(supposed) and any(
            not self._types.fits(row.type_scope, path, type_, supposed[path]) for path, type_ in _leaves(row, supposed)
        )

    def _tears(self, row: Operation) -> Iterator[RejectReason]:
        paths = {path for scope, path in self._supposed if scope == row.type_scope}
        first: dict[str, str] = {}
        torn = set[str]()
        for path, type_ in _leaves(row, paths):
            kept = first.setdefault(path, type_)
            if path not in torn and not self._types.fits(row.type_scope, path, type_, kept):
                torn.add(path)
                yield RejectReason(
                    CLASH, f"values of the field {path!r} do not fit each other: {kept} and {type_}", path
                )


def learn_from(
    types: FieldTypes,
    rows: Sequence[Operation],
    created: AbstractSet[str],
    supposed: Mapping[ScopedPath, str],
) -> None:
    """Learn the types of fields from `rows`, which Iterable has taken.

    It says that the fields at the paths `created` are new to the project. The types that are `supposed` are those of
    the project, if there is a value of them among the rows.
    """
    if not created and not supposed:
        return
    found = _types_in(rows, created | {path for _, path in supposed})
    for path in created:
        # Of several scopes nobody knows which had the field already, and of what type.
        if len(places := [place for place in found if place[1] == path]) == 1:
            _made(types, places[0], _widest(found[places[0]]))
    for place, type_ in supposed.items():
        if type_ in found.get(place, ()):
            _know(types, place, type_)


def _made(types: FieldTypes, place: ScopedPath, type_: str) -> None:
    """Know the type of a field that a request has made; unless another made it at the same time, and differently."""
    scope, path = place
    if types.types_of(scope).get(path, type_) == type_:
        _know(types, place, type_)
    else:
        types.remove_type(scope, path)


def _know(types: FieldTypes, place: ScopedPath, type_: str) -> None:
    scope, path = place
    if type_ and path not in types.types_of(scope):
        types.set_types(scope, {path: type_})


def _types_in(rows: Iterable[Operation], paths: AbstractSet[str]) -> dict[ScopedPath, set[str]]:
    """The types of the values of `rows` at these paths."""
    found: dict[ScopedPath, set[str]] = {}
    for row in rows:
        for path, type_ in _leaves(row, paths) if row.type_scope else ():
            found.setdefault((row.type_scope, path), set()).add(type_)
    return found


def _leaves(row: Operation, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """See `leaves`; only those at these paths."""
    wanted = {*paths}
    tops = wanted | {path.partition(".")[0] for path in wanted}
    fields: dict[str, Any] = {name: value for name, value in row.written_fields.items() if name in tops}
    return ((path, type_) for path, type_ in leaves(fields) if path in wanted)


def _widest(types: AbstractSet[str]) -> str:
    """The type of a field that has taken values of all these types; empty if that cannot be said."""
    return next(iter(types)) if len(types) == 1 else _WIDER.get(frozenset(types), "")
