"""Registry of field types: Iterable keeps the type of a field's first value for ever, and refuses requests that clash.

Types belong to a scope: the profiles of all users, the events of one name, or the items of a catalog.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import nsmallest
from operator import attrgetter
from threading import Lock
from types import NoneType
from typing import Any, Final, TypeAlias

from msgspec import UnsetType

from iterable_api.errors import FieldClash
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.field_types.fast_check import (
    ANY_CLASS,
    CLASSES_OF,
    accept_any,
    all_valid,
    is_valid,
    report_unknown,
)
from target_iterable.field_types.fitting import TYPES, ScopedPath, TypeFitting
from target_iterable.field_types.inference import leaves
from target_iterable.records.field_names import SEPARATOR

USERS: Final = "user"
"""Scope of profile fields."""
PURCHASES: Final = "purchase"
"""Scope of the data fields of purchases, whose types Iterable tells only when it refuses a value."""
MAX_PROFILE_FIELDS: Final = 1000
"""Profile fields that a project may have."""
CLASH: Final = "RequestFieldsTypesMismatched"
"""Code of the reject reason of a clash, as Iterable calls it."""

_FetchTypes: TypeAlias = Callable[[str], Mapping[str, str] | None]
"""Function from a scope to its types as Iterable tells them: dotted path -> type; None where it tells none."""
_CoerceFields: TypeAlias = Callable[[Mapping[str, str], dict[str, Any]], dict[str, Any]]
"""Function from types and fields to the coerced fields."""

_fits_version: Final = attrgetter("fits_version")
_CATALOG: Final = f"catalog{SEPARATOR}"
_MAX_LISTED_FIELDS: Final = 20
"""New fields named in one line of the log."""
_logger: Final = logging.getLogger("target-iterable")
_ALIASES: Final = {"keyword": "string", "nested": "object"}
"""Names of catalog field types -> names of the same types elsewhere."""


def event_scope(name: str) -> str:
    """Return the scope of the events of one name."""
    return f"customEvent{SEPARATOR}{name}"


def catalog_scope(name: str) -> str:
    """Return the scope of the items of one catalog."""
    return f"{_CATALOG}{name}"


def catalog_of(scope: str) -> str:
    """Return the catalog of a scope; empty if the scope is not one of items."""
    return scope.removeprefix(_CATALOG) if scope.startswith(_CATALOG) else ""


class FieldTypes:
    """Known types of fields, for all streams of a run. Threads may share it.

    A type is known if Iterable tells it, or if a request that was accepted created the field; never because a request
    was refused: then the type may be that of a value in this very request, and the project has none.

    Attributes:
        version: grows with each change: a row that fits at one version need not be checked at it again.
    """

    def __init__(self, fetch: _FetchTypes = lambda _: None, coerce: _CoerceFields = lambda _, fields: fields) -> None:
        """`fetch` reads the types of a scope from Iterable, None where it tells none; `coerce` fits fields to types."""
        self.version = 0
        self._fetch = fetch
        self._coerce = coerce
        self._types: defaultdict[str, dict[str, str]] = defaultdict(dict)
        # Scope -> path -> version at which the type became known.
        self._known_since: defaultdict[str, dict[str, int]] = defaultdict(dict)
        # Scope -> path -> classes that fit for certain: the class of a value is checked faster than the value.
        self._valid_classes: defaultdict[str, dict[str, frozenset[type]]] = defaultdict(dict)
        self._fitting = TypeFitting()
        self._new_fields: set[str] = set()
        # Of the new fields, those without a known type, and those that no line of the log has named yet.
        self._untyped: set[str] = set()
        self._unlogged: set[str] = set()
        self._lock = Lock()

    def set_types(self, scope: str, types: Mapping[str, str]) -> None:
        """Set types of fields in a scope: dotted path -> type as Iterable calls it."""
        known, before = {path: _ALIASES.get(type_, type_) for path, type_ in types.items()}, self._types[scope]
        # The difference of two views would look at every field that is known.
        new = [path for path in known if path not in before]
        self._known_since[scope] |= dict.fromkeys(new, self.version + 1)
        before |= known
        if scope == USERS:
            self._untyped.difference_update(new)
        self._valid_classes[scope] |= {path: CLASSES_OF.get(type_, ANY_CLASS) for path, type_ in known.items()}
        self.version += 1

    def remove_type(self, scope: str, path: str) -> None:
        """Remove the type of a field: it is unknown."""
        self._types[scope].pop(path, None)
        self._known_since[scope].pop(path, None)
        self._valid_classes[scope].pop(path, None)
        if scope == USERS and path in self._new_fields:
            self._untyped.add(path)

    def types_of(self, scope: str) -> Mapping[str, str]:
        """Return the known types of a scope: dotted path -> type."""
        return self._types.get(scope, {})

    def all_valid(self, scope: str, fields: Mapping[str, Any]) -> bool:
        """Whether all values pass the fast check by their classes."""
        return all_valid(self._valid_classes.get(scope, {}), report_unknown if scope == USERS else accept_any, fields)

    def rows_to_check(self, scope: str, rows: Sequence[Any]) -> Sequence[int]:
        """Return the indexes of those of `rows` that are no objects, or hold a value that may not fit."""
        valid_classes, classes_of_unknown = self._check_of(scope)
        return [
            index
            for index, row in enumerate(rows)
            if row.__class__ is not dict or not all_valid(valid_classes, classes_of_unknown, row)
        ]

    def values_to_check(self, scope: str, path: str, column: Sequence[Any]) -> Sequence[int]:
        """Return the indexes of values in `column` that may not fit the field at `path`. Absent values are `UNSET`."""
        valid_classes, classes_of_unknown = self._check_of(scope)
        classes = {*map(type, column)} - {UnsetType, NoneType}
        if not classes or classes <= (accepted := valid_classes.get(path) or classes_of_unknown(path)) - {dict}:
            return ()
        return [
            index
            for index, value in enumerate(column)
            if not is_valid(valid_classes, classes_of_unknown, accepted, path, value)
        ]

    def _check_of(self, scope: str) -> tuple[dict[str, frozenset[type]], Callable[[str], frozenset[type]]]:
        """Return the accepted classes of a scope by path, and the policy for fields without a known type."""
        return self._valid_classes[scope], partial(self._record_new, scope) if scope == USERS else accept_any

    def refresh(self, scopes: Iterable[str]) -> None:
        """Read the types of scopes again, as fields may be new.

        Raises:
            IterableError: if they cannot be read.
        """
        for scope in scopes:
            if types := self._fetch(scope):
                self.set_types(scope, types)

    def coerced(self, scope: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Coerce `fields` to their types, where that loses nothing."""
        return self._coerce(self.types_of(scope), fields)

    def is_outdated(self, clashes: Sequence[FieldClash], rows: Iterable[Operation], sent_at: int) -> bool:
        """Whether a type that clashed became known only while the request with `rows` was under way.

        Iterable may have compared the values of this request with each other before it took those of the other one. The
        type that it names is then not that of the project, and nothing is to be learned from it.

        Args:
            clashes: the clashes that Iterable names.
            rows: rows of the request.
            sent_at: `version` when the request was sent.
        """
        scopes = {row.type_scope for row in rows}
        fields = (_scoped_path(clash, scopes) for clash in clashes)
        return any(self._known_since[scope].get(path, 0) > sent_at for scope, path in fields if scope is not None)

    def learn_clashes(self, clashes: Sequence[FieldClash], rows: Iterable[Operation]) -> dict[ScopedPath, str]:
        """Learn from the clashes that Iterable names when it refuses a request with `rows`.

        Returns:
            Types of fields that the project is not known to have: they may be those of values in this request.
        """
        scopes = {row.type_scope for row in rows}
        assumed: dict[ScopedPath, str] = {}
        for clash in clashes:
            scope, path = _scoped_path(clash, scopes)
            if scope is None or clash.expected_type not in TYPES | _ALIASES.keys():
                continue
            expected = _ALIASES.get(clash.expected_type, clash.expected_type)
            if path in self.types_of(scope):
                self.set_types(scope, {path: expected})
            else:
                assumed[scope, path] = expected
            self._fitting.refuse((scope, path), clash.incoming_types, expected)
            self.version += 1
        return assumed

    def require_whole_numbers(self, clashes: Sequence[FieldClash], rows: Iterable[Operation]) -> None:
        """Assume that fields that clashed take whole numbers only, as no value explains the clash otherwise."""
        scopes = {row.type_scope for row in rows}
        for clash in clashes:
            scope, path = _scoped_path(clash, scopes)
            if scope and clash.expected_type == "long":
                self._fitting.require_whole_numbers((scope, path))
        self.version += 1

    def learn_whole_purchase_fields(self, clashes: Sequence[FieldClash]) -> bool:
        """Learn which data fields of purchases hold whole numbers; return whether `clashes` say so of any."""
        whole = {it.field: "long" for it in clashes if (it.category, it.expected_type) == (PURCHASES, "long")}
        if whole:
            self.set_types(PURCHASES, whole)
        return bool(whole)

    def has_clash(self, row: Operation) -> RejectReason | None:
        """Whether a value of `row` does not fit its field."""
        return next(self.clashes(row), None)

    def clashing_rows(self, rows: Collection[Operation]) -> dict[Operation, RejectReason]:
        """Return the rows with a value that does not fit its field; a row is checked once per version of the types."""
        version = self.version
        if {*map(_fits_version, rows)} == {version}:
            return {}
        return {row: why for row in rows if row.fits_version != version and (why := self.has_clash(row))}

    def clashes(self, row: Operation) -> Iterator[RejectReason]:
        """Yield a reject reason for each value of `row` that does not fit its field."""
        types = self._types.get(row.type_scope, {})
        if not types and row.type_scope != USERS:
            return
        fields = row.written_fields
        if self.all_valid(row.type_scope, fields):
            return
        for path, type_ in leaves(fields):
            expected = types.get(path)
            if expected is None:
                self._record_new(row.type_scope, path)
            elif not self.fits(row.type_scope, path, type_, expected):
                reason = f"the field {path!r} is kept as {expected}, and the record holds a {type_}"
                yield RejectReason(CLASH, reason, path)

    def log_new_fields(self) -> None:
        """Log, once for each, the profile fields that are about to be created: no field can be removed again."""
        with self._lock:
            unlogged, self._unlogged = self._unlogged, set()
            count = len(self._types[USERS]) + len(self._untyped)
        if unlogged:
            names = ", ".join(map(repr, nsmallest(_MAX_LISTED_FIELDS, unlogged)))
            names += " ..." if len(unlogged) > _MAX_LISTED_FIELDS else ""
            _logger.info(
                "New profile fields: %s. That makes about %d of the %d of a project.", names, count, MAX_PROFILE_FIELDS
            )

    def _record_new(self, scope: str, path: str) -> frozenset[type]:
        """Record a field without a known type, if it is one of profiles; return the classes of its values: any."""
        if scope == USERS and path not in self._new_fields:
            with self._lock:
                if path not in self._new_fields:
                    self._new_fields.add(path)
                    self._unlogged.add(path)
                    if path not in self._types[scope]:
                        self._untyped.add(path)
                self._valid_classes[scope].setdefault(path, ANY_CLASS)
        return ANY_CLASS

    def fits(self, scope: str, path: str, type_: str, expected: str) -> bool:
        """Whether a value of type `type_` fits a field of type `expected`; see `TypeFitting`."""
        return self._fitting.fits((scope, path), type_, expected)


def _scoped_path(clash: FieldClash, scopes: set[str]) -> tuple[str | None, str]:
    """Resolve the field that an error names as `path`, or for events as `name:::path`, to its scope and path.

    The scope is None if the error may mean fields of several scopes, since a value that fits one need not fit another;
    or if it means other fields than those of profiles, as it may for a purchase, which has both.
    """
    owner, _, path = clash.field.rpartition(SEPARATOR)
    named = event_scope(owner)
    if owner and named in scopes:
        return named, path
    if scopes == {USERS} and clash.category not in ("", USERS):
        return None, path
    return (next(iter(scopes)) if len(scopes) == 1 else None), path
