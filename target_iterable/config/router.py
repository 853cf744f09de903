"""Which object of Iterable a stream is written to, and how.

By default the name of the stream decides: its last part after a dash, because database taps call
streams `schema-table`. The setting `streams` overrules that: glob on the stream's name -> route.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final

from iterable_api.facts.identity import ProjectType
from target_iterable.config.route import DESTRUCTIVE, MIRROR, ObjectSpec, Route, read_route
from target_iterable.config.setting_error import SettingError, did_you_mean, one_of

_GLOB: Final = frozenset("*?[")


class Router:
    """All routes, checked at once. `allowed` are the settings that are on of those that objects need.

    `otherwise` are routes for streams that none of `streams` fits.

    Raises:
        SettingError: for a route that makes no sense or is not allowed.
    """

    def __init__(
        self,
        streams: Mapping[str, Mapping[str, Any]],
        objects: Iterable[ObjectSpec],
        project_type: ProjectType,
        allowed: Collection[str] = (),
        otherwise: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        self._project_type = project_type
        self._allowed = allowed
        self._objects = {spec.name: spec for spec in objects}
        self._by_stream = {stream: spec for spec in self._objects.values() for stream in spec.streams}
        self._routes = {pattern: self._read(pattern, entry) for pattern, entry in streams.items()}
        self._otherwise = {pattern: self._read(pattern, entry) for pattern, entry in otherwise.items()}
        self._came: dict[str, str | None] = {}
        self._columns: dict[str, set[str]] = {}

    def route(self, stream: str) -> Route:
        """The route of exactly this name, else of the first glob that fits, else by the name itself.

        Raises:
            SettingError: if nothing says where the stream belongs, or what it asks for is not allowed.
        """
        if (pattern := _fitting(stream, self._routes)) is not None:
            self._came[stream] = pattern
            return self._routes[pattern]
        self._came[stream] = None
        if (pattern := _fitting(stream, self._otherwise)) is not None:
            return self._otherwise[pattern]
        if (spec := self._by_name(stream)) is not None:
            self._check_allowed(spec, f"The stream {stream!r}")
            return read_route(spec, {}, f"streams.{stream}", self._project_type)
        raise SettingError(
            f"Nothing says what the stream {stream!r} is in Iterable. Put it into the setting `streams`, for example "
            f'{{"{stream}": {{"object": "users"}}}}. The object can be {", ".join(self._objects)}.'
        )

    def mark_seen(self, stream: str, columns: Iterable[str]) -> None:
        """Note the columns of a stream that has come."""
        if (pattern := self._came.get(stream)) is not None:
            self._columns.setdefault(pattern, set()).update(columns)

    def unused_routes(self) -> Iterator[str]:
        """What to say of entries of the setting, and in their options, that were for nothing, after streams came."""
        for pattern in self._routes.keys() - self._came.values() if self._came else ():
            yield f"`streams.{pattern}` was for none of the streams that came: {', '.join(self._came)}."
        for pattern, columns in self._columns.items():
            for column in self._routes[pattern].fields.keys() - columns:
                hint = did_you_mean(column, columns)
                yield f"`streams.{pattern}.fields` names {column!r}, which is no column of the stream's schema.{hint}"
            for option, globs in self._routes[pattern].selection.unused_columns(columns).items():
                for glob in globs:
                    hint = did_you_mean(glob, columns)
                    yield f"`streams.{pattern}.{option}` has {glob!r}, which fits no column of the schema.{hint}"

    def absent_mirrors(self) -> dict[str, Route]:
        """Routes of mirrored streams that did not come, as far as the settings have their very names."""
        return {
            pattern: route
            for pattern, route in self._routes.items()
            if route.mode == MIRROR and pattern not in self._came and not _GLOB.intersection(pattern)
        }

    @property
    def may_remove(self) -> bool:
        """Whether a route of the settings may take something away from Iterable."""
        return any(route.may_remove for route in self._routes.values())

    @property
    def needs_ledger(self) -> bool:
        """Whether a route of the settings asks what was accepted before."""
        return self.must_remember or any(route.skip_unchanged for route in self._routes.values())

    @property
    def must_remember(self) -> bool:
        """Whether a route of the settings would do harm if it did not know earlier runs."""
        return any(route.mode == MIRROR or self.is_once_per_key(route) for route in self._routes.values())

    def is_once_per_key(self, route: Route) -> bool:
        """Whether the records of the route make something happen that happens once for each key."""
        return self._objects[route.object].once_per_key

    def _read(self, pattern: str, entry: Mapping[str, Any]) -> Route:
        entry = {key: value for key, value in entry.items() if value is not None}
        spec = self._spec(pattern, entry)
        self._check_allowed(spec, f"`streams.{pattern}`")
        route = read_route(spec, entry, f"streams.{pattern}", self._project_type)
        if route.on_removed in DESTRUCTIVE and "allow_destructive" not in self._allowed:
            raise SettingError(
                f"`streams.{pattern}.on_removed` is {route.on_removed}, which cannot be taken back: "
                "set `allow_destructive` to true."
            )
        return route

    def _spec(self, pattern: str, entry: Mapping[str, Any]) -> ObjectSpec:
        if "object" in entry:
            return self._objects[one_of(self._objects, entry["object"], f"streams.{pattern}.object")]
        if (spec := self._by_name(pattern)) is not None:
            return spec
        raise SettingError(f"`streams.{pattern}` needs an `object`: {', '.join(self._objects)}.")

    def _check_allowed(self, spec: ObjectSpec, what: str) -> None:
        """Nothing is deleted and nobody is written to by accident."""
        if spec.needs and spec.needs not in self._allowed:
            raise SettingError(f"{what} is for {spec.name}, which cannot be taken back: set `{spec.needs}` to true.")

    def _by_name(self, stream: str) -> ObjectSpec | None:
        return self._by_stream.get(stream.rsplit("-", 1)[-1])


def _fitting(stream: str, patterns: Iterable[str]) -> str | None:
    """The stream's very name, or else the first glob that fits."""
    exact_first = sorted(patterns, key=lambda pattern: pattern != stream)
    return next((pattern for pattern in exact_first if pattern == stream or fnmatchcase(stream, pattern)), None)
