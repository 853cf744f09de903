"""`python -m tools.ranges`: run tests with the oldest and the newest versions that pyproject.toml allows.

Each end of the ranges has an environment of its own in `.ranges`. Meltano and its plugins are not in them: they hold
back libraries that users of the package alone get, such as SQLAlchemy.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tools.generated import ROOT

ENDS: Final[Mapping[str, str]] = {"oldest": "lowest-direct", "newest": "highest"}
"""End of the ranges -> what uv calls it."""
HOLDING_BACK: Final = frozenset({"meltano", "meltanolabs-tap-postgres", "meltanolabs-target-postgres"})
TESTS: Final = tuple(
    f"tests/{folder}" for folder in ("api", "contract", "runs", "sandbox", "tap", "target", "webhooks")
)
"""Folders whose tests need none of these."""
FOLDER: Final = ROOT / ".ranges"

_NAME: Final = re.compile(r"[\w.-]+")


def main() -> int:
    """Install, tell the versions, and run; 0 if all tests pass at each end."""
    parser = argparse.ArgumentParser(prog="python -m tools.ranges", description=__doc__)
    parser.add_argument(
        "tests", nargs="*", default=TESTS, help="files and folders, by default all that need no Meltano"
    )
    parser.add_argument("--end", choices=ENDS, action="append", help="one end only")
    options = parser.parse_args()
    return max([_tested(end, options.tests) for end in options.end or ENDS])


def requirements(project: Mapping[str, Any]) -> list[str]:
    """What to install, given the table `project` of pyproject.toml: the package with its extras, and tools of tests."""
    tools = [tool for tool in project["optional-dependencies"]["dev"] if _name(tool) not in HOLDING_BACK]
    return [tool.replace(project["name"], str(ROOT)) if _name(tool) == project["name"] else tool for tool in tools]


def above(bounds: Sequence[str], installed: Mapping[str, str]) -> Iterator[str]:
    """Requirements of which not the lower bound was installed, since another one wants more: name and both versions."""
    for bound in bounds:
        least = re.search(r"[~>]=([\d.]+)", bound)
        version = installed.get(_name(bound))
        if least and version and _numbers(version) > _numbers(least[1]):
            yield f"{_name(bound)} {version} instead of {least[1]}"


def _tested(end: str, tests: Sequence[str]) -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    python = FOLDER / end / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", FOLDER / end], check=True)  # noqa: S603 (our own command)
    options = ["--quiet", "--upgrade", "--resolution", ENDS[end], "--python", str(python), "--editable"]
    wanted = sorted(requirements(project), key=_is_tool)
    subprocess.run([uv, "pip", "install", *options, *wanted], check=True)  # noqa: S603 (our own command)
    if end == "oldest":
        _tell(above(project["dependencies"], _installed(uv, python)))
    sys.stdout.write(f"The {end} versions:\n")
    sys.stdout.flush()
    pytest = ["-m", "pytest", "-q", "-m", "not more", "-p", "no:cacheprovider"]
    return subprocess.run([python, *pytest, *tests], cwd=ROOT, check=False).returncode  # noqa: S603 (see above)


def _is_tool(requirement: str) -> bool:
    """Sorts the package first, behind `--editable`."""
    return not requirement.startswith(str(ROOT))


def _tell(lines: Iterator[str]) -> None:
    for line in lines:
        sys.stdout.write(f"not tested at its lower bound: {line}\n")


def _installed(uv: Path, python: Path) -> dict[str, str]:
    listed = subprocess.run(  # noqa: S603 (our own command)
        [uv, "pip", "freeze", "--python", python], check=True, capture_output=True, text=True
    ).stdout
    return dict(line.split("==", 1) for line in listed.splitlines() if "==" in line)


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found[0] if found else ""


def _numbers(version: str) -> list[int]:
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


if __name__ == "__main__":
    sys.exit(main())
