"""Types that Iterable names when it refuses a request, of fields that the project is not known to have.

Iterable compares the values of a request with each other, too: the first value of a new field gives it a type, and the
next may clash with that. The request is refused as a whole then, so the project has not got the field. Such a type is
only assumed until a request with a value of it was accepted, or a record was refused alone whose values agree.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from target_iterable.core.operation import Name, Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.field_types.fitting import ScopedPath
from target_iterable.field_types.inference import leaves
from target_iterable.field_types.registry import CLASH, FieldTypes

_WIDER: Final[Mapping[AbstractSet[str], str]] = {
    frozenset({"date", "string"}): "string",
    frozenset({"long", "double"}): "double",
}
"""Types of two values -> type of a field that has taken both."""


class AssumedTypes:
    """Assumed types from one refusal."""

    def __init__(self, types: FieldTypes, assumed: Mapping[ScopedPath, str]) -> None:
        self._types = types
        self._assumed = assumed

    def suspects(self, rows: Sequence[Operation]) -> list[Operation]:
        """Return those of `rows` with a value that would not fit, and those behind one that they may replace.

        A request may hold many events of a user, and the last one with an id is the one that stays.
        """
        suspects: list[Operation] = []
        events = set[tuple[str, Name]]()
        for row in rows:
            own = {(row.type_scope, name) for name in row.names} if not row.endpoint.unique_names else set()
            if not events.isdisjoint(own) or self._types.has_clash(row) or self._clashes_with_assumed(row):
                suspects.append(row)
                events |= own
        return suspects

    def inconsistent_rows(self, rows: Iterable[Operation]) -> dict[Operation, list[RejectReason]]:
        """Return row -> reasons, for rows whose values of one field do not fit each other, whatever its type is."""
        return {row: reject_reasons for row in rows if (reject_reasons := [*self._inconsistencies(row)])}

    def confirm(self, scope: str) -> None:
        """Set the types of a scope: a row was refused alone, and its values fit each other."""
        for (assumed_scope, path), type_ in self._assumed.items():
            if assumed_scope == scope:
                self._types.set_types(scope, {path: type_})

    def _clashes_with_assumed(self, row: Operation) -> bool:
        assumed = {path: type_ for (scope, path), type_ in self._assumed.items() if scope == row.type_scope}
        return bool(assumed) and any(
            not self._types.fits(row.type_scope, path, type_, assumed[path])
            for path, type_ in _Paths(assumed).leaves_of(row)
        )

    def _inconsistencies(self, row: Operation) -> Iterator[RejectReason]:
        paths = {path for scope, path in self._assumed if scope == row.type_scope}
        first_types: dict[str, str] = {}
        inconsistent = set[str]()
        for path, type_ in _Paths(paths).leaves_of(row):
            first_type = first_types.setdefault(path, type_)
            if path not in inconsistent and not self._types.fits(row.type_scope, path, type_, first_type):
                inconsistent.add(path)
                yield RejectReason(
                    CLASH, f"values of the field {path!r} do not fit each other: {first_type} and {type_}", path
                )


def learn_from(
    types: FieldTypes,
    rows: Sequence[Operation],
    created: AbstractSet[str],
    assumed: Mapping[ScopedPath, str],
) -> None:
    """Learn the types of fields from `rows`, which Iterable has accepted.

    Args:
        types: registry to be changed.
        rows: accepted rows.
        created: paths of fields that, by the response, are new to the project.
        assumed: types that are confirmed if `rows` hold a value of them.
    """
    if not created and not assumed:
        return
    types_by_field = _types_in(rows, created | {path for _, path in assumed})
    # With several scopes, it is unknown which had the field already, and of what type.
    scopes_with = Counter(path for _, path in types_by_field)
    by_scope: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for (scope, path), found in types_by_field.items():
        if path in created and scopes_with[path] == 1:
            by_scope[scope][path] = _widest(found)
    for scope, found_types in by_scope.items():
        _set_created(types, scope, found_types)
    for field, type_ in assumed.items():
        if type_ in types_by_field.get(field, ()):
            _set_if_unknown(types, field, type_)


def _set_created(types: FieldTypes, scope: str, found: Mapping[str, str]) -> None:
    """Set the types of fields that a request has created; unset those that another request created differently."""
    known = types.types_of(scope)
    new = {path: type_ for path, type_ in found.items() if type_ and path not in known}
    for path, type_ in found.items():
        if known.get(path, type_) != type_:
            types.remove_type(scope, path)
    if new:
        types.set_types(scope, new)


def _set_if_unknown(types: FieldTypes, field: ScopedPath, type_: str) -> None:
    scope, path = field
    if type_ and path not in types.types_of(scope):
        types.set_types(scope, {path: type_})


def _types_in(rows: Iterable[Operation], paths: AbstractSet[str]) -> dict[ScopedPath, set[str]]:
    """Return the types of the values of `rows` at these paths."""
    types_by_field: dict[ScopedPath, set[str]] = {}
    wanted = _Paths(paths)
    for row in rows:
        for path, type_ in wanted.leaves_of(row) if row.type_scope else ():
            types_by_field.setdefault((row.type_scope, path), set()).add(type_)
    return types_by_field


class _Paths:
    """Paths at which the values of rows are looked at."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._wanted = frozenset(paths)
        self._tops = self._wanted | {path.partition(".")[0] for path in self._wanted}

    def leaves_of(self, row: Operation) -> Iterator[tuple[str, str]]:
        """Yield `leaves` of the fields of a row, at these paths only."""
        fields: dict[str, Any] = {name: value for name, value in row.written_fields.items() if name in self._tops}
        return ((path, type_) for path, type_ in leaves(fields) if path in self._wanted)


def _widest(types: AbstractSet[str]) -> str:
    """Return the type of a field that has taken values of all these types; empty if that is unclear."""
    return next(iter(types)) if len(types) == 1 else _WIDER.get(frozenset(types), "")
