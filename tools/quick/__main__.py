"""`python -m tools.quick`: run the checks, and the tests nearest to what differs from BASE, until the time is up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.generated import ROOT
from tools.quick.affected import Importers, affected
from tools.quick.choice import changed, fitting
from tools.quick.timing import durations

SECONDS: Final = 34
"""So long after the first test no other begins. With the checks, and the start and end of pytest, it is a minute."""

CHECKS: Final = (
    "ruff check --quiet .",
    "ruff format --check --quiet .",
    "mypy --no-error-summary",
    "lint-imports",
    "python -m tools --check",
)
SMOKE: Final = (
    "tests/tap/test_reading_a_project.py::test_every_line_of_every_data_type_is_a_record_with_all_its_fields",
    "tests/target/test_command_line.py::test_records_go_in_and_state_comes_out",
)
"""One run of each plugin, whatever has changed."""

SHOWN: Final = 8
"""How many of the files that are left out are named."""

BIN: Final = Path(sys.executable).parent


def main() -> int:
    """Say what is run and what is left out, and give the exit code."""
    broken = [check for check in CHECKS if not _passes(check)]
    if broken:
        sys.stdout.write(f"no test was run, because this failed: {', '.join(broken)}\n")
        return 1
    tests = affected(changed(os.environ.get("BASE")), Importers())
    workers = os.cpu_count() or 1
    chosen = fitting(tests, durations(), workers * SECONDS)
    smoke = [test for test in SMOKE if test.partition("::")[0] not in chosen]
    sys.stdout.write(_told(tests, chosen))
    sys.stdout.flush()
    options = [f"--numprocesses={workers}", "--dist=loadfile", "--no-loadscope-reorder", f"--seconds={SECONDS}"]
    pytest = [sys.executable, "-m", "pytest", "-q", "-m", "not more", "-p", "tools.quick.timing"]
    return subprocess.run([*pytest, *options, *smoke, *chosen], cwd=ROOT, check=False).returncode


def _passes(check: str) -> bool:
    name, *arguments = check.split()
    ended = subprocess.run([BIN / name, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.stdout.write(f"{ended.stdout}{ended.stderr}")
    return not ended.returncode


def _told(tests: Mapping[str, int], chosen: list[str]) -> str:
    left_out = sorted(tests.keys() - {*chosen}, key=lambda test: (tests[test], test))
    told = f"{len(chosen)} of {len(tests)} test files near the change, and a run of each plugin\n"
    if left_out:
        others = f" and {len(left_out) - SHOWN} more" if len(left_out) > SHOWN else ""
        told += f"left out for lack of time: {' '.join(left_out[:SHOWN])}{others}; `make test` runs all\n"
    return told


if __name__ == "__main__":
    sys.exit(main())
