"""Reading the routes of the setting `streams`. Keys and values that make no sense are refused by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from iterable_api.facts.identity import ProjectType
from iterable_api.plugin.threshold import Threshold
from target_iterable.config.route import (
    DOTS,
    IDENTIFIERS,
    MIRROR,
    MIRROR_KEYS,
    NOTHING,
    NULLS,
    ON_DELETED,
    ON_UNCONFIRMED,
    REJECT,
    REMOVE,
    SKIP,
    WRITE,
    ObjectSpec,
    Route,
)
from target_iterable.config.setting_error import SettingError, one_of
from target_iterable.config.threshold_settings import parse_threshold
from target_iterable.records.column_selection import ColumnSelection
from target_iterable.records.deletion_marks import is_mark
from target_iterable.records.user_identity import ACCEPTED

_DECLARED: Final = "declared"
_COMPLETE_AT_END: Final = ("false", "true", _DECLARED)
_ON_DELETED_DEFAULTS: Final[Mapping[str, str]] = {MIRROR: REMOVE, REMOVE: REMOVE, "unsubscribe": REMOVE, NOTHING: SKIP}
"""Mode -> default of `on_deleted`; `reject` in all other modes."""


def read_route(spec: ObjectSpec, entry: Mapping[str, Any], setting: str, project_type: ProjectType) -> Route:
    """The route in `entry`, which is the value of `setting`, such as `streams.users`.

    Raises:
        SettingError: for a key or a value that the object, its mode or the type of the project does not allow.
    """
    for key in entry:
        one_of(spec.keys, key, setting, "key")
    mode = one_of(spec.modes, entry.get("mode", spec.modes[0]), f"{setting}.mode")
    _refuse_unused(spec, entry, setting, mode)
    on_removed = _on_removed(spec, entry, setting)
    on_deleted = _on_deleted(spec, entry, setting, mode, on_removed)
    return Route(
        object=spec.name,
        mode=mode,
        identify_by=_identify_by(entry, f"{setting}.identify_by", project_type),
        placeholder_users=_placeholder_users(entry, f"{setting}.placeholder_users", project_type),
        fields=_fields(entry, f"{setting}.fields"),
        selection=_selection(entry, setting, ignores_marks=on_deleted != WRITE),
        defaults=MappingProxyType(dict(entry.get("defaults", {}))),
        empty_as_null=tuple(entry.get("empty_as_null", ())),
        dots_nest=_choice(DOTS, entry, setting, "dots") == "nest",
        nulls_clear=_choice(NULLS, entry, setting, "nulls") == "clear",
        skip_unchanged=entry.get("skip_unchanged", False),
        on_deleted=on_deleted,
        on_removed=on_removed,
        max_removals=_threshold(entry, setting, "max_removals"),
        allow_empty=entry.get("allow_empty", False),
        complete_at_end=_complete_at_end(entry, setting) != "false",
        needs_declared_end=_complete_at_end(entry, setting) == _DECLARED,
        max_shrinkage=_threshold(entry, setting, "max_shrinkage"),
        resend_unconfirmed=_choice(ON_UNCONFIRMED, entry, setting, "on_unconfirmed") == "send",
        options=_options(spec, entry, setting),
    )


def _choice(choices: Sequence[str], entry: Mapping[str, Any], setting: str, key: str) -> str:
    """The value of `key`, which is one of `choices`; the first is the default."""
    return one_of(choices, entry.get(key, choices[0]), f"{setting}.{key}")


def _identify_by(entry: Mapping[str, Any], setting: str, project_type: ProjectType) -> str | None:
    if "identify_by" not in entry:
        return None
    identifier = one_of(IDENTIFIERS, entry["identify_by"], setting)
    if identifier not in ACCEPTED[project_type]:
        raise SettingError(
            f"`{setting}` cannot be {identifier}: `project_type` is {project_type}, where only "
            f"{' and '.join(ACCEPTED[project_type])} identifies users."
        )
    return identifier


def _fields(entry: Mapping[str, Any], setting: str) -> Mapping[str, str | None]:
    fields = dict(entry.get("fields", {}))
    for column, name in fields.items():
        parts = [name] if name is None or entry.get("dots") == "keep" else name.split(".")
        if any(part is not None and not part.strip() for part in parts):
            raise SettingError(
                f"`{setting}.{column}` names no field. To leave the column out, put it into `drop` of the route."
            )
    return MappingProxyType(fields)


def _selection(entry: Mapping[str, Any], setting: str, *, ignores_marks: bool) -> ColumnSelection:
    """The columns that `drop` and `keep_only` select; they must not contradict `fields` and `defaults`.

    With `ignores_marks`, columns that only mark rows as deleted are left out, too.
    """
    if entry.get("keep_only") == []:
        raise SettingError(f"`{setting}.keep_only` is empty, and would keep nothing. Leave it out to keep all columns.")
    drop, keep_only = entry.get("drop", ()), entry.get("keep_only", ())
    selected = ColumnSelection(drop, keep_only)
    for column in entry.get("defaults", {}):
        if not column.strip():
            raise SettingError(
                f"`{setting}.defaults` has a column without a name. It would become a field, which cannot be removed."
            )
    for key in ("fields", "defaults"):
        for column, value in entry.get(key, {}).items():
            if value is not None and not selected.includes(column):
                raise SettingError(
                    f"`{setting}.{key}` names the column {column!r}, which `drop` or `keep_only` of the route leaves "
                    "out. Set only one of the two."
                )
    return ColumnSelection(drop, keep_only, is_mark) if ignores_marks else selected


def _on_deleted(spec: ObjectSpec, entry: Mapping[str, Any], setting: str, mode: str, on_removed: str) -> str:
    removes_nothing = bool(spec.removal_actions) and on_removed == NOTHING
    if "on_deleted" not in entry:
        default = _ON_DELETED_DEFAULTS.get(mode, REJECT)
        return SKIP if default == REMOVE and removes_nothing else default
    chosen = one_of(ON_DELETED, entry["on_deleted"], f"{setting}.on_deleted")
    if chosen == REMOVE and mode not in (spec.modes if spec.removal_actions else spec.removable_modes):
        raise SettingError(
            f"`{setting}.on_deleted` cannot be {REMOVE}: in the mode {mode}, {spec.name} cannot be taken back. "
            f"It can be {', '.join(ON_DELETED[1:])}."
        )
    if chosen == REMOVE and removes_nothing:
        actions = ", ".join(action for action in spec.removal_actions if action != NOTHING)
        raise SettingError(f"`{setting}.on_deleted` is {REMOVE}: set `on_removed`, too, to one of {actions}.")
    return chosen


def _placeholder_users(entry: Mapping[str, Any], setting: str, project_type: ProjectType) -> bool | None:
    if entry.get("placeholder_users") and project_type is not ProjectType.EMAIL:
        raise SettingError(f"`{setting}` makes sense only where `project_type` is {ProjectType.EMAIL}.")
    return entry.get("placeholder_users")


def _on_removed(spec: ObjectSpec, entry: Mapping[str, Any], setting: str) -> str:
    return _choice(spec.removal_actions, entry, setting, "on_removed") if spec.removal_actions else NOTHING


def _complete_at_end(entry: Mapping[str, Any], setting: str) -> str:
    value = str(entry.get("complete_at_end", False)).lower()
    return one_of(_COMPLETE_AT_END, value, f"{setting}.complete_at_end")


def _threshold(entry: Mapping[str, Any], setting: str, key: str) -> Threshold | None:
    return parse_threshold(entry[key], f"{setting}.{key}") if key in entry else None


def _refuse_unused(spec: ObjectSpec, entry: Mapping[str, Any], setting: str, mode: str) -> None:
    """Refuse keys that would have no effect in this mode."""
    used = {"on_removed"} if entry.get("on_deleted") == REMOVE else set()
    for key in entry.keys() & set(MIRROR_KEYS) - used if mode != MIRROR else ():
        also = f", or with `on_deleted: {REMOVE}`" if key == "on_removed" else ""
        raise SettingError(f"`{setting}.{key}` makes sense in the mode {MIRROR} only{also}.")
    if "max_shrinkage" in entry and _complete_at_end(entry, setting) != "true":
        raise SettingError(f"`{setting}.max_shrinkage` makes sense with `complete_at_end: true` only.")
    for key in spec.options.keys() & entry.keys():
        modes = spec.options[key].modes
        if modes and mode not in modes:
            raise SettingError(f"`{setting}.{key}` makes sense in the mode {' and '.join(modes)} only.")


def _options(spec: ObjectSpec, entry: Mapping[str, Any], setting: str) -> Mapping[str, Any]:
    options = {key: entry[key] for key in spec.options if key in entry}
    for key, value in options.items():
        if not spec.options[key].fits(value):
            raise SettingError(f"`{setting}.{key}` must be {spec.options[key].must_be}, not {value!r}.")
    if len(given := sorted(spec.exclusive_options & options.keys())) > 1:
        raise SettingError(f"`{setting}` can have only one of {', '.join(given)}.")
    return MappingProxyType(options)
