"""Field types: Iterable keeps the type of a field's first value for ever, and refuses a whole request for a clash.

Types belong to a scope: the profiles of all users, the events of one name, or a catalog.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from functools import partial
from threading import Lock
from types import NoneType
from typing import Any, Final, TypeAlias

from msgspec import UnsetType

from iterable_api.errors import FieldClash
from iterable_api.facts import timestamps
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

USERS: Final = "user"
MAX_PROFILE_FIELDS: Final = 1000
CLASH: Final = "RequestFieldsTypesMismatched"

_Ask: TypeAlias = Callable[[str], Mapping[str, str] | None]
_Spell: TypeAlias = Callable[[Mapping[str, str], dict[str, Any]], dict[str, Any]]

_SEPARATOR: Final = ":::"
_CATALOG: Final = f"catalog{_SEPARATOR}"
_NAMED: Final = 20
_logger: Final = logging.getLogger("target-iterable")
_BY_CLASS: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (bool, "boolean"),
    (int, "long"),
    ((float, Decimal), "double"),
    (date, "date"),
    (time, "string"),
)
_SAME: Final = {"keyword": "string", "nested": "object"}
_GEO: Final = "_geo_location"
_DATE: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?: \d{2}:\d{2}:\d{2}(?: (?:Z|[+-]\d{2}:?\d{2}))?|T\d{2}:\d{2}:\d{2}\.\d{3}(?:Z|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)


def event_scope(name: str) -> str:
    """The scope of the events of one name."""
    return f"customEvent{_SEPARATOR}{name}"


def catalog_scope(name: str) -> str:
    """The scope of the items of one catalog."""
    return f"{_CATALOG}{name}"


def catalog_of(scope: str) -> str:
    """The catalog whose items a scope is about; empty if it is about none."""
    return scope.removeprefix(_CATALOG) if scope.startswith(_CATALOG) else ""


def is_date(text: str) -> bool:
    """Whether a text makes a date field.

    The contract's support pages name four spellings: a day; a day and a time with or without a zone, after
    blanks; and ISO 8601 with exactly three digits of a second and a zone. All others are texts to Iterable.
    """
    if _DATE.fullmatch(text) is None:
        return False
    return timestamps.parse(text if len(text) > len("yyyy-MM-dd") else f"{text} 00:00:00") is not None


def type_of(name: str, value: object) -> str:
    """The type that Iterable sees in a value which is not null. `name` is that of the field."""
    if isinstance(value, str):
        return "date" if is_date(value) else "string"
    if name.endswith(_GEO) and isinstance(value, dict) and all(_is_number(value.get(axis)) for axis in ("lat", "lon")):
        return "geo_location"
    return next((type_ for classes, type_ in _BY_CLASS if isinstance(value, classes)), "object")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def leaves(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted path and type of every value at any depth; of an array those of its items, of null nothing.

    A place on the map is one value: its latitude and longitude are no fields.
    """
    for name, value in fields.items():
        yield from _leaf(f"{prefix}{name}", value)


