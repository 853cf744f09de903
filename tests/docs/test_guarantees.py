"""Behind each guarantee stands a test that is there."""

from __future__ import annotations

import re

import pytest

from tools.generated import ROOT

PAGE = ROOT / "docs" / "guarantees.md"
ROWS = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
GUARANTEES = [row for row in ROWS if row[0] not in ("what", "---")]


@pytest.mark.parametrize("row", GUARANTEES, ids=lambda row: row[0])
def test_a_guarantee_is_proved_by_tests_that_are_there(row: list[str]) -> None:
    _, _, proofs = row
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", proofs)
    assert len(named) == proofs.count("::") > 0
    for path, name in named:
        text = (ROOT / "tests" / path).read_text()
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{path}::{name}"
