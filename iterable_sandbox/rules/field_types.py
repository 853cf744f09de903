"""Field types: Iterable fixes the type of a field by its first value, per project or per event name.

The inference is deliberately a second reading of the rules in `target_iterable/field_types`: a sandbox that
shared the target's code could not disprove it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.wire import dates
from iterable_sandbox.wire.fast_check import ALWAYS_VALID, GEO, all_valid
from iterable_sandbox.wire.json_text import without_nulls
from iterable_sandbox.wire.responses import RefusedError, envelope

_FITS: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string", "keyword"),
    "date": ("date", "string", "keyword"),
    "long": ("long", "double"),
    "double": ("double",),
    "boolean": ("boolean",),
    "geo_location": ("geo_location",),
    "object": ("object",),
}
"""Type of a value -> types of fields that take it. Whole numbers fit decimals, dates fit strings."""

SEPARATOR: Final = ":::"
_DROPPED: Final = object()


class Owner(NamedTuple):
    """Owner of a set of fields: all users, all purchases, or the custom events of one name."""

    category: str
    event: str = ""

    @property
    def key(self) -> str:
        """Name of the owner in the store."""
        return f"{self.category}{SEPARATOR}{self.event}" if self.event else self.category

    def label(self, path: str) -> str:
        """Name of a field in an error; for events in the form that a published client expects."""
        return f"{self.event}{SEPARATOR}{path}" if self.event else path


class RequestedFields(NamedTuple):
    """Data fields of one row of a request.

    Attributes:
        owner: owner of the fields.
        fields: names to values, as sent.
        create: `createNewFields`; None leaves it to the project.
        merge: `mergeNestedObjects`: a null in an object removes the field; otherwise it is ignored.
    """

    owner: Owner
    fields: Mapping[str, Any]
    create: bool | None
    merge: bool = False


class _Rules(NamedTuple):
    """Treatment of one row: owner of its fields, whether new fields are created, and whether inner nulls are kept."""

    owner: Owner
    allow: bool
    keep_nulls: bool


USER: Final = Owner("user")
PURCHASE: Final = Owner("purchase")


@lru_cache(1024)
def custom_event(name: str) -> Owner:
    """Owner of the fields of the custom events with a name."""
    return Owner("customEvent", name)


class FieldDraft:
    """Field types as one request leaves them. Nothing is stored before `save`.

    Attributes:
        created: dotted paths of the new fields, in order of appearance.
        filtered: dotted paths of the fields that are left out because they are new.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.created: dict[str, None] = {}
        self.filtered: dict[str, None] = {}
        self._store = store
        self._settings = settings
        self._clashes: dict[str, dict[str, Any]] = {}
        self._known: dict[Owner, dict[str, str]] = {}
        self._new: list[tuple[str, str, str]] = []

    def admit(self, requested: RequestedFields) -> dict[str, Any]:
        """Check the fields of a row and return the ones to store, with dates in their stored form."""
        allow = self._settings.unknown_fields == "allow" if requested.create is None else requested.create
        return self._object(_Rules(requested.owner, allow, requested.merge), "", requested.fields)

    def admit_all(self, rows: Sequence[RequestedFields]) -> list[Mapping[str, Any]]:
        """Check the fields of many rows as `admit` does; the rows of one owner by column, where that is enough."""
        fields: dict[Owner, list[Mapping[str, Any]]] = {}
        for row in rows:
            fields.setdefault(row.owner, []).append(row.fields)
        plain = {owner for owner, given in fields.items() if all_valid(given, self._types(owner))}
        return [row.fields if row.owner in plain else self.admit(row) for row in rows]

    def check(self) -> None:
        """Refuse the request if a value clashes with the type of its field, or if there are too many fields.

        Raises:
            RefusedError: 400 RequestFieldsTypesMismatched, which names every such field, or 400
                UniqueFieldsLimitExceeded.
        """
        self._refuse_clashes()
        self._refuse_excess()

    def include(self, other: FieldDraft) -> None:
        """Add the created and filtered fields of another draft to this one."""
        self.created |= other.created
        self.filtered |= other.filtered

    def forget_failed(self, rows: Sequence[RequestedFields], failed: Collection[int]) -> None:
        """Forget what only rows that failed have created or had left out. `failed` are their places in `rows`."""
        if not failed:
            return
        other = FieldDraft(self._store, self._settings)
        other.admit_all([row for place, row in enumerate(rows) if place not in failed])
        known = {(owner, path) for owner, path, _ in other._new}
        self._new = [new for new in self._new if new[:2] in known]
        self.created = {path: None for path in self.created if path in other.created}
        self.filtered = {path: None for path in self.filtered if path in other.filtered}

    def _refuse_excess(self) -> None:
        """Refuse too many fields. Iterable's text and count are not known; here each category has one count."""
        new = Counter(path_owner.partition(SEPARATOR)[0] for path_owner, _, _ in self._new)
        for category, limit in self._limits().items():
            if new[category] and self._store.fields.count(category) + new[category] > limit:
                msg = f"Project {self._settings.project_id}: more than {limit} unique fields for type '{category}'"
                raise RefusedError(envelope(msg, "UniqueFieldsLimitExceeded", status=400))

    def _limits(self) -> Mapping[str, int]:
        return {USER.category: self._settings.max_user_fields, "customEvent": self._settings.max_event_fields}

    def _refuse_clashes(self) -> None:
        if not self._clashes:
            return
        name, clash = next(iter(self._clashes.items()))
        msg = (
            f"Project {self._settings.project_id}: The request does not have the same data types as the data previously"
            f" submitted. Field '{name}' already exists for type '{clash['category']}' and has a data type of"
            f" '{clash['expectedType']}' but possible types '{', '.join(clash['incomingTypes'])}' in the request."
        )
        params = {"validationErrors": self._clashes}
        raise RefusedError(envelope(msg, "RequestFieldsTypesMismatched", params, 400))

    def save(self) -> None:
        """Store the types of the new fields."""
        if self._new:
            self._store.fields.add(self._new)

    def _object(self, rules: _Rules, prefix: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        types = self._types(rules.owner)
        kept = {}
        for name, value in fields.items():
            path = f"{prefix}{name}"
            expected = types.get(path)
            if _is_always_valid(value, expected):
                admitted = value
            elif expected == "object" and _is_object(path, value):
                admitted = self._nested_value(rules, path, expected, value)
            elif value is None and prefix and not rules.keep_nulls:
                continue
            else:
                admitted = self._value(rules, path, value)
            if admitted is not _DROPPED:
                kept[name] = admitted
        return kept

    def _value(self, rules: _Rules, path: str, value: Any) -> Any:
        types = [self._type_of(path, element) for element in _elements(value)]
        if not types:
            return value
        if not self._is_known(rules, path, types[0]):
            self.filtered[path] = None
            return _DROPPED
        expected = self._types(rules.owner)[path]
        for type_, element in zip(types, _elements(value), strict=True):
            if not self._fits(type_, expected):
                self._clash(rules.owner, path, expected, type_, element)
        return self._nested_value(rules, path, expected, value)

    def _nested_value(self, rules: _Rules, path: str, expected: str, value: Any) -> Any:
        """Value with the fields of its objects checked and its dates in their stored form."""
        if isinstance(value, list):
            return [self._nested_value(rules, path, expected, item) for item in value]
        if isinstance(value, dict) and expected == "object":
            return self._object(rules, f"{path}.", value)
        if isinstance(value, dict) and not rules.keep_nulls:
            return without_nulls(value)
        return dates.stored_form(value) if expected == "date" and isinstance(value, str) else value

    def _is_known(self, rules: _Rules, path: str, type_: str) -> bool:
        owner = rules.owner
        known = self._types(owner)
        if path not in known and rules.allow:
            known[path] = type_
            self.created[path] = None
            self._new.append((owner.key, path, type_))
        return path in known

    def _type_of(self, path: str, value: Any) -> str:
        is_long = self._settings.whole_decimals == "long" and isinstance(value, float) and value.is_integer()
        return "long" if is_long else type_of(path, value)

    def _fits(self, type_: str, expected: str) -> bool:
        decimal_into_long = (type_, expected) == ("double", "long") and self._settings.decimals_into_long == "accept"
        return expected in _FITS[type_] or decimal_into_long

    def _clash(self, owner: Owner, path: str, expected: str, type_: str, value: Any) -> None:
        clash = {
            "incomingTypes": list(_FITS[type_]),
            "expectedType": expected,
            "_type": "UnexpectedType",
            "offendingValue": value,
            "category": owner.category,
        }
        self._clashes.setdefault(owner.label(path), clash)

    def _types(self, owner: Owner) -> dict[str, str]:
        if owner not in self._known:
            self._known[owner] = self._store.fields.of(owner.key)
        return self._known[owner]


def type_of(path: str, value: Any) -> str:
    """Infer the type of a value other than null."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "long"
        case float():
            return "double"
        case str():
            return "date" if dates.is_date(value) else "string"
        case {"lat": int() | float(), "lon": int() | float()} if path.endswith(GEO):
            return "geo_location"
        case _:
            return "object"


def _is_always_valid(value: Any, expected: str | None) -> bool:
    """Whether a value, or each item of an array, is valid by its class alone."""
    if isinstance(value, list):
        return all((item.__class__, expected) in ALWAYS_VALID for item in value)
    return (value.__class__, expected) in ALWAYS_VALID


def _is_object(path: str, value: Any) -> bool:
    """Whether a value, or each item of an array, is an object and cannot hold coordinates."""
    items = value if isinstance(value, list) else (value,)
    return not path.endswith(GEO) and all(isinstance(item, dict) for item in items)


def _elements(value: Any) -> Iterator[Any]:
    """Values that decide on the type: the value itself, or the items of nested arrays. Nulls are skipped."""
    if isinstance(value, list):
        for item in value:
            yield from _elements(item)
    elif value is not None:
        yield value
