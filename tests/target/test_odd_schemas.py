"""Schemas that nobody expects: they work, or one sentence names their stream at once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.schemas.schema_messages import MAX_LEVELS
from tests.target.conftest import Project
from tests.target.loading import Message, stream
from tests.target.test_command_line import COMMAND, settings

ANN = "ann@example.com"
TREE = {"type": "object", "properties": {"size": {"type": "integer"}, "kids": {"type": "array", "items": {}}}}
TREE["properties"]["kids"]["items"] = {"$ref": "#/definitions/tree"}  # type: ignore[index]


def nested(levels: int, *, in_arrays: bool = False) -> dict[str, Any]:
    """A column in which so many objects, or arrays, are in each other."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema} if in_arrays else {"properties": {"a": schema}}
    return schema


def users(column: Any, *values: Any, **members: Any) -> list[Message]:
    messages = stream("users", [{"email": ANN, "a": value} for value in values], email={}, a=column)
    messages[0]["schema"] |= members
    return messages


NO_TYPES: list[Any] = [5, None, {}, [], [5], [["string"]], "text", "", True]
REFUSED = [
    (users({"$ref": "#/properties/a"}), r"every `\$ref` leads"),
    (users({"$ref": "#"}, **{"$ref": "#"}), r"every `\$ref` leads"),
    (
        users({"$ref": "#/definitions/x"}, definitions={"x": {"anyOf": [{}, {"$ref": "#/definitions/x"}]}}),
        r"every `\$ref` leads",
    ),
    (
        users({"$ref": "#/definitions/x"}, definitions={"x": {"not": {"$ref": "#/properties/a"}}}),
        r"every `\$ref` leads",
    ),
    (users({"$ref": "#/definitions/x"}), r"every `\$ref` leads"),
    (users({"$ref": "#nowhere"}), r"every `\$ref` leads"),
    (users({"items": {"$ref": "#/definitions/0"}}, definitions=[]), r"every `\$ref` leads"),
    (users({"$ref": "x.json"}), r"every `\$ref` stays"),
    (users({}, **{"$id": 5}), r"`\$id` is a text"),
    (users({}, **{"$id": None}), r"`\$id` is a text"),
    (users({"$id": 5}), "not JSON Schema"),
    (users(nested(300)), "nested in 100 levels"),
    (users(nested(300, in_arrays=True)), "nested in 100 levels"),
    (users({"default": nested(300)}), "nested in 100 levels"),
    *((users({"type": kind}), "not JSON Schema") for kind in NO_TYPES),
    (users({}, type=7), "not JSON Schema"),
    (users({"anyOf": 5}), "not JSON Schema"),
    (users({"oneOf": {"type": "string"}}), "not JSON Schema"),
    (users({"items": 5}), "not JSON Schema"),
    (users({"enum": 5}), "not JSON Schema"),
    (users({"pattern": "(["}), "not JSON Schema"),
]


@pytest.mark.parametrize(("messages", "reason"), REFUSED)
def test_a_schema_that_is_none_is_told_with_its_stream_and_line(
    project: Project, messages: list[Message], reason: str
) -> None:
    with pytest.raises(InvalidInputLine, match=rf"^Stream 'users': .*{reason}.* \(line 1\)$"):
        project.load(messages)


@pytest.mark.parametrize("messages", [REFUSED[0][0], REFUSED[8][0], users(nested(450)), REFUSED[15][0]])
def test_the_command_says_so_in_one_sentence(project: Project, tmp_path: Path, messages: list[Message]) -> None:
    config = settings(tmp_path, api_key=project.sandbox.api_key, api_url=project.sandbox.url)
    given = "".join(json.dumps(message) + "\n" for message in messages)
    ended = subprocess.run([COMMAND, "--config", config], input=given, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    (error,) = [line for line in ended.stderr.splitlines() if "ERROR" in line]
    assert "Stream 'users'" in error
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "messages",
    [
        users(
            {"$ref": "#/definitions/tree"}, {"size": 1, "kids": [{"size": 2, "kids": []}]}, definitions={"tree": TREE}
        ),
        users(
            {"$ref": "#/definitions/x"}, "x", definitions={"x": {"$ref": "#/definitions/y"}, "y": {"type": "string"}}
        ),
        users({"$ref": "#here"}, "x", definitions={"x": {"$anchor": "here", "type": "string"}}),
        users({"type": "string", "default": {"$ref": "#/nowhere"}}, "x"),
        users({"type": "string", "maxLength": 10**30}, "x"),
        users({"maximum": float("inf")}, 5),
        users({"enum": [float("nan"), 5]}, 5),
        users({"type": "string"}, "x", **{"$id": "http://["}),
        users(nested((MAX_LEVELS - 4) // 2), "x"),
        users(nested(MAX_LEVELS - 4, in_arrays=True), []),
    ],
)
def test_a_schema_that_means_something_works(project: Project, messages: list[Message]) -> None:
    assert project.load(messages)["users"]["written"] == 1


def test_a_record_is_checked_against_a_tree_as_deep_as_it_is(project: Project) -> None:
    bad: dict[str, Any] = {"size": 1, "kids": [{"size": 2, "kids": [{"size": "large"}]}]}
    deep: dict[str, Any] = {"size": 1}
    for _ in range(400):
        deep = {"size": 1, "kids": [deep]}
    messages = users({"$ref": "#/definitions/tree"}, bad, deep, definitions={"tree": TREE})
    assert project.load(messages)["users"]["reasons"].keys() <= {"invalidRecord", "tooDeep"}
    assert project.load.streams["users"]["rejected"] == 2


def test_without_validation_a_schema_of_any_kind_is_accepted(project: Project) -> None:
    columns: list[Any] = [{name: 5} for name in ("type", "anyOf", "items", "properties", "pattern")]
    for column in (*columns, {"type": {}}):
        assert project.load(users(column, "x"), validate_records=False)["users"]["written"] == 1