def _leaf(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _leaf(path, item)
    elif value is not None:
        type_ = type_of(path, value)
        yield path, type_
        if type_ == "object" and isinstance(value, dict):
            yield from leaves(value, f"{path}.")


class FieldTypes:
    """What is known of the types of fields, for all streams of a run. Threads may share it.

    A type is known if Iterable tells it, or if a request that it has taken made the field; never because a request
    was refused: then the type may be that of a value in this very request, and the project has none.

    Attributes:
        version: grows with what is known: what fits at one version need not be looked at again.
    """

    def __init__(self, ask: _Ask = lambda _: None, spell: _Spell = lambda _, fields: fields) -> None:
        """`ask` reads the types of a scope from Iterable, None where it tells none; `spell` fits fields to types."""
        self.version = 0
        self._ask = ask
        self._spell = spell
        self._types: defaultdict[str, dict[str, str]] = defaultdict(dict)
        # What surely fits, by scope and path: looking at the class of a value is quicker than at the value.
        self._sure: defaultdict[str, dict[str, frozenset[type]]] = defaultdict(dict)
        self._fitting = TypeFitting()
        self._new: dict[str, bool] = {}
        self._lock = Lock()

    def set_types(self, scope: str, types: Mapping[str, str]) -> None:
        """Take over what Iterable says of the fields of a scope."""
        known = {path: _SAME.get(type_, type_) for path, type_ in types.items()}
        self._types[scope] |= known
        self._sure[scope] |= {path: CLASSES_OF.get(type_, ANY_CLASS) for path, type_ in known.items()}
        self.version += 1

    def remove_type(self, scope: str, path: str) -> None:
        """Know nothing of a field any more."""
        self._types[scope].pop(path, None)
        self._sure[scope].pop(path, None)

    def types_of(self, scope: str) -> Mapping[str, str]:
        """Dotted path to type, as far as known."""
        return self._types.get(scope, {})

    def all_valid(self, scope: str, fields: Mapping[str, Any]) -> bool:
        """Whether all values are what Iterable wants them to be, as far as that can be seen at a glance."""
        return all_valid(self._sure.get(scope, {}), report_unknown if scope == USERS else accept_any, fields)

    def rows_to_check(self, scope: str, rows: Sequence[Any]) -> Sequence[int]:
        """The places of those of `rows` that are no fields, or have a value that may not fit."""
        sure, new = self._looking(scope)
        return [place for place, row in enumerate(rows) if row.__class__ is not dict or not all_valid(sure, new, row)]

    def values_to_check(self, scope: str, path: str, column: Sequence[Any]) -> Sequence[int]:
        """The places in `column` of values that may not fit the field at `path`; absent ones are `UNSET`."""
        sure, new = self._looking(scope)
        kinds = {*map(type, column)} - {UnsetType, NoneType}
        if not kinds or kinds <= (classes := sure.get(path) or new(path)) - {dict}:
            return ()
        return [place for place, value in enumerate(column) if not is_valid(sure, new, classes, path, value)]

    def _looking(self, scope: str) -> tuple[dict[str, frozenset[type]], Callable[[str], frozenset[type]]]:
        """What surely fits, and what says so of a new field."""
        return self._sure[scope], partial(self._note_new, scope) if scope == USERS else accept_any

    def refresh(self, scopes: Iterable[str]) -> None:
        """Ask Iterable for the types of fields that may be new since the last time.

        Raises:
            IterableError: if it does not tell.
        """
        for scope in scopes:
            if types := self._ask(scope):
                self.set_types(scope, types)

    def coerced(self, scope: str, fields: dict[str, Any]) -> dict[str, Any]:
        """`fields` in the spelling that their types ask for, where that loses nothing."""
        return self._spell(self.types_of(scope), fields)

    def learn_clashes(self, clashes: Sequence[FieldClash], rows: Iterable[Operation]) -> dict[ScopedPath, str]:
        """Remember what Iterable says of the types of fields that clashed in a request with `rows`.

        The types of fields that the project is not known to have are returned: who has given them must be found out.
        """
        scopes = {row.type_scope for row in rows}
        supposed: dict[ScopedPath, str] = {}
        for clash in clashes:
            scope, path = _place(clash, scopes)
            if scope is None or clash.expected_type not in TYPES | _SAME.keys():
                continue
            expected = _SAME.get(clash.expected_type, clash.expected_type)
            if path in self.types_of(scope):
                self.set_types(scope, {path: expected})
            else:
                supposed[scope, path] = expected
            self._fitting.refuse((scope, path), clash.incoming_types, expected)
            self.version += 1
        return supposed

    def require_whole_numbers(self, clashes: Sequence[FieldClash], rows: Iterable[Operation]) -> None:
        """Take it that the fields hold whole numbers only: no other value explains the clash."""
        scopes = {row.type_scope for row in rows}
        for clash in clashes:
            scope, path = _place(clash, scopes)
            if scope and clash.expected_type == "long":
                self._fitting.require_whole_numbers((scope, path))
        self.version += 1

    def has_clash(self, row: Operation) -> RejectReason | None:
        """Why Iterable would refuse `row`, if a value of it does not fit the type of its field."""
        return next(self.clashes(row), None)

    def clashing_rows(self, rows: Iterable[Operation]) -> dict[Operation, RejectReason]:
        """Those of `rows` that Iterable would refuse, and why."""
        version = self.version
        return {row: why for row in rows if row.fits_version != version and (why := self.has_clash(row))}

    def clashes(self, row: Operation) -> Iterator[RejectReason]:
        """One for each value of `row` that does not fit the type of its field."""
        types = self._types.get(row.type_scope, {})
        if not types and row.type_scope != USERS:
            return
        fields = row.written_fields
        if self.all_valid(row.type_scope, fields):
            return
        for path, type_ in leaves(fields):
            expected = types.get(path)
            if expected is None:
                self._note_new(row.type_scope, path)
            elif not self.fits(row.type_scope, path, type_, expected):
                reason = f"the field {path!r} is kept as {expected}, and the record holds a {type_}"
                yield RejectReason(CLASH, reason, path)

    def log_new_fields(self) -> None:
        """Log, once for each, the profile fields that are about to be created: no field can be removed again."""
        with self._lock:
            new = sorted(path for path, told in self._new.items() if not told)
            self._new |= dict.fromkeys(new, True)
            count = len(self._types[USERS].keys() | self._new)
        if new:
            names = ", ".join(map(repr, new[:_NAMED])) + (" ..." if len(new) > _NAMED else "")
            _logger.info(
                "New profile fields: %s. That makes about %d of the %d of a project.", names, count, MAX_PROFILE_FIELDS
            )

    def _note_new(self, scope: str, path: str) -> frozenset[type]:
        """Note a field without a type, if it counts; of what classes its values may be."""
        if scope == USERS and path not in self._new:
            with self._lock:
                self._new.setdefault(path, False)
                self._sure[scope].setdefault(path, ANY_CLASS)
        return ANY_CLASS

    def fits(self, scope: str, path: str, type_: str, expected: str) -> bool:
        """See `TypeFitting`."""
        return self._fitting.fits((scope, path), type_, expected)


def _place(clash: FieldClash, scopes: set[str]) -> tuple[str | None, str]:
    """Scope and path of a field as an error names it: `path`, or for events `name:::path`.

    None if the error may mean fields of several scopes, for what fits one need not fit another; or if it means
    others than profile fields, as it may of a purchase, which brings both.
    """
    owner, _, path = clash.field.rpartition(_SEPARATOR)
    named = event_scope(owner)
    if owner and named in scopes:
        return named, path
    if scopes == {USERS} and clash.category not in ("", USERS):
        return None, path
    return (next(iter(scopes)) if len(scopes) == 1 else None), path
