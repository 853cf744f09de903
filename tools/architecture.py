"""The diagram of who imports whom, read from the folders and their imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from tools.generated import ROOT, filled

PAGE: Final = ROOT / "docs" / "architecture.md"
PACKAGES: Final = (
    "iterable_api",
    "tap_iterable",
    "target_iterable",
    "iterable_sandbox",
    "iterable_webhooks",
    "iterable_runs",
    "singer_iterable",
)
_OWN_MODULES: Final = "its own modules"

Edge = tuple[str, str]


def files() -> dict[Path, str]:
    """The page with its diagram up to date."""
    return {PAGE: filled(PAGE.read_text(), "<!-- made: diagram -->\n", _diagram())}


@cache
def rooms(package: str) -> list[str]:
    """The package itself, for its own modules, and its folders; a folder stands for what is in it, too."""
    folders = sorted(path.parent.name for path in (ROOT / package).glob("*/__init__.py"))
    return [package, *(f"{package}/{folder}" for folder in folders)]


def reduced(edges: set[Edge]) -> set[Edge]:
    """Edges of a graph without circles, without those that a longer way makes superfluous."""
    behind: dict[str, set[str]] = {}
    for start, end in edges:
        behind.setdefault(start, set()).add(end)

    @cache
    def reached(room: str) -> frozenset[str]:
        return frozenset(behind.get(room, ())).union(*map(reached, behind.get(room, ())))

    return {(start, end) for start, end in edges if not any(end in reached(room) for room in behind[start] - {end})}


def imports(package: str) -> set[Edge]:
    """Which room of a package imports which other one of it."""
    return {(here, there) for here, there in _imports(package) if there.partition("/")[0] == package}


def _diagram() -> str:
    lines = [line for package in PACKAGES for line in _box(package)]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"]) + "\n"


def _box(package: str) -> Iterator[str]:
    yield f"  subgraph {package}_box[{package}]"
    yield from (f"    {_node(room)}" for room in rooms(package))
    yield "  end"
    yield from (f"  {_id(start)} --> {_id(end)}" for start, end in sorted(reduced(imports(package))))
    others = {there.partition("/")[0] for _, there in _imports(package)} - {package}
    yield from (f"  {package}_box --> {other}_box" for other in sorted(others))


def _node(room: str) -> str:
    folder = room.partition("/")[2]
    about = _about(room) if folder else ""
    return f'{_id(room)}["<b>{folder or _OWN_MODULES}</b>{f"<br>{about}" if about else ""}"]'


def _about(room: str) -> str:
    """The first sentence about a folder."""
    said = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text())) or ""
    return said.partition(".")[0].replace('"', "'")


def _id(room: str) -> str:
    return room.replace("/", "_")


@cache
def _imports(package: str) -> frozenset[Edge]:
    return frozenset(_each_import(package))


def _each_import(package: str) -> Iterator[Edge]:
    for path in sorted((ROOT / package).rglob("*.py")):
        here = _room(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for node in ast.walk(ast.parse(path.read_text())):
            there = _room(node.module or "") if isinstance(node, ast.ImportFrom) else None
            if here and there and here != there:
                yield here, there


def _room(dotted: str) -> str | None:
    """The room of a module."""
    package, *rest = dotted.split(".")
    if package not in PACKAGES:
        return None
    folder = f"{package}/{rest[0]}" if rest else package
    return folder if folder in rooms(package) else package
