"""Finds the route of each stream.

The setting `streams` has them: glob on the stream's name -> route. A stream that no glob matches goes by its name, of
which only the part after the last dash counts: database taps call streams `schema-table`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final

from iterable_api.facts.identity import ProjectType
from target_iterable.config.route import DESTRUCTIVE, MIRROR, ObjectSpec, Route
from target_iterable.config.route_parsing import read_route
from target_iterable.config.setting_error import SettingError, did_you_mean, one_of

_WILDCARDS: Final = frozenset("*?[")


class Router:
    """The routes of a run. All of them are checked at the start.

    Args:
        streams: the setting `streams`.
        objects: the specs of all objects.
        project_type: the type of the project.
        permissions: the settings among `PERMISSIONS` that are true.
        fallbacks: routes for streams that no glob of `streams` matches.

    Raises:
        SettingError: for a route that makes no sense or is not allowed.
    """

    def __init__(
        self,
        streams: Mapping[str, Mapping[str, Any]],
        objects: Iterable[ObjectSpec],
        project_type: ProjectType,
        permissions: Collection[str] = (),
        fallbacks: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        self._project_type = project_type
        self._permissions = permissions
        self._objects = {spec.name: spec for spec in objects}
        self._spec_by_stream = {stream: spec for spec in self._objects.values() for stream in spec.streams}
        self._routes = {pattern: self._read(pattern, entry) for pattern, entry in streams.items()}
        self._fallbacks = {pattern: self._read(pattern, entry) for pattern, entry in fallbacks.items()}
        # Streams that were read -> the glob that matched, if one did; and the columns of all streams of a glob.
        self._pattern_by_stream: dict[str, str | None] = {}
        self._columns: dict[str, set[str]] = {}

    def route(self, stream: str) -> Route:
        """The route of the stream: under its exact name, under the first glob that matches, or by its name.

        Raises:
            SettingError: if there is none, or its object is not allowed.
        """
        if (pattern := _matching(stream, self._routes)) is not None:
            self._pattern_by_stream[stream] = pattern
            return self._routes[pattern]
        self._pattern_by_stream[stream] = None
        if (pattern := _matching(stream, self._fallbacks)) is not None:
            return self._fallbacks[pattern]
        if (spec := self._by_name(stream)) is not None:
            self._check_permission(spec, f"The stream {stream!r}")
            return read_route(spec, {}, f"streams.{stream}", self._project_type)
        raise SettingError(
            f"Nothing says what the stream {stream!r} is in Iterable. Add it to the setting `streams`, for example "
            f'{{"{stream}": {{"object": "users"}}}}. The object can be {", ".join(self._objects)}.'
        )

    def has_route(self, stream: str) -> bool:
        """Whether the setting itself has a route for the stream."""
        return _matching(stream, self._routes) is not None

    def mark_seen(self, stream: str, columns: Iterable[str]) -> None:
        """Record the columns of a stream that is read, for `unused_routes`."""
        if (pattern := self._pattern_by_stream.get(stream)) is not None:
            self._columns.setdefault(pattern, set()).update(columns)

    def unused_routes(self) -> Iterator[str]:
        """Warnings about routes that matched no stream, and about names and globs in them that matched no column."""
        for pattern in self._routes.keys() - self._pattern_by_stream.values() if self._pattern_by_stream else ():
            yield f"`streams.{pattern}` matched none of the streams that came: {', '.join(self._pattern_by_stream)}."
        for pattern, columns in self._columns.items():
            for column in self._routes[pattern].fields.keys() - columns:
                hint = did_you_mean(column, columns)
                yield f"`streams.{pattern}.fields` names {column!r}, which is no column of the stream's schema.{hint}"
            for option, globs in self._routes[pattern].selection.unused_globs(columns).items():
                for glob in globs:
                    hint = did_you_mean(glob, columns)
                    yield f"`streams.{pattern}.{option}` has {glob!r}, which matches no column of the schema.{hint}"

    def absent_mirrors(self) -> dict[str, Route]:
        """Routes of mirrored streams that did not come, by stream. Globs are left out: they name no stream."""
        return {
            pattern: route
            for pattern, route in self._routes.items()
            if route.mode == MIRROR and pattern not in self._pattern_by_stream and not _WILDCARDS.intersection(pattern)
        }

    @property
    def may_remove(self) -> bool:
        """Whether a route of the setting may remove something from Iterable."""
        return any(route.may_remove for route in self._routes.values())

    @property
    def needs_ledger(self) -> bool:
        """Whether a route of the settings uses the ledger."""
        return self.must_remember or any(route.skip_unchanged for route in self._known)

    @property
    def must_remember(self) -> bool:
        """Whether a route of the settings would do harm without the ledger of earlier runs."""
        return any(route.mode == MIRROR or self.is_once_per_key(route) for route in self._known)

    @property
    def _known(self) -> tuple[Route, ...]:
        """All routes that are known before a stream comes."""
        return (*self._routes.values(), *self._fallbacks.values())

    def is_once_per_key(self, route: Route) -> bool:
        """Whether the effect of a record of the route happens once for each key of the stream."""
        return self._objects[route.object].once_per_key

    def _read(self, pattern: str, entry: Mapping[str, Any]) -> Route:
        entry = {key: value for key, value in entry.items() if value is not None}
        spec = self._spec(pattern, entry)
        self._check_permission(spec, f"`streams.{pattern}`")
        route = read_route(spec, entry, f"streams.{pattern}", self._project_type)
        if route.on_removed in DESTRUCTIVE and "allow_destructive" not in self._permissions:
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

    def _check_permission(self, spec: ObjectSpec, subject: str) -> None:
        """Refuse objects that delete users or send messages, unless the settings allow that."""
        if spec.permission and spec.permission not in self._permissions:
            raise SettingError(
                f"{subject} is for {spec.name}, which cannot be taken back: set `{spec.permission}` to true."
            )

    def _by_name(self, stream: str) -> ObjectSpec | None:
        return self._spec_by_stream.get(stream.rsplit("-", 1)[-1])


def _matching(stream: str, patterns: Iterable[str]) -> str | None:
    """The exact name of the stream, or the first glob that matches it."""
    exact_first = sorted(patterns, key=lambda pattern: pattern != stream)
    return next((pattern for pattern in exact_first if pattern == stream or fnmatchcase(stream, pattern)), None)
