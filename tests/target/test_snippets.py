"""Snippets, made and updated by their names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.target.conftest import Project
from tests.target.loading import stream

HELLO = {"name": "greeting", "content": "<p>Hello {{name}}</p>", "variables": ["name"]}


def own(snippet: dict[str, Any]) -> dict[str, Any]:
    return {name: snippet.get(name) for name in ("name", "content", "description", "variables", "updatedBy")}


def test_a_snippet_is_made_and_then_updated(project: Project) -> None:
    made = HELLO | {"description": "For all", "createdByUserId": "ann@example.com"}
    changed = {"name": "greeting", "content": "<p>Hi</p>", "variables": "[]"}
    for record in (made, changed):
        assert project.load(stream("snippets", [record]))["snippets"]["written"] == 1
    (snippet,) = project.holds.snippets().values()
    assert own(snippet) == {
        "name": "greeting",
        "content": "<p>Hi</p>",
        "description": "For all",
        "variables": [],
        "updatedBy": "owner@example.com",
    }
    assert snippet["createdBy"] == "ann@example.com"


def test_snippets_as_the_tap_reads_them_can_be_written(project: Project) -> None:
    project.load(stream("snippets", [HELLO]))
    (read,) = project.holds.snippets().values()
    changed = read | {"content": "<p>{{name}}!</p>"}
    assert project.load(stream("snippets", [changed], key=["id"]))["snippets"]["written"] == 1
    assert project.holds.snippets()["greeting"]["content"] == "<p>{{name}}!</p>"


def test_a_snippet_whose_fate_is_unknown_is_sent_again_and_made_once(project: Project) -> None:
    project.sandbox.inject("reset_after", route="PUT /api/snippets/*", times=1)
    assert project.load(stream("snippets", [HELLO]))["snippets"]["written"] == 1
    assert list(project.holds.snippets()) == ["greeting"]


def test_unchanged_snippets_cost_no_request(project: Project) -> None:
    rows = stream("snippets", [HELLO, HELLO | {"name": "other"}])
    for unchanged in (0, 2):
        summary = project.load(rows, streams={"snippets": {"skip_unchanged": True}})["snippets"]
        assert (summary["written"], summary["unchanged"]) == (2 - unchanged, unchanged)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": None}, "invalidName"),
        ({"name": "2024"}, "invalidName"),
        ({"name": "a/b"}, "invalidName"),
        ({"content": None}, "missingField"),
        ({"content": 5}, "missingField"),
        ({"description": ["a"]}, "invalidField"),
        ({"variables": "name"}, "invalidField"),
        ({"variables": [1]}, "invalidField"),
        ({"content": "<p>{{name</p>"}, "BadParams"),
        ({"variables": json.dumps(["no name"])}, "BadParams"),
    ],
)
def test_a_snippet_that_is_not_one_is_rejected(project: Project, wrong: dict[str, Any], code: str) -> None:
    records = [HELLO | wrong, HELLO | {"name": "good"}]
    summary = project.load(stream("snippets", records), max_rejects="100%")["snippets"]
    assert (summary["written"], summary["reasons"]) == (1, {code: 1})
    assert list(project.holds.snippets()) == ["good"]
