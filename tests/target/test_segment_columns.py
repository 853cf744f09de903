"""Calls become what they always became, and in a block what they become alone."""

from __future__ import annotations

import json

import pytest

from tests.target.conftest import NewProject, Project
from tests.target.golden import OneByOne, made_of
from tests.target.segment_corpus import ANSWERS, CASES, COLUMNS, alike, made, records_of

GOLDEN = [json.loads(line.rstrip(",")) for line in ANSWERS.read_text().splitlines()[1:-1]]
NUMBERS = pytest.mark.parametrize("number", range(len(CASES)))


def _project(new_project: NewProject, number: int) -> Project:
    return new_project(project_type=CASES[number].settings.get("project_type", "email"))


@NUMBERS
def test_calls_become_the_operations_and_rejects_that_they_always_became(new_project: NewProject, number: int) -> None:
    case = CASES[number]
    route, settings, records, answer = GOLDEN[number]
    assert (route, settings) == (dict(case.route), dict(case.settings)), "the cases have changed, see `segment_corpus`"
    assert made(number, records, _project(new_project, number).sandbox) == answer


@NUMBERS
def test_a_block_of_calls_becomes_what_each_of_them_does_behind_the_others(
    new_project: NewProject, number: int
) -> None:
    records = records_of(100 + number, CASES[number], 60)
    _compare_with_each_alone(new_project, number, records)


@NUMBERS
@pytest.mark.parametrize("seed", [1, 2])
def test_a_block_of_calls_that_are_alike_becomes_what_each_of_them_does_behind_the_others(
    new_project: NewProject, number: int, seed: int
) -> None:
    _compare_with_each_alone(new_project, number, alike(100 * seed + number, CASES[number]))


def _compare_with_each_alone(new_project: NewProject, number: int, records: list[str]) -> None:
    together = made(number, records, _project(new_project, number).sandbox)
    alone = _project(new_project, number).sandbox
    assert made_of(CASES[number], records, alone, OneByOne, COLUMNS) == together
