"""What is installed to test the ends of the ranges."""

from __future__ import annotations

import re
import tomllib

from tools.generated import ROOT
from tools.ranges import HOLDING_BACK, TESTS, above, requirements

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_package_with_all_extras_and_the_tools_but_those_that_hold_back_others_are_installed() -> None:
    wanted = requirements(PROJECT)
    [package] = (one for one in wanted if one.startswith(str(ROOT)))
    extras = package.removeprefix(f"{ROOT}[").removesuffix("]").split(",")
    # The libraries of these clouds are large, and nothing here runs them: their files are read and written by fsspec.
    assert set(extras) == PROJECT["optional-dependencies"].keys() - {"dev", "gcs", "azure"}
    assert len(wanted) == len(PROJECT["optional-dependencies"]["dev"]) - len(HOLDING_BACK)


def test_a_lower_bound_that_was_not_reached_is_told() -> None:
    bounds = ["a>=1.2,<3", "b~=2.0", "c>=44"]
    assert list(above(bounds, {"a": "1.3.0", "b": "2.0.0", "c": "44"})) == ["a 1.3.0 instead of 1.2"]


def test_what_is_held_back_is_imported_by_none_of_their_tests() -> None:
    modules = "|".join(name.replace("-", "_") for name in HOLDING_BACK)
    imports = re.compile(rf"^\s*(?:from|import) (?:{modules})\b", re.MULTILINE)
    found = [
        str(file) for folder in TESTS for file in (ROOT / folder).rglob("*.py") if imports.search(file.read_text())
    ]
    assert found == []


def test_the_folders_of_tests_are_there_and_the_environments_are_not_for_git() -> None:
    assert [folder for folder in TESTS if not (ROOT / folder).is_dir()] == []
    assert ".ranges/" in (ROOT / ".gitignore").read_text().splitlines()
