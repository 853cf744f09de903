"""What a route may say, by object, and the check of what one says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from iterable_api.identity import ProjectType
from target_iterable.delivery.allowance import Allowance
from target_iterable.identities import ACCEPTED
from target_iterable.setting_error import SettingError, one_of

IDENTIFIERS: Final = ("email", "userId")
UNCONFIRMED: Final = ("reject", "send")
MIRROR: Final = "mirror"
NOTHING: Final = "nothing"
CLEAR: Final = "clear"
REMOVE: Final = "remove"
DESTRUCTIVE: Final = frozenset({"delete", "forget"})
"""What to do with users who have left the source, and cannot be taken back."""
_OF_MIRRORS: Final = ("on_removed", "max_removals", "complete_at_end")
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
        repeatable: whether that could happen again without harm; if not, `on_unconfirmed` makes sense.
        removals: what the mode `mirror` can do with what has left the source; the first is the default.
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
    repeatable: bool = True
    removals: tuple[str, ...] = ()
    clears: bool = False
    needs: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    either: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that a route to the object may have."""
        conditional = {
            "skip_unchanged": self.of_state,
            "on_unconfirmed": self.once_per_key and not self.repeatable,
            "identify_by": self.of_users,
            "placeholder_users": self.makes_users,
            "nulls": self.clears,
        }
        return (
            "object",
            "mode",
            "fields",
            "defaults",
            "dots",
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
        defaults: column -> value where the record has none.
        nests: whether a dot in a field's name leads into an object.
        clears: whether a null is sent, and clears the field; else it is left out.
        skip_unchanged: whether records that equal what was last accepted stay here.
        on_removed: what is done with what has left the source, in the mode `mirror`.
        max_removals: how much may be removed so at once; None for what the setting says.
        complete_at_end: whether the end of the input says that all of the stream has come.
        resend: whether what must not happen twice is sent, too, when nobody knows whether it has happened.
        options: the object's own, checked.
    """

    object: str
    mode: str
    identify_by: str | None = None
    placeholders: bool | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    nests: bool = True
    clears: bool = True
    skip_unchanged: bool = False
    on_removed: str = NOTHING
    max_removals: Allowance | None = None
    complete_at_end: bool = False
    resend: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


def read_route(spec: ObjectSpec, entry: Mapping[str, Any], place: str, project_type: ProjectType) -> Route:
    """The route that `entry` of the setting `place` describes.

    Raises:
        SettingError: for a key or a value that the object, its mode or the type of the project does not know.
    """
    for key in entry:
        one_of(spec.keys, key, place, "key")
    mode = one_of(spec.modes, entry.get("mode", spec.modes[0]), f"{place}.mode")
    _refuse_misplaced(spec, entry, place, mode)
    return Route(
        object=spec.name,
        mode=mode,
        identify_by=_identifier(entry, f"{place}.identify_by", project_type),
        placeholders=_placeholders(entry, f"{place}.placeholder_users", project_type),
        fields=MappingProxyType(dict(entry.get("fields", {}))),
        defaults=MappingProxyType(dict(entry.get("defaults", {}))),
        nests=one_of(DOTS, entry.get("dots", DOTS[0]), f"{place}.dots") == "nest",
        clears=one_of(NULLS, entry.get("nulls", NULLS[0]), f"{place}.nulls") == "clear",
        skip_unchanged=entry.get("skip_unchanged", False),
        on_removed=_on_removed(spec, entry, place),
        max_removals=_max_removals(entry, f"{place}.max_removals"),
        complete_at_end=entry.get("complete_at_end", False),
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


def _placeholders(entry: Mapping[str, Any], place: str, project_type: ProjectType) -> bool | None:
    if entry.get("placeholder_users") and project_type is not ProjectType.EMAIL:
        raise SettingError(f"`{place}` makes sense only where `project_type` is {ProjectType.EMAIL}.")
    return entry.get("placeholder_users")


def _on_removed(spec: ObjectSpec, entry: Mapping[str, Any], place: str) -> str:
    if not spec.removals:
        return NOTHING
    return one_of(spec.removals, entry.get("on_removed", spec.removals[0]), f"{place}.on_removed")


def _max_removals(entry: Mapping[str, Any], place: str) -> Allowance | None:
    try:
        return Allowance.parse(str(entry["max_removals"])) if "max_removals" in entry else None
    except ValueError as error:
        raise SettingError(f"`{place}` {error}.") from None


def _refuse_misplaced(spec: ObjectSpec, entry: Mapping[str, Any], place: str, mode: str) -> None:
    """Refuse options that do nothing in this mode."""
    for key in entry.keys() & set(_OF_MIRRORS) if mode != MIRROR else ():
        raise SettingError(f"`{place}.{key}` makes sense in the mode {MIRROR} only.")
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
