"""Every error that the plugins raise is on the page, with what to do."""

from __future__ import annotations

import sys

import pytest

import tap_iterable.tap
import target_iterable.command_line
from tools.errors import PACKAGES, classes, errors, refusals
from tools.generated import ROOT
from tools.troubleshooting import ACTIONS, PAGE, actions, wanted


@pytest.mark.parametrize("table", ["errors", "rejects", "answers"])
def test_every_error_and_reject_has_something_to_do(table: str) -> None:
    lacking = wanted()[table] - actions()[table].keys()
    assert not lacking, f"add to [{table}] of {ACTIONS.relative_to(ROOT)}: {', '.join(sorted(lacking))}"


@pytest.mark.parametrize("table", ["errors", "rejects", "answers"])
def test_nothing_is_to_be_done_about_errors_that_are_gone(table: str) -> None:
    gone = actions()[table].keys() - wanted()[table]
    assert not gone, f"remove from [{table}] of {ACTIONS.relative_to(ROOT)}: {', '.join(sorted(gone))}"


def test_texts_are_found_in_all_the_ways_they_are_made() -> None:
    said = {(one.by, one.text) for one in (*errors(), *refusals())}
    for by, text in [
        ("DeadLettersNotWrittenError", "The rejects cannot be written into …"),  # a literal over several lines
        ("LimitStoreError", "The store named by `rate_limit_store` cannot be used (…)."),  # in a constructor
        ("IncompleteBodyError", "/api/export/data.json: the last line is not whole"),  # with a constant
        ("tooLarge", "Iterable finds the record too large"),  # made once, at the top of a module
        ("invalidUserIds", "… is malformed"),  # with a code out of a table
    ]:
        assert any(one == by and whole.startswith(text) for one, whole in said), text


def test_no_exception_is_made_without_being_seen() -> None:
    """Exceptions are found by the ends of their names, so all must end so."""
    sources = "".join(path.read_text() for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    for base in ("Exception", *classes()):
        for line in (line for line in sources.splitlines() if line.startswith("class ") and f"({base}" in line):
            assert line.partition("(")[0].endswith("Error"), line


def test_the_page_shows_what_to_do() -> None:
    page = PAGE.read_text()
    for table in actions().values():
        for what in table.values():
            assert what in page, what


def test_every_error_is_told_in_a_sentence() -> None:
    names = wanted()["errors"]
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in PACKAGES]
    kinds = {name: getattr(module, name) for module in modules for name in names if hasattr(module, name)}
    assert kinds.keys() == names
    expected = (*tap_iterable.tap.EXPECTED_ERRORS, *target_iterable.command_line.EXPECTED_ERRORS)
    assert [name for name, kind in kinds.items() if not issubclass(kind, expected)] == []
