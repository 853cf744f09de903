"""What records become: pinned for a fixed corpus, and the same however the records come."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.target.conftest import NewProject, Project
from tests.target.golden import ANSWERS, CASES, Case, OneByOne, made_of, records_of
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
    "number",
    sorted({*range(0, len(CASES), 3), *range(len(CASES) - 4, len(CASES))}),
    ids=lambda number: f"{number}-{CASES[number].route['object']}",
)
def test_a_block_of_records_becomes_what_each_of_them_does_alone(new_project: NewProject, number: int) -> None:
    case = CASES[number]
    records = records_of(100 + number, case, 40)
    kind = case.settings.get("project_type", "email")
    together = made_of(case, records, new_project(project_type=kind).sandbox)
    assert made_of(case, records, new_project(project_type=kind).sandbox, OneByOne) == together


@pytest.mark.parametrize("depth", [50, 330, 480, 900])
@pytest.mark.parametrize("object_", ["users", "events", "catalog_items"])
def test_a_record_that_is_too_deep_costs_no_other_record(project: Project, object_: str, depth: int) -> None:
    deep = f'{{"email": "deep@example.com", "itemId": "deep", "eventName": "seen", "any": {"[" * depth + "]" * depth}}}'
    fine = [f'{{"email": "{n}@example.com", "itemId": "{n}", "eventName": "seen", "any": 1}}' for n in range(4)]
    route = {"object": object_} | ({"catalog": "Things"} if object_ == "catalog_items" else {})
    case = Case(route, {}, ("email", "itemId", "eventName", "any"))
    answer = made_of(case, [*fine[:2], deep, *fine[2:]], project.sandbox)
    places = [place for place, _ in answer["operations"]]
    rejected = [(place, code) for place, code, *_ in answer["rejected"]]
    assert places in ([0, 1, 3, 4], [0, 1, 2, 3, 4])
    assert rejected == ([(2, "tooDeep")] if len(places) == len(fine) else [])


def test_streams_that_take_turns_keep_the_order_of_their_records(project: Project) -> None:
    messages = [stream(name, [{"email": "ann@example.com", "plan": "none"}])[0] for name in ("users", "custom_event")]
    columns = {"users": {"eventName": None}, "custom_event": {}}
    messages += [
        {
            "type": "RECORD",
            "stream": name,
            "record": {"email": "ann@example.com", "eventName": "seen", "plan": str(number)} | more,
        }
        for number in range(30)
        for name, more in columns.items()
    ]
    done = project.load(messages)
    assert (done["users"]["written"], done["custom_event"]["written"]) == (30, 30)
    assert project.holds.user(email="ann@example.com")["plan"] == "29"


def test_two_stream_maps_of_one_alias_write_what_comes_last(project: Project) -> None:
    maps = {
        "source": {"__alias__": "users", "plan": "plan"},
        "users": {"__source__": "source", "plan": "plan + '!'"},
    }
    records = [{"email": "ann@example.com", "plan": str(number)} for number in range(20)]
    assert project.load(stream("source", records), stream_maps=maps)["users"]["written"] == 40
    assert project.holds.user(email="ann@example.com")["plan"] == "19!"


def test_a_new_schema_holds_from_the_next_record_on(project: Project) -> None:
    users = [{"email": f"{n}@example.com", "plan": "x"} for n in range(3)]
    messages = [*stream("users", users), *stream("users", users, plan={"type": "integer"})]
    done = project.load(messages)["users"]
    assert (done["written"], done["reasons"]) == (3, {"invalidRecord": 3})


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
