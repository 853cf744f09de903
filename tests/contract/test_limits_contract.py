"""The table of limits says what Iterable's contract says, row by row."""

import re
from collections.abc import Mapping

import pytest

from iterable_api.facts.limits import (
    LIMITS,
    MAX_BODY_BYTES,
    MAX_CATALOG_ITEM_BYTES,
    MAX_CATALOG_ITEMS,
    MAX_EVENT_ID_BYTES,
    Limit,
)
from iterable_api.facts.repeatable import NOT_REPEATABLE
from iterable_api.http.client import HOSTS
from tests.contract.published_api import Contract

DEVIATIONS: Mapping[Limit, str] = {
    Limit(
        "GET", "/api/templates/inapp/get", 100, 1
    ): "has no description at all; the other four kinds of template state it",
}
"""Rows that the contract does not state, with the reason why they are in the table."""


def test_every_limit_of_the_contract_is_in_the_table_and_every_row_is_in_the_contract(contract: Contract) -> None:
    stated = {limit for operation in contract.operations.values() for limit in operation.limits}
    assert len(stated) > 50
    assert stated - set(LIMITS) == set()
    assert set(LIMITS) - stated == set(DEVIATIONS)


@pytest.mark.parametrize(
    "table", [{(limit.method, limit.path) for limit in LIMITS}, NOT_REPEATABLE], ids=["limits", "not repeatable"]
)
def test_every_endpoint_that_a_table_names_exists(contract: Contract, table: set[tuple[str, str]]) -> None:
    assert table - {(operation.method, operation.path) for operation in contract.operations.values()} == set()


def test_every_endpoint_that_sends_a_message_is_never_sent_twice(contract: Contract) -> None:
    sends = re.compile(r"/(target|proof|send|trigger\w*|subscribeToDoubleOptIn|begin)$")
    operations = contract.operations.values()
    posts = {(one.method, one.path) for one in operations if one.method == "POST" and sends.search(one.path)}
    assert len(posts) > 10
    assert posts <= NOT_REPEATABLE


def test_the_host_is_the_contracts(contract: Contract) -> None:
    assert HOSTS["us"] == f"https://{contract.host}"


def test_the_sizes_are_the_contracts(contract: Contract) -> None:
    assert contract.sizes == {
        "bytes in a request body": MAX_BODY_BYTES,
        "items in a catalog request": MAX_CATALOG_ITEMS,
        "bytes in a catalog item": MAX_CATALOG_ITEM_BYTES,
        "bytes in an event id": MAX_EVENT_ID_BYTES,
    }
