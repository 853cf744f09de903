"""Routes, and the specs of objects, which say what routes to them may contain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from iterable_api.plugin.threshold import Threshold
from target_iterable.core.operation import Endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import ColumnMapping, Row
from target_iterable.records.column_selection import EVERYTHING, ColumnSelection

IDENTIFIERS: Final = ("email", "userId")
"""Values of `identify_by`."""

MIRROR: Final = "mirror"
NOTHING: Final = "nothing"
CLEAR: Final = "clear"
REMOVE: Final = "remove"
SKIP: Final = "skip"
REJECT: Final = "reject"
WRITE: Final = "write"

DOTS: Final = ("nest", "keep")
"""Values of `dots`, the default first."""
NULLS: Final = ("clear", "keep")
"""Values of `nulls`, the default first."""
ON_DELETED: Final = (REMOVE, SKIP, REJECT, WRITE)
"""Values of `on_deleted`; the default depends on the mode."""
ON_UNCONFIRMED: Final = ("reject", "send")
"""Values of `on_unconfirmed`, the default first."""
DESTRUCTIVE: Final = frozenset({"delete", "forget"})
"""Values of `on_removed` that cannot be undone."""
MIRROR_KEYS: Final = ("on_removed", "max_removals", "allow_empty", "complete_at_end", "max_shrinkage")
"""Keys of a route that only objects with the mode `mirror` have."""
_REMOVING_MODES: Final = frozenset({MIRROR, REMOVE, "merge", *DESTRUCTIVE})
_REMOVING_OPTIONS: Final = ("member_column", "managed_lists")


@dataclass(frozen=True)
class Option:
    """An option of an object.

    Attributes:
        kind: the class of its values: `str`, `bool`, `int` for an id, or `list` for texts.
        must_be: what a value must be, in words, for errors and for the documentation.
        pattern: the regular expression that all of a text must match.
        modes: the modes that have the option; empty for all of them.
    """

    kind: type
    must_be: str
    pattern: str = r".*\S.*"
    modes: tuple[str, ...] = ()

    def fits(self, value: object) -> bool:
        """Whether `value` may be set."""
        if isinstance(value, str):
            return self.kind is str and re.fullmatch(self.pattern, value, re.DOTALL) is not None
        if isinstance(value, list):
            return self.kind is list and bool(value) and all(isinstance(item, str) and item.strip() for item in value)
        # All whole numbers are ids.
        return type(value) is self.kind and not (isinstance(value, int) and value < 0)


@dataclass(frozen=True)
class ObjectSpec:
    """The keys and values that routes to one object may have.

    Attributes:
        name: the value of `object`.
        streams: names of streams that go to the object by default.
        modes: values of `mode`, the default first.
        describes_state: rows describe a state, not an event; allows `skip_unchanged`.
        concerns_users: each row is about a user; allows `identify_by`.
        creates_users: rows can create users without an address; allows `placeholder_users`.
        clears_fields: a null in a row can clear a field; allows `nulls`.
        once_per_key: the effect of a row happens once for each key of the stream; needs the ledger.
        endpoints: the endpoints of that effect; allows `on_unconfirmed` if one of them is not repeatable.
        removal_actions: values of `on_removed`, the default first; allows `MIRROR_KEYS`, and `on_deleted: remove` in
            all modes.
        removable_modes: without `removal_actions`, the modes that allow `on_deleted: remove`.
        permission: the setting that must be true, because the effect cannot be undone; empty for none.
        options: the object's own options, by name.
        exclusive_options: options of which a route may have only one.
    """

    name: str
    streams: tuple[str, ...]
    modes: tuple[str, ...]
    describes_state: bool = True
    concerns_users: bool = True
    creates_users: bool = False
    clears_fields: bool = False
    once_per_key: bool = False
    endpoints: tuple[Endpoint, ...] = ()
    removal_actions: tuple[str, ...] = ()
    removable_modes: tuple[str, ...] = ()
    permission: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    exclusive_options: frozenset[str] = frozenset()

    @property
    def has_unrepeatable_effect(self) -> bool:
        """Whether sending a row twice would do harm, so that `on_unconfirmed` is allowed."""
        return not all(endpoint.repeatable for endpoint in self.endpoints)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that a route to the object may have."""
        conditional = {
            "skip_unchanged": self.describes_state,
            "on_unconfirmed": self.has_unrepeatable_effect,
            "identify_by": self.concerns_users,
            "placeholder_users": self.creates_users,
            "nulls": self.clears_fields,
        }
        return (
            "object",
            "mode",
            "fields",
            "drop",
            "keep_only",
            "defaults",
            "empty_as_null",
            "dots",
            "on_deleted",
            *(key for key, is_allowed in conditional.items() if is_allowed),
            *(MIRROR_KEYS if self.removal_actions else ()),
            *self.options,
        )


