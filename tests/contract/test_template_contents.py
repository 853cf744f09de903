"""The members of templates are those of the contract, and so are their kinds."""

from __future__ import annotations

from typing import Any

import pytest

from iterable_api.facts.template_contents import (
    BEYOND_UPSERT,
    CONTENT,
    HEAD,
    LOCALE,
    PATH_PARTS,
    content_path,
    update_path,
    upsert_path,
)
from tests.contract.published_api import Contract

SAMPLES: dict[str, Any] = {
    "text": "a",
    "texts": ["a"],
    "boolean": True,
    "whole": 1,
    "wholes": [1],
    "decimal": 0.5,
    "object": {},
    "objects": [],
}
READ_ONLY = {"campaignId", "createdAt", "updatedAt", "metadata"}
CLASSES = {"payload"}
"""Members of which upserts give the class of the server that holds them, and updates that they are objects."""


def members(contract: Contract, route: str) -> dict[str, Any]:
    """The members of a body: name -> JSON Schema."""
    properties: dict[str, Any] = contract.resolved(contract.operations[route].body or {})["properties"]
    return properties


@pytest.mark.parametrize("medium", PATH_PARTS)
def test_the_table_has_the_members_of_the_contract(contract: Contract, medium: str) -> None:
    table = {*HEAD, *LOCALE, *CONTENT[medium]}
    upsert = members(contract, f"POST {upsert_path(medium)}")
    update = members(contract, f"POST {update_path(medium)}")
    assert table - BEYOND_UPSERT == upsert.keys() - {"creatorUserId"}
    assert table == update.keys() - READ_ONLY - {"creatorUserId", "templateId"}
    answer = contract.resolved(contract.operations[f"GET {content_path(medium)}"].answer(200) or {})
    assert answer["properties"].keys() == update.keys()


@pytest.mark.parametrize("medium", PATH_PARTS)
def test_a_value_of_each_kind_fits_the_contract(contract: Contract, medium: str) -> None:
    schemas = members(contract, f"POST {update_path(medium)}") | {
        name: schema for name, schema in members(contract, f"POST {upsert_path(medium)}").items() if name not in CLASSES
    }
    for name, kind in {**HEAD, **LOCALE, **CONTENT[medium]}.items():
        fitting = {"interruptionLevel": "passive"}.get(name, SAMPLES[kind])
        assert list(contract.problems(schemas[name], fitting)) == [], name
        if schemas[name]:  # else the contract says nothing of the value
            other: Any = 5 if kind == "object" else {}
            assert list(contract.problems(schemas[name], other)) or contract.resolved(schemas[name]) == {}, name
