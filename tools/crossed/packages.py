"""The tables of packages that are tried: what is installed, how it is run, and where its data is."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Package:
    """A package with one set of settings.

    Attributes:
        name: as the pages call it; the key of its results.
        install: requirements for pip, pinned. Packages with equal ones share an environment.
        command: the program, in the environment's `bin`.
        store: where the data is, a key of `stores.STORES` for loaders and of `sources.SOURCES` for extractors.
        config: its settings. Texts may hold names of places in braces, such as `{folder}`.
        catalog_option: how an extractor is told its catalog.
        routes: settings `streams` of target-iterable for the streams of an extractor.
        target: other settings of target-iterable.
        tap: settings of tap-iterable for a loader.
        advice: what to set, or why not to use it, as the page says it.
    """

    name: str
    install: tuple[str, ...]
    command: str
    store: str
    config: Mapping[str, Any] = field(default_factory=dict)
    catalog_option: str = "--catalog"
    routes: Mapping[str, Any] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)
    tap: Mapping[str, Any] = field(default_factory=dict)
    advice: str = ""

    @property
    def environment(self) -> str:
        """The name of the folder of its environment."""
        return "-".join("".join(letter if letter.isalnum() else "-" for letter in name) for name in self.install)[:120]

    def settings(self, places: Mapping[str, Any]) -> dict[str, Any]:
        """The settings with their places filled in."""
        filled: dict[str, Any] = _filled(self.config, places)
        return filled


def packages(kind: str) -> dict[str, Package]:
    """The packages of a table, `loaders` or `extractors`, by their names."""
    rows = tomllib.loads((FOLDER / f"{kind}.toml").read_text())
    return {name: Package(name, **dict(_fields(row))) for name, row in rows.items()}


def _fields(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, tuple(value) if isinstance(value, list) else value) for name, value in row.items())


def _filled(value: Any, places: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return value.format_map(places)
    if isinstance(value, dict):
        return {name: _filled(part, places) for name, part in value.items()}
    return [_filled(part, places) for part in value] if isinstance(value, list) else value
