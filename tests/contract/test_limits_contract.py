"""The table of limits says what Iterable's contract says, row by row."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

import pytest

from iterable_api.client import HOSTS
from iterable_api.limits import (
    DAY,
    LIMITS,
    MAX_BODY_BYTES,
    MAX_CATALOG_ITEM_BYTES,
    MAX_CATALOG_ITEMS,
    MAX_EVENT_ID_BYTES,
    Limit,
    Scope,
)
from iterable_api.repeatable import NOT_REPEATABLE

STATED = re.compile(
    r"(?:Rate limit|Daily Cap): (\d+) requests?(?:/| per )(second|minute|24 hour period), "
    r"per (project|API key|organization)\b"
)
LABEL = re.compile(r"rate limit\b|daily cap|requests?\s*(?:/|per)", re.IGNORECASE)
SECONDS = {"second": 1, "minute": 60, "24 hour period": DAY}
SCOPES: Mapping[str, Scope] = {"project": "project", "API key": "key", "organization": "organisation"}

DEVIATIONS: Mapping[Limit, str] = {
    Limit(
        "GET", "/api/templates/inapp/get", 100, 1
    ): "has no description at all; the other four kinds of template state it",
}
"""Rows that the contract does not state, with the reason why they are in the table."""


class _Text(HTMLParser):
    """The text of a description, without its mark-up."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def operations(contract: Any) -> Iterator[tuple[str, str, str]]:
    """Method, path and plain description of every endpoint."""
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, "".join(_Text(operation.get("description") or "").parts)


def stated_limits(contract: Any) -> Iterator[Limit]:
    for method, path, description in operations(contract):
        for count, period, scope in STATED.findall(description):
            yield Limit(method, path, int(count), SECONDS[period], SCOPES[scope])


def test_every_limit_of_the_contract_is_in_the_table_and_every_row_is_in_the_contract(contract: Any) -> None:
    stated = set(stated_limits(contract))
    assert stated - set(LIMITS) == set()
    assert set(LIMITS) - stated == set(DEVIATIONS)


def test_no_limit_of_the_contract_is_worded_so_that_this_test_overlooks_it(contract: Any) -> None:
    overlooked = [
        (method, path, description)
        for method, path, description in operations(contract)
        if LABEL.search(STATED.sub("", description))
    ]
    assert overlooked == []
    assert sum(1 for _ in stated_limits(contract)) > 50


@pytest.mark.parametrize(
    "table", [{(limit.method, limit.path) for limit in LIMITS}, NOT_REPEATABLE], ids=["limits", "not repeatable"]
)
def test_every_endpoint_that_a_table_names_exists(contract: Any, table: set[tuple[str, str]]) -> None:
    assert table - {(method, path) for method, path, _ in operations(contract)} == set()


def test_every_endpoint_that_sends_a_message_is_never_sent_twice(contract: Any) -> None:
    sends = re.compile(r"/(target|proof|send|trigger\w*|subscribeToDoubleOptIn|begin)$")
    posts = {(method, path) for method, path, _ in operations(contract) if method == "POST" and sends.search(path)}
    assert len(posts) > 10
    assert posts <= NOT_REPEATABLE


def test_the_host_is_the_contracts(contract: Any) -> None:
    assert HOSTS["us"] == f"https://{contract['host']}"


@pytest.mark.parametrize(
    ("sentence", "ours"),
    [
        (r"Max size of request body</b>: (\d+)MB", MAX_BODY_BYTES // 1_000_000),
        (r"Create up to (\d+) catalog items with a single request", MAX_CATALOG_ITEMS),
        (r"JSON representation of the catalog item. +Max size is is (\d+)kb", MAX_CATALOG_ITEM_BYTES // 1000),
        (r"this ID cannot be longer than (\d+) bytes", MAX_EVENT_ID_BYTES),
    ],
)
def test_the_sizes_are_the_contracts(contract: Any, sentence: str, ours: int) -> None:
    found = {int(number) for text in _texts(contract) for number in re.findall(sentence, text)}
    assert found == {ours}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
