"""What a route may say, by object, and the check of what one says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from iterable_api.facts.identity import ProjectType
from target_iterable.config.setting_error import SettingError, one_of
from target_iterable.core.operation import Endpoint
from target_iterable.core.threshold import Threshold
from target_iterable.records.column_selection import EVERYTHING, ColumnSelection
from target_iterable.records.tombstones import is_mark
from target_iterable.records.user_identity import ACCEPTED

IDENTIFIERS: Final = ("email", "userId")
UNCONFIRMED: Final = ("reject", "send")
MIRROR: Final = "mirror"
NOTHING: Final = "nothing"
CLEAR: Final = "clear"
REMOVE: Final = "remove"
DESTRUCTIVE: Final = frozenset({"delete", "forget"})
"""What to do with users who have left the source, and cannot be taken back."""
_OF_MIRRORS: Final = ("on_removed", "max_removals", "allow_empty", "complete_at_end", "max_shrinkage")
DECLARED: Final = "declared"
_MAY_REMOVE: Final = frozenset({MIRROR, REMOVE, "merge", *DESTRUCTIVE})
_ENDS: Final = ("false", "true", DECLARED)
SKIP: Final = "skip"
REJECT: Final = "reject"
WRITE: Final = "write"
ON_DELETED: Final = (REMOVE, SKIP, REJECT, WRITE)
_ON_DELETED_IN: Final[Mapping[str, str]] = {MIRROR: REMOVE, REMOVE: REMOVE, "unsubscribe": REMOVE, NOTHING: SKIP}
"""By mode: what is done by default with rows that the source has deleted. In all other modes they are rejected."""
DOTS: Final = ("nest", "keep")
NULLS: Final = ("clear", "keep")


@dataclass(frozen=True)
class Option:
    """An option of an object: its type, what it must be, and the whole pattern that a text must match.

    Attributes:
        modes: those that it makes sense in; none are all.
    """

    kind: type
    must_be: str
    pattern: str = r".*\S.*"
    modes: tuple[str, ...] = ()

    def fits(self, value: object) -> bool:
        """Whether `value` may be set."""
        if isinstance(value, str):
            return self.kind is str and re.fullmatch(self.pattern, value, re.DOTALL) is not None
        # All whole numbers are ids.
        return type(value) is self.kind and not (isinstance(value, int) and value < 0)


@dataclass(frozen=True)
class ObjectSpec:
    """What a route to one object may say.

    Attributes:
        streams: names of streams that go to the object by default.
        modes: what can be done to the object; the first is the default.
        of_state: whether rows say how something is, and not what has happened, so that `skip_unchanged` makes sense.
        of_users: whether rows belong to a user, so that `identify_by` makes sense.
        makes_users: whether rows can make users without an address, so that `placeholder_users` makes sense.
        once_per_key: whether rows make something happen, once for each key.
        endpoints: those that make it happen.
        removals: what can be done with what has left the source; the first is the default in the mode `mirror`.
        removes_in: the modes in which a row that the source has deleted can be removed, if there are no `removals`.
        clears: whether rows hold fields that a null clears, so that `nulls` makes sense.
        needs: a setting that must be true before anything is sent, because it cannot be taken back.
        options: the object's own options.
        either: options of which a route may have only one.
    """

    name: str
    streams: tuple[str, ...]
    modes: tuple[str, ...]
    of_state: bool = True
    of_users: bool = True
    makes_users: bool = False
    once_per_key: bool = False
    endpoints: tuple[Endpoint, ...] = ()
    removals: tuple[str, ...] = ()
    removes_in: tuple[str, ...] = ()
    clears: bool = False
    needs: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    either: frozenset[str] = frozenset()

    @property
    def happens_at_most_once(self) -> bool:
        """Whether what rows make happen must not happen again, so that `on_unconfirmed` makes sense."""
        return not all(endpoint.repeatable for endpoint in self.endpoints)

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that a route to the object may have."""
        conditional = {
            "skip_unchanged": self.of_state,
            "on_unconfirmed": self.happens_at_most_once,
            "identify_by": self.of_users,
            "placeholder_users": self.makes_users,
            "nulls": self.clears,
        }
        return (
            "object",
            "mode",
            "fields",
            "drop",
            "keep_only",
            "defaults",
            "dots",
            "on_deleted",
            *(key for key, has in conditional.items() if has),
            *(_OF_MIRRORS if self.removals else ()),
            *self.options,
        )


