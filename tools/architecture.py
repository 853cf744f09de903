"""The diagram of who imports whom, read from the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.generated import ROOT, filled

PAGE: Final = ROOT / "docs" / "architecture.md"

ROOMS: Final = {
    "iterable_api": "what both know of Iterable's API",
    "tap_iterable": "settings and list of streams",
    "tap_iterable/streams": "one file for a family of streams",
    "tap_iterable/export": "how a range of time becomes rows",
    "tap_iterable/schemas": "JSON Schemas",
    "target_iterable": "settings, routes, columns",
    "target_iterable/objects": "one file for each object of Iterable",
    "target_iterable/blocks": "many records at a time, where nothing about them is unusual",
    "target_iterable/segment": "calls of Segment's specification",
    "target_iterable/delivery": "the engine: batches, verdicts, rejects, ledger",
    "target_iterable/dry_run": "plans instead of writing",
    "iterable_sandbox": "a local Iterable",
}
"""Folders whose modules, with those of folders in them that are not named here, are one box; and what is in them."""


def files() -> dict[Path, str]:
    """The page with its diagram up to date."""
    return {PAGE: filled(PAGE.read_text(), "<!-- made: diagram -->\n", _diagram())}


def _diagram() -> str:
    packages = [room for room in ROOMS if "/" not in room]
    boxes = [line for package in packages for line in _boxes(package)]
    return "\n".join(["```mermaid", "flowchart TD", *boxes, *map(_arrow, sorted(_drawn())), "```"]) + "\n"


def _boxes(package: str) -> Iterator[str]:
    rooms = _rooms(package)
    frame = len(rooms) > 1
    if frame:
        yield f"  subgraph {_whole(package)}[{package}]"
    yield from (f"    {_node(room)}" for room in rooms)
    if frame:
        yield "  end"


def _node(room: str) -> str:
    name = room.partition("/")[2] or (room if _whole(room) == room else "its own modules")
    return f'{_id(room)}["<b>{name}</b><br>{ROOMS[room]}"]'


def _id(room: str) -> str:
    return room.replace("/", "_")


def _drawn() -> set[tuple[str, str]]:
    """Arrows inside a package by rooms, those between packages by packages, or there would be too many."""
    return {
        (_id(one), _id(other)) if _package(one) == _package(other) else (_whole(one), _whole(other))
        for one, other in _imports()
    }


def _whole(room: str) -> str:
    """The frame around the rooms of a package, or its only room."""
    package = _package(room)
    return f"{package}_box" if len(_rooms(package)) > 1 else package


def _rooms(package: str) -> list[str]:
    return [room for room in ROOMS if _package(room) == package]


def _package(room: str) -> str:
    return room.partition("/")[0]


def _arrow(edge: tuple[str, str]) -> str:
    return f"  {edge[0]} --> {edge[1]}"


def _imports() -> Iterator[tuple[str, str]]:
    """Each import of one room in another."""
    for package in dict.fromkeys(map(_package, ROOMS)):
        for path in sorted((ROOT / package).rglob("*.py")):
            here = _room(".".join(path.relative_to(ROOT).with_suffix("").parts))
            for node in ast.walk(ast.parse(path.read_text())):
                there = _room(node.module or "") if isinstance(node, ast.ImportFrom) else None
                if here and there and here != there:
                    yield here, there


def _room(dotted: str) -> str | None:
    parts = dotted.split(".")
    fitting = [room for room in ROOMS if parts[: room.count("/") + 1] == room.split("/")]
    return max(fitting, key=len, default=None)
