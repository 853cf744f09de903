"""Values of metadata tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.target.conftest import Project
from tests.target.loading import stream

ROUTE = {"shops": {"object": "metadata", "table": "shops"}}


def test_a_value_is_put_and_replaced_as_a_whole(project: Project) -> None:
    records = [{"table": "shops", "key": "b1", "value": value} for value in ({"city": "Bern", "open": True}, {"no": 5})]
    assert project.load(stream("metadata", records))["metadata"]["written"] == 2
    assert project.holds.metadata("shops") == {"b1": {"no": 5}}


def test_a_value_may_be_json_and_other_columns_are_left_out_then(project: Project) -> None:
    value = {"city": "Bern", "price": 1.5}
    record = {"table": "shops", "key": "b1", "value": json.dumps(value), "size": 20, "lastModified": 1617891908857}
    project.load(stream("metadata", [record]))
    assert project.holds.metadata("shops") == {"b1": value}


def test_rows_of_a_table_become_values_under_their_key(project: Project) -> None:
    rows = [{"shop": number, "city": "Bern", "open": {"from": 8}} for number in (1, 2)]
    project.load(stream("shops", rows, key=["shop"]), streams=ROUTE)
    assert project.holds.metadata("shops") == {key: {"city": "Bern", "open": {"from": 8}} for key in "12"}


def test_the_last_of_many_values_of_a_key_stays(project: Project) -> None:
    rows = [{"key": f"k{n % 3}", "table": ("Shops", "shops")[n % 2], "n": n} for n in range(30)]
    project.load(stream("metadata", rows))
    assert project.holds.metadata("shops") == {f"k{n % 3}": {"n": n} for n in (27, 28, 29)}


def test_unchanged_values_cost_no_request(project: Project) -> None:
    rows = stream("shops", [{"key": "b1", "city": "Bern"}, {"key": "b2", "city": "Bern"}])
    route = {"shops": ROUTE["shops"] | {"skip_unchanged": True}}
    for unchanged in (0, 2):
        summary = project.load(rows, streams=route)["shops"]
        assert (summary["written"], summary["unchanged"]) == (2 - unchanged, unchanged)


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"key": "b1", "value": {}}, "missingField"),
        ({"table": "shops", "value": {}}, "missingField"),
        ({"table": "shops", "key": "b1", "value": None}, "missingField"),
        ({"table": "shops", "key": "b1", "value": "Bern"}, "invalidObject"),
        ({"table": "shops", "key": "b1", "value": [1]}, "invalidObject"),
        ({"table": "shops", "key": "b1", "value": {"x": "y" * 30_000}}, "valueTooLarge"),
        ({"table": "shops", "key": "..", "value": {}}, "unaddressable"),
        ({"table": "shops", "key": "no dots.", "value": {}}, "BadParams"),
        ({"table": "shops", "key": "k" * 3000, "value": {}}, "414"),
    ],
)
def test_a_value_that_is_not_one_is_rejected(project: Project, record: dict[str, Any], code: str) -> None:
    good = {"table": "shops", "key": "good", "value": {}}
    summary = project.load(stream("metadata", [record, good]), max_rejects="100%")["metadata"]
    assert (summary["written"], summary["reasons"]) == (1, {code: 1})
    assert project.holds.metadata("shops") == {"good": {}}
