"""What the house allows beside the layers that `lint-imports` checks."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.architecture import PACKAGES, imports, reduced, rooms

ROOT = Path(__file__).parent.parent

ABSENT = {"benchmarks", "demo", "tests", "tools", "meltano"}
"""What those who install the distribution do not have."""

RARE = ("sqlalchemy", "cryptography", "pyarrow", "psycopg", "redis", "apprise", "opentelemetry", "rich")
"""What only some runs need, and takes long to load."""

MAX_FILES = 14
"""Modules in a folder, so that a module is found by the name of its folder."""

MAX_LINES = 299
"""Lines of a module, so that it is read as a whole."""

MAX_BRANCHES = 12
"""Branches of a function: conditions, loops, handlers and cases. Ruff counts statements only."""

BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def _inner(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a function that are not of a function or class inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            yield child
            yield from _inner(child)


def _branches(function: ast.AST) -> int:
    nodes = [*_inner(function)]
    conditions = sum(len(node.ifs) for node in nodes if isinstance(node, ast.comprehension))
    return conditions + sum(isinstance(node, BRANCHES) for node in nodes)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""


def test_no_folders_of_a_package_make_a_circle() -> None:
    for package in PACKAGES:
        assert reduced(imports(package)) <= imports(package)  # ends only where there is no circle
        order = {end for _, end in imports(package)} | {start for start, _ in imports(package)}
        while order:
            first = {room for room in order if not any((room, other) in imports(package) for other in order - {room})}
            assert first, f"{package}: {sorted(order)}"
            order -= first


def test_every_folder_says_what_is_in_it_and_holds_not_too_much() -> None:
    folders = [path.parent for package in PACKAGES for path in (ROOT / package).rglob("__init__.py")]
    assert len(folders) > 45
    for folder in folders:
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text())), folder
        assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MAX_FILES, folder


def test_no_module_has_300_lines() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in _modules()}
    assert len(lengths) > 300
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_no_function_has_more_than_12_branches() -> None:
    counts = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": _branches(node)
        for path in _modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, FUNCTIONS)
    }
    assert len(counts) > 1500
    assert {name: count for name, count in counts.items() if count > MAX_BRANCHES} == {}


def test_branches_are_counted_of_the_function_itself() -> None:
    text = """
def outer(rows):
    def inner(row):
        return 1 if row else 2
    for row in rows:
        if row:
            inner(row)
    return [row for row in rows if row if row > 1]
"""
    assert _branches(ast.parse(text).body[0]) == 4


def test_nothing_that_is_installed_imports_what_is_not() -> None:
    for room in PACKAGES:
        for path in (ROOT / room).rglob("*.py"):
            assert not ABSENT & {name.split(".")[0] for name in _imports(path)}, path


@pytest.mark.parametrize("plugin", ["tap_iterable.tap", "target_iterable.target"])
def test_a_plain_run_loads_nothing_that_only_some_runs_need(plugin: str) -> None:
    command = f"import sys, {plugin}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.split()
    assert plugin in loaded
    assert not {*RARE} & {*loaded}


def test_of_edges_only_those_stay_that_no_longer_way_replaces() -> None:
    assert reduced({("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")}) == {("a", "b"), ("b", "c"), ("a", "d")}
    assert rooms("tap_iterable")[0] == "tap_iterable"
