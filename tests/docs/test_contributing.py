"""Files, tables and commands that CONTRIBUTING.md names are there."""

from __future__ import annotations

import re
import tomllib

import pytest

from tools.generated import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
CHAPTERS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE))
WALKS = [chapter for chapter in CHAPTERS if chapter.split()[0] in ("Add", "Change", "Find")]
PYTEST = re.compile(r"^\.venv/bin/python -m pytest (.+)$", re.MULTILINE)


def test_every_file_and_folder_that_is_named_is_there() -> None:
    named = {name for name in re.findall(r"`([\w./-]+)`", PAGE) if "/" in name and not name.startswith(".venv")}
    named |= {name for files in PYTEST.findall(PAGE) for name in files.split()}
    assert len(named) > 25
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []


def test_every_table_that_is_named_is_in_its_file() -> None:
    named = re.findall(r"`([A-Z_]{4,})` (?:in|of)\s+`([\w./]+)`", PAGE)
    assert len(named) >= 5
    assert [(table, file) for table, file in named if f"\n{table}" not in (ROOT / file).read_text()] == []


def test_every_command_that_is_named_exists() -> None:
    targets = set(re.findall(r"`make ([a-z-]+)", PAGE))
    recipes = (ROOT / "Makefile").read_text()
    assert len(targets) > 5
    assert [target for target in targets if f"\n{target}: " not in recipes] == []
    commands = set(re.findall(r"(?<=[`/])((?:tap|target)-iterable|iterable-sandbox)\b", PAGE))
    assert commands <= tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"].keys()


@pytest.mark.parametrize("walk", WALKS)
def test_every_walk_ends_with_tests_that_tell_that_it_is_done(walk: str) -> None:
    assert PYTEST.search(CHAPTERS[walk])


def test_there_are_five_walks() -> None:
    assert len(WALKS) == 5


def test_ci_runs_what_the_page_says_that_it_runs() -> None:
    (told,) = re.findall(r"`\.ci/run` runs (.+), from a clean clone", PAGE)
    script = (ROOT / ".ci" / "run").read_text()
    assert re.findall(r"make [a-z-]+", told) == re.findall(r"^make [a-z-]+$", script, re.MULTILINE)