@dataclass(frozen=True)
class Route:
    """Where the records of a stream go.

    Attributes:
        identify_by: `email`, `userId`, or None for what the project's type asks for.
        placeholders: whether records without an address make users of an email-based project; None for what the
            setting says.
        fields: column -> field of Iterable; None drops the column.
        selection: which columns travel, apart from that.
        defaults: column -> value where the record has none.
        nests: whether a dot in a field's name leads into an object.
        clears: whether a null is sent, and clears the field; else it is left out.
        skip_unchanged: whether records that equal what was last accepted stay here.
        on_deleted: what is done with rows that the source has deleted: one of `ON_DELETED`.
        on_removed: what removing is: in the mode `mirror`, and where `on_deleted` says `remove`.
        max_removals: how much may be removed so at once; None for what the setting says.
        allow_empty: whether a source without one record is right.
        complete_at_end: whether the end of the input says that all of the stream has come.
        end_declared: whether the tap must declare that end.
        max_shrinkage: how many fewer records than before may come where it does not; None for the default.
        resend: whether what must not happen twice is sent, too, when nobody knows whether it has happened.
        options: the object's own, checked.
    """

    object: str
    mode: str
    identify_by: str | None = None
    placeholders: bool | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict)
    selection: ColumnSelection = EVERYTHING
    defaults: Mapping[str, Any] = field(default_factory=dict)
    nests: bool = True
    clears: bool = True
    skip_unchanged: bool = False
    on_deleted: str = REJECT
    on_removed: str = NOTHING
    max_removals: Threshold | None = None
    allow_empty: bool = False
    complete_at_end: bool = False
    end_declared: bool = False
    max_shrinkage: Threshold | None = None
    resend: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def may_remove(self) -> bool:
        """Whether something may be taken away from Iterable."""
        return self.mode in _MAY_REMOVE or self.on_deleted == REMOVE or "member_column" in self.options


def read_route(spec: ObjectSpec, entry: Mapping[str, Any], place: str, project_type: ProjectType) -> Route:
    """The route that `entry` of the setting `place` describes.

    Raises:
        SettingError: for a key or a value that the object, its mode or the type of the project does not know.
    """
    for key in entry:
        one_of(spec.keys, key, place, "key")
    mode = one_of(spec.modes, entry.get("mode", spec.modes[0]), f"{place}.mode")
    _refuse_misplaced(spec, entry, place, mode)
    on_removed = _on_removed(spec, entry, place)
    on_deleted = _on_deleted(spec, entry, place, mode, on_removed)
    return Route(
        object=spec.name,
        mode=mode,
        identify_by=_identifier(entry, f"{place}.identify_by", project_type),
        placeholders=_placeholders(entry, f"{place}.placeholder_users", project_type),
        fields=_fields(entry, f"{place}.fields"),
        selection=_selection(entry, place, leaves_marks_out=on_deleted != WRITE),
        defaults=MappingProxyType(dict(entry.get("defaults", {}))),
        nests=one_of(DOTS, entry.get("dots", DOTS[0]), f"{place}.dots") == "nest",
        clears=one_of(NULLS, entry.get("nulls", NULLS[0]), f"{place}.nulls") == "clear",
        skip_unchanged=entry.get("skip_unchanged", False),
        on_deleted=on_deleted,
        on_removed=on_removed,
        max_removals=_threshold(entry, place, "max_removals"),
        allow_empty=entry.get("allow_empty", False),
        complete_at_end=_at_end(entry, place) != "false",
        end_declared=_at_end(entry, place) == DECLARED,
        max_shrinkage=_threshold(entry, place, "max_shrinkage"),
        resend=one_of(UNCONFIRMED, entry.get("on_unconfirmed", UNCONFIRMED[0]), f"{place}.on_unconfirmed") == "send",
        options=_options(spec, entry, place),
    )


def _identifier(entry: Mapping[str, Any], place: str, project_type: ProjectType) -> str | None:
    if "identify_by" not in entry:
        return None
    identifier = one_of(IDENTIFIERS, entry["identify_by"], place)
    if identifier not in ACCEPTED[project_type]:
        raise SettingError(
            f"`{place}` cannot be {identifier}: `project_type` is {project_type}, and there only "
            f"{' and '.join(ACCEPTED[project_type])} identifies users."
        )
    return identifier


def _fields(entry: Mapping[str, Any], place: str) -> Mapping[str, str | None]:
    fields = dict(entry.get("fields", {}))
    for column, name in fields.items():
        parts = [name] if name is None or entry.get("dots") == "keep" else name.split(".")
        if any(part is not None and not part.strip() for part in parts):
            raise SettingError(
                f"`{place}.{column}` names no field. To leave the column out, put it into `drop` of the route."
            )
    return MappingProxyType(fields)


