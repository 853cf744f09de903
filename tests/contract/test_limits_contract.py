"""The table of endpoints says what Iterable's contract says, row by row."""

import re
from collections.abc import Mapping

from iterable_api.facts.client_endpoints import CLIENT_ENDPOINTS
from iterable_api.facts.endpoints import CONTRACT_ENDPOINTS, ENDPOINTS
from iterable_api.facts.key_types import SERVERS
from iterable_api.facts.limits import (
    MAX_BODY_BYTES,
    MAX_CATALOG_ITEM_BYTES,
    MAX_CATALOG_ITEMS,
    MAX_EVENT_ID_BYTES,
    Limit,
)
from iterable_api.http.addresses import HOSTS
from tests.contract.published_api import Contract

DEVIATIONS: Mapping[tuple[str, str, Limit], str] = {
    (
        "GET",
        "/api/templates/inapp/get",
        Limit(100, 1),
    ): "has no description at all; the other four kinds of template state it",
}
"""Limits that the contract does not state, with the reason why they are in the table."""


def test_every_operation_of_the_contract_has_a_row_and_every_row_is_an_operation(contract: Contract) -> None:
    assert len(contract.operations) > 140
    assert list(CONTRACT_ENDPOINTS) == [(one.method, one.path) for one in contract.operations.values()]


def test_every_operation_of_iterables_client_has_a_row_and_every_other_row_is_one(client: Contract) -> None:
    assert len(client.operations) == 12
    assert list(CLIENT_ENDPOINTS) == [(one.method, one.path) for one in client.operations.values()]
    assert ENDPOINTS == {**CONTRACT_ENDPOINTS, **CLIENT_ENDPOINTS}
    assert CONTRACT_ENDPOINTS.keys() & CLIENT_ENDPOINTS.keys() == set()


def test_nothing_is_taken_for_known_that_iterables_client_does_not_tell(client: Contract) -> None:
    for one in client.operations.values():
        facts = CLIENT_ENDPOINTS[one.method, one.path]
        assert (facts.limits, facts.success, facts.key_types) == ((), None, SERVERS)
        assert facts.repeatable is (one.method != "POST")


def test_every_limit_of_the_contract_is_in_the_table_and_every_limit_is_in_the_contract(contract: Contract) -> None:
    stated = {(one.method, one.path, limit) for one in contract.operations.values() for limit in one.limits}
    tabled = {(*endpoint, limit) for endpoint, facts in ENDPOINTS.items() for limit in facts.limits}
    assert len(stated) > 50
    assert stated - tabled == set()
    assert tabled - stated == set(DEVIATIONS)


def test_every_endpoint_that_sends_a_message_is_never_sent_twice(contract: Contract) -> None:
    sends = re.compile(r"/(target|proof|send|trigger\w*|subscribeToDoubleOptIn|begin)$")
    operations = contract.operations.values()
    posts = {(one.method, one.path) for one in operations if one.method == "POST" and sends.search(one.path)}
    assert len(posts) > 10
    assert not any(ENDPOINTS[post].repeatable for post in posts)


def test_the_host_is_the_contracts(contract: Contract) -> None:
    assert HOSTS["us"] == f"https://{contract.host}"


def test_the_sizes_are_the_contracts(contract: Contract) -> None:
    assert contract.sizes == {
        "bytes in a request body": MAX_BODY_BYTES,
        "items in a catalog request": MAX_CATALOG_ITEMS,
        "bytes in a catalog item": MAX_CATALOG_ITEM_BYTES,
        "bytes in an event id": MAX_EVENT_ID_BYTES,
    }
