"""What records become: pinned for a fixed corpus, and the same however the records come."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.target.conftest import NewProject, Project
from tests.target.golden import ANSWERS, CASES, OneByOne, made_of, records_of
from tests.target.loading import stream

GOLDEN = [json.loads(line.rstrip(",")) for line in ANSWERS.read_text().splitlines()[1:-1]]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{number}-{CASES[number].route['object']}")
def test_records_become_the_operations_and_rejects_that_they_always_became(
    new_project: NewProject, number: int
) -> None:
    case = CASES[number]
    route, settings, records, answer = GOLDEN[number]
    assert (route, settings) == (dict(case.route), dict(case.settings)), "the cases have changed, see `golden.py`"
    sandbox = new_project(project_type=case.settings.get("project_type", "email")).sandbox
    assert made_of(case, records, sandbox) == answer


@pytest.mark.parametrize(
    "number", range(0, len(CASES), 3), ids=lambda number: f"{number}-{CASES[number].route['object']}"
)
def test_a_block_of_records_becomes_what_each_of_them_does_alone(new_project: NewProject, number: int) -> None:
    case = CASES[number]
    records = records_of(100 + number, case, 40)
    kind = case.settings.get("project_type", "email")
    together = made_of(case, records, new_project(project_type=kind).sandbox)
    assert made_of(case, records, new_project(project_type=kind).sandbox, OneByOne) == together


@pytest.mark.parametrize(
    "column", [{"type": "text"}, {"type": None}, {"anyOf": [True, {"type": "null"}]}, {"enum": ["x"]}]
)
def test_records_are_taken_whatever_their_schema_is_where_nobody_asks_for_it(project: Project, column: Any) -> None:
    users = [{"email": f"{n}@example.com", "plan": "x"} for n in range(3)]
    done = project.load(stream("users", users, plan=column), validate_records=False)["users"]
    assert done["written"] == 3


def test_a_schema_of_any_value_is_kept_like_all_others(project: Project) -> None:
    users = [{"email": f"{n}@example.com", "plan": plan} for n, plan in enumerate(["x", None, "y" * 9])]
    column = {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}, False]}
    done = project.load(stream("users", users, plan=column))["users"]
    assert (done["written"], done["reasons"]) == (2, {"invalidRecord": 1})