@dataclass(frozen=True)
class Route:
    """A route, checked: where the records of a stream go, and how they are written.

    Attributes:
        object: the name of the object.
        mode: one of the object's modes.
        identify_by: `email` or `userId`; None for the default of the project's type.
        placeholder_users: whether records without an address create users of an email-based project; None for the
            value of the setting.
        fields: column -> field of Iterable; None drops the column.
        selection: which of the other columns are written.
        defaults: column -> value where the record has none.
        empty_as_null: globs of the columns in which an empty text is a null.
        dots_nest: whether a dot in a field's name leads into an object.
        nulls_clear: whether nulls are sent, and clear the field; otherwise they are left out.
        skip_unchanged: whether records that equal what was last accepted are not sent.
        on_deleted: what is done with rows that the source has deleted: one of `ON_DELETED`.
        on_removed: what removing means, in the mode `mirror` and with `on_deleted: remove`.
        max_removals: how much a mirror may remove at once; None for the value of the setting.
        allow_empty: whether a source without records is valid.
        complete_at_end: whether the end of the input means that the whole stream was read.
        needs_declared_end: whether the tap must declare that end.
        max_shrinkage: how many fewer records than before may come if the tap need not declare its end; None for the
            default.
        resend_unconfirmed: whether records are sent although they may have taken effect already, and must not twice.
        options: the object's own options, checked.
    """

    object: str
    mode: str
    identify_by: str | None = None
    placeholder_users: bool | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict)
    selection: ColumnSelection = EVERYTHING
    defaults: Mapping[str, Any] = field(default_factory=dict)
    empty_as_null: tuple[str, ...] = ()
    dots_nest: bool = True
    nulls_clear: bool = True
    skip_unchanged: bool = False
    on_deleted: str = REJECT
    on_removed: str = NOTHING
    max_removals: Threshold | None = None
    allow_empty: bool = False
    complete_at_end: bool = False
    needs_declared_end: bool = False
    max_shrinkage: Threshold | None = None
    resend_unconfirmed: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def columns(self, schema: Mapping[str, Any]) -> ColumnMapping:
        """The mapping of the columns of a stream with this schema."""
        return ColumnMapping(
            schema,
            self.fields,
            self.defaults,
            nest=self.dots_nest,
            selection=self.selection,
            empty_as_null=self.empty_as_null,
        )

    def cleared(self, schema: Mapping[str, Any]) -> Row:
        """A row with null for each column; empty if two columns share a name: no record is accepted then."""
        with suppress(RecordRejectedError):
            columns = ColumnMapping({}, self.fields, nest=self.dots_nest, selection=self.selection)
            return columns.row(dict.fromkeys(schema.get("properties", {})))
        return {}

    @property
    def may_remove(self) -> bool:
        """Whether the route may remove something from Iterable."""
        return (
            self.mode in _REMOVING_MODES
            or self.on_deleted == REMOVE
            or not self.options.keys().isdisjoint(_REMOVING_OPTIONS)
        )
