"""Who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FORBIDDEN = {
    "iterable_api": {"singer_sdk", "tap_iterable", "target_iterable", "iterable_sandbox"},
    "tap_iterable": {"target_iterable", "iterable_sandbox"},
    "target_iterable": {"tap_iterable", "iterable_sandbox"},
    "iterable_sandbox": {"singer_sdk", "tap_iterable", "target_iterable"},
    "target_iterable/delivery": {"target_iterable.objects", "target_iterable.blocks"},
    "target_iterable/blocks": {
        "target_iterable.objects",
        "target_iterable.project.project",
        "iterable_api.http.client",
    },
    "target_iterable/segment": {
        "target_iterable.objects",
        "target_iterable.project.project",
        "iterable_api.http.client",
    },
}


ABSENT = {"benchmarks", "demo", "tests", "tools", "meltano"}
"""What those who install the distribution do not have."""


RARE = ("sqlalchemy", "cryptography", "pyarrow", "psycopg", "redis")
"""What only some runs need, and takes long to load."""


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_only_what_the_house_allows(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        for name in _imports(path):
            clashes = [other for other in FORBIDDEN[room] if name == other or name.startswith(f"{other}.")]
            assert clashes == [], f"{path.relative_to(ROOT)} imports {name}"


def test_nothing_that_is_installed_imports_what_is_not() -> None:
    for room in ("iterable_api", "tap_iterable", "target_iterable", "iterable_sandbox"):
        for path in (ROOT / room).rglob("*.py"):
            assert not ABSENT & {name.split(".")[0] for name in _imports(path)}, path


@pytest.mark.parametrize("plugin", ["tap_iterable.tap", "target_iterable.target"])
def test_a_plain_run_loads_nothing_that_only_some_runs_need(plugin: str) -> None:
    command = f"import sys, {plugin}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.split()
    assert plugin in loaded
    assert not {*RARE} & {*loaded}
