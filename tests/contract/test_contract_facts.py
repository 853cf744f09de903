"""The tables of facts agree with the published description that they are made from."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.published_api import schema_of, sections
from tools.contract_facts import FACTS, OverlookedLimitError, api_table, fields_table, kinds_table

SIZES = (
    "<b>Max size of request body</b>: 4MB. Create up to 1000 catalog items with a single request. "
    "JSON representation of the catalog item. Max size is is 30kb; this ID cannot be longer than 512 bytes"
)


def description(text: str) -> dict[str, Any]:
    operation = {
        "description": text,
        "parameters": [
            {"in": "path", "name": "id", "required": True, "type": "integer"},
            {"in": "query", "name": "states", "required": False, "type": "array", "items": {"type": "string"}},
            {"in": "body", "name": "body", "required": True, "schema": {"$ref": "#/definitions/Wanted"}},
        ],
        "responses": {"200": {"schema": {"type": "string"}}, "400": {"schema": {"$ref": "#/definitions/Lost"}}},
    }
    wanted = {"type": "object", "required": ["a"], "properties": {"a": {"enum": ["x", "y"]}, "b": {"type": "object"}}}
    definitions = {"Wanted": wanted, "Lost": {}, "Unnamed": {}}
    return {"host": "h", "info": SIZES, "paths": {"/a/{id}": {"post": operation}}, "definitions": definitions}


def test_the_table_holds_names_types_and_limits_of_what_operations_name() -> None:
    table = api_table(description("Does it.<br><b>Rate limit</b>: 3 requests/second, per API key"))
    assert table.splitlines()[7:] == [
        "POST /a/{id}",
        "    limit: 3 in 1 s per key",
        "    path id*: integer",
        "    query states: [string]",
        "    body: <Wanted>",
        "    200: string",
        "type Lost",
        "type Wanted",
        '    a*: "x" | "y"',
        "    b: object",
    ]


def test_a_limit_in_other_words_is_not_overlooked() -> None:
    with pytest.raises(OverlookedLimitError, match=r"POST /a/\{id\}"):
        api_table(description("Rate limit: three requests a second"))


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (
            "[{<A>}]",
            {"type": "array", "items": {"type": "object", "additionalProperties": {"$ref": "#/definitions/A"}}},
        ),
        ('"x | y" | "z"', {"type": "string", "enum": ["x | y", "z"]}),
        ("integer or <A> or null", {"anyOf": [{"type": "integer"}, {"$ref": "#/definitions/A"}, {"type": "null"}]}),
        ("object", {}),
        ("[integer]", {"type": "array", "items": {"type": "integer"}}),
    ],
)
def test_a_type_is_read_as_it_was_written(kind: str, schema: dict[str, Any]) -> None:
    assert schema_of(kind) == schema


def test_fields_and_kinds_are_written_by_data_type() -> None:
    assert fields_table({"_about": {}, "b": {"y": "string", "x": "integer"}}).splitlines()[2:] == [
        "b",
        "    x: integer",
        "    y: string",
    ]
    lines: dict[str, list[Mapping[str, Any]]] = {"a": [{"x": 1, "y": [True]}, {"x": None, "z": {}}]}
    assert kinds_table(lines).splitlines()[2:] == ["a", "    x: integer | null", "    y: [boolean]", "    z: object"]


def test_the_tables_that_are_here_are_read_whole() -> None:
    for table in ("api.txt", "client_api.txt", "client_messages.txt", "event_fields.txt", "exported_kinds.txt"):
        lines = [line for line in (FACTS / table).read_text().splitlines() if not line.startswith("#")]
        assert len(lines) == sum(1 + len(facts) + more(facts) for _, facts in sections(table))


def more(facts: dict[str, str]) -> int:
    """Lines that were joined to one: an operation may have two limits."""
    return facts.get("limit", "").count(", ")
