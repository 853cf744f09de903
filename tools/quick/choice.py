"""What has changed, and which of the tests that concern it there is time for."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.generated import ROOT

UNKNOWN: Final = 3.0
"""Seconds that a test file is thought to take which was never run."""


def changed(base: str | None = None, root: Path = ROOT) -> list[str]:
    """The files that differ from where this branch left `base`, uncommitted and new ones included.

    By default `base` is `main`, and on `main` itself the last commit but one.

    Raises:
        subprocess.CalledProcessError: there is no such `base`; Git has said so.
    """
    start = base or ("HEAD~1" if _git(root, "rev-parse", "--abbrev-ref", "HEAD") == ["main"] else "main")
    differing = _git(root, "diff", "--name-only", "--no-renames", "--merge-base", start)
    return sorted({*differing, *_git(root, "ls-files", "--others", "--exclude-standard")})


def fitting(tests: Mapping[str, int], seconds: Mapping[str, float], budget: float) -> list[str]:
    """Of test files with their steps from a change, those that fit into `budget` seconds: the nearest and quickest."""
    taken = []
    for test in sorted(tests, key=lambda test: (tests[test], seconds.get(test, UNKNOWN))):
        if (cost := seconds.get(test, UNKNOWN)) <= budget:
            budget -= cost
            taken.append(test)
    return taken


def _git(root: Path, *arguments: str) -> list[str]:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