def _selection(entry: Mapping[str, Any], place: str, *, leaves_marks_out: bool) -> ColumnSelection:
    """What `drop` and `keep_only` choose; never against what `fields` and `defaults` say."""
    if entry.get("keep_only") == []:
        raise SettingError(f"`{place}.keep_only` is empty, and would keep nothing. Leave it out to keep all columns.")
    drop, keep_only = entry.get("drop", ()), entry.get("keep_only", ())
    chosen = ColumnSelection(drop, keep_only)
    for column in entry.get("defaults", {}):
        if not column.strip():
            raise SettingError(f"`{place}.defaults` has a column without a name, which would become a field for ever.")
    for key in ("fields", "defaults"):
        for column, said in entry.get(key, {}).items():
            if said is not None and not chosen.includes(column):
                raise SettingError(
                    f"`{place}.{key}` names the column {column!r}, which `drop` or `keep_only` of the route leaves "
                    "out. Say only one of both."
                )
    return ColumnSelection(drop, keep_only, is_mark) if leaves_marks_out else chosen


def _on_deleted(spec: ObjectSpec, entry: Mapping[str, Any], place: str, mode: str, on_removed: str) -> str:
    is_for_nothing = bool(spec.removals) and on_removed == NOTHING
    if "on_deleted" not in entry:
        default = _ON_DELETED_IN.get(mode, REJECT)
        return SKIP if default == REMOVE and is_for_nothing else default
    chosen = one_of(ON_DELETED, entry["on_deleted"], f"{place}.on_deleted")
    if chosen == REMOVE and mode not in (spec.modes if spec.removals else spec.removes_in):
        raise SettingError(
            f"`{place}.on_deleted` cannot be {REMOVE}: in the mode {mode}, {spec.name} cannot be taken back. "
            f"It can be {', '.join(ON_DELETED[1:])}."
        )
    if chosen == REMOVE and is_for_nothing:
        removals = ", ".join(removal for removal in spec.removals if removal != NOTHING)
        raise SettingError(f"`{place}.on_deleted` is {REMOVE}: say by `on_removed` what that means: {removals}.")
    return chosen


def _placeholders(entry: Mapping[str, Any], place: str, project_type: ProjectType) -> bool | None:
    if entry.get("placeholder_users") and project_type is not ProjectType.EMAIL:
        raise SettingError(f"`{place}` makes sense only where `project_type` is {ProjectType.EMAIL}.")
    return entry.get("placeholder_users")


def _on_removed(spec: ObjectSpec, entry: Mapping[str, Any], place: str) -> str:
    if not spec.removals:
        return NOTHING
    return one_of(spec.removals, entry.get("on_removed", spec.removals[0]), f"{place}.on_removed")


def _at_end(entry: Mapping[str, Any], place: str) -> str:
    return one_of(_ENDS, str(entry.get("complete_at_end", False)).lower(), f"{place}.complete_at_end")


def _threshold(entry: Mapping[str, Any], place: str, key: str) -> Threshold | None:
    try:
        return Threshold.parse(str(entry[key])) if key in entry else None
    except ValueError as error:
        raise SettingError(f"`{place}.{key}` {error}.") from None


def _refuse_misplaced(spec: ObjectSpec, entry: Mapping[str, Any], place: str, mode: str) -> None:
    """Refuse options that do nothing in this mode."""
    removes = {"on_removed"} if entry.get("on_deleted") == REMOVE else set()
    for key in entry.keys() & set(_OF_MIRRORS) - removes if mode != MIRROR else ():
        also = f", or with `on_deleted: {REMOVE}`" if key == "on_removed" else ""
        raise SettingError(f"`{place}.{key}` makes sense in the mode {MIRROR} only{also}.")
    if "max_shrinkage" in entry and _at_end(entry, place) != "true":
        raise SettingError(f"`{place}.max_shrinkage` makes sense with `complete_at_end: true` only.")
    for key in spec.options.keys() & entry.keys():
        modes = spec.options[key].modes
        if modes and mode not in modes:
            raise SettingError(f"`{place}.{key}` makes sense in the mode {' and '.join(modes)} only.")


def _options(spec: ObjectSpec, entry: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    options = {key: entry[key] for key in spec.options if key in entry}
    for key, value in options.items():
        if not spec.options[key].fits(value):
            raise SettingError(f"`{place}.{key}` must be {spec.options[key].must_be}, not {value!r}.")
    if len(rivals := sorted(spec.either & options.keys())) > 1:
        raise SettingError(f"`{place}` can have only one of {', '.join(rivals)}.")
    return MappingProxyType(options)
