"""Which tests a change concerns, by who imports whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Final

import grimp

from tools.architecture import PACKAGES
from tools.generated import ROOT

PLACES: Final = (*PACKAGES, "benchmarks", "demo", "tests", "tools")
"""The folders with modules."""

STEPS: Final = 2
"""A test that imports a changed module is one step away, a test that imports an importer of it two."""

ENOUGH: Final = 4
"""While fewer test files than these are found, those that are farther away count, too."""


def affected(changed: Iterable[str], importers: Callable[[str], set[str]]) -> dict[str, int]:
    """Test files by path, with their steps from the changed files, the nearest first; a changed test is at 0."""
    steps = 0
    found = ring = dict.fromkeys(map(node, changed), 0)
    while ring and (steps < STEPS or len(_tests(found)) < ENOUGH):
        steps += 1
        names = {importer for name in ring for importer in importers(name)}
        ring = dict.fromkeys(sorted(names - found.keys()), steps)
        found = found | ring
    return {f"{test.replace('.', '/')}.py": found[test] for test in _tests(found)}


def node(path: str) -> str:
    """The dotted name of a module; any other file stands for itself."""
    if not path.endswith(".py") or path.partition("/")[0] not in PLACES:
        return path
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _tests(nodes: Iterable[str]) -> list[str]:
    return [name for name in nodes if name.startswith("tests.") and name.rpartition(".")[2].startswith("test_")]


class Importers:
    """Who imports a module, or names a file. All tests of a folder import its `conftest`, in two steps."""

    def __init__(self) -> None:
        self._graph = grimp.build_graph(*PLACES, cache_dir=None)

    def __call__(self, name: str) -> set[str]:
        """The nodes that are one step away."""
        if name not in self._graph.modules:
            return self._naming(Path(name))
        package, _, module = name.rpartition(".")
        if module == "conftest":
            return self._graph.find_modules_that_directly_import(name) | {package}
        if package.startswith("tests") or name == "tests":
            return self._graph.find_modules_that_directly_import(name) | self._graph.find_descendants(name)
        return self._graph.find_modules_that_directly_import(name)

    def _naming(self, path: Path) -> set[str]:
        """Modules that name a file, or join its folder to a path. A name without a dot is a word like others."""
        name = re.escape(path.name) if "." in path.name else f"{re.escape(path.parent.name)}/{re.escape(path.name)}"
        named = re.compile(rf'["/]{name}"|/ "{re.escape(path.parent.name)}"')
        return {module for module, text in self._sources.items() if named.search(text)}

    @cached_property
    def _sources(self) -> dict[str, str]:
        paths = [path for place in PLACES for path in (ROOT / place).rglob("*.py")]
        return {node(str(path.relative_to(ROOT))): path.read_text() for path in paths}
