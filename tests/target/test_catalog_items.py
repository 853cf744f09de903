"""Catalog items, merged or replaced."""

from __future__ import annotations

from typing import Any

import pytest

from tests.target.conftest import Project
from tests.target.loading import stream

BOOKS = {"catalog_items": {"catalog": "Books"}}


def test_a_catalog_is_made_once_and_items_keep_the_fields_that_are_not_sent(project: Project) -> None:
    project.load(stream("catalog_items", [{"itemId": "a-1", "title": "One", "price": 5}]), streams=BOOKS)
    rows = [{"itemId": "a-1", "price": 6.5}, {"itemId": "A-1", "title": "Other"}]
    summary = project.load(stream("catalog_items", rows), streams={"catalog_items": {"catalog": "BOOKS"}})
    assert project.holds.catalogs() == ["Books"]
    assert project.holds.items("Books") == {"a-1": {"title": "One", "price": 6.5}, "A-1": {"title": "Other"}}
    assert (summary["catalog_items"]["written"], summary["catalog_items"]["requests"]) == (2, 1)


def test_a_replaced_item_keeps_nothing(project: Project) -> None:
    project.load(stream("catalog_items", [{"itemId": "a", "title": "One", "price": 5}]), streams=BOOKS)
    route = {"catalog_items": {"catalog": "Books", "mode": "replace"}}
    project.load(stream("catalog_items", [{"itemId": "a", "price": 6}]), streams=route)
    assert project.holds.items("Books") == {"a": {"price": 6}}


def test_the_only_key_property_is_the_id_and_is_not_repeated(project: Project) -> None:
    route = {"products": {"object": "catalog_items", "catalog": "Books", "fields": {"product_no": "number"}}}
    project.load(stream("products", [{"product_no": 17, "title": "One"}], key=["product_no"]), streams=route)
    assert project.holds.items("Books") == {"17": {"title": "One"}}


def test_a_column_may_name_the_catalog_and_an_object_the_fields(project: Project) -> None:
    rows = [
        {"catalogName": "Books", "itemId": "1", "value": {"title": "One", "tags": ["x"]}},
        {"catalogName": "Toys", "itemId": "1", "value": '{"title": "Two"}', "price": 3},
    ]
    project.load(stream("catalog_items", rows))
    assert project.holds.items("Books") == {"1": {"title": "One", "tags": ["x"]}}
    assert project.holds.items("Toys") == {"1": {"title": "Two", "price": 3}}


def test_all_catalogs_are_known_when_they_fill_several_pages(project: Project) -> None:
    names = [f"c{number:03}" for number in range(250)]
    for name in names:
        project.sandbox.store.catalogs.create(name)
    project.load(stream("catalog_items", [{"catalogName": name, "itemId": "1"} for name in names[::80]]))
    assert sorted(project.holds.catalogs()) == names
    assert project.holds.items("c240") == {"1": {}}


def test_no_request_holds_more_items_than_the_contract_allows(project: Project) -> None:
    rows = [{"itemId": str(number)} for number in range(1001)]
    summary = project.load(stream("catalog_items", rows), streams=BOOKS, max_batch_rows=5000)
    assert (summary["catalog_items"]["written"], summary["catalog_items"]["requests"]) == (1001, 2)


@pytest.mark.parametrize(
    ("row", "key", "reason"),
    [
        ({"title": "x"}, [], "invalidItemId"),
        ({"a": 1, "b": 2}, ["a", "b"], "invalidItemId"),
        ({"itemId": "a.b"}, [], "invalidItemId"),
        ({"itemId": "x" * 256}, [], "invalidItemId"),
        ({"itemId": 1.5}, [], "invalidItemId"),
        ({"itemId": "a", "prices": {"list.price": 1}}, [], "invalidFieldName"),
        ({"itemId": "a", "sizes": [{"e.u": 1}]}, [], "invalidFieldName"),
        ({"itemId": "a", "text": "x" * 30_000}, [], "itemTooLarge"),
        ({"itemId": "a", "value": 5}, [], "invalidObject"),
    ],
)
def test_an_item_that_iterable_cannot_hold_is_rejected_with_its_reason(
    project: Project, row: dict[str, Any], key: list[str], reason: str
) -> None:
    rows = [row, {**row, "itemId": "good", "value": None, "prices": None, "sizes": None, "text": None}]
    summary = project.load(stream("catalog_items", rows, key=key), streams=BOOKS)["catalog_items"]
    assert (summary["written"], summary["reasons"]) == (1, {reason: 1})
    assert list(project.holds.items("Books")) == ["good"]


def test_a_dot_in_a_column_leads_into_an_object_or_is_refused(project: Project) -> None:
    rows = [{"itemId": "a", "price.list": 5, "price.sale": 4}]
    project.load(stream("catalog_items", rows), streams=BOOKS)
    assert project.holds.items("Books") == {"a": {"price": {"list": 5, "sale": 4}}}
    summary = project.load(
        stream("catalog_items", rows), streams={"catalog_items": {"catalog": "Books", "dots": "keep"}}
    )
    assert summary["catalog_items"]["reasons"] == {"invalidFieldName": 1}


def test_nulls_are_left_out_when_they_should_keep_what_is_there(project: Project) -> None:
    keeping = {"catalog_items": {"catalog": "Books", "nulls": "keep"}}
    project.load(stream("catalog_items", [{"itemId": "a", "title": "One", "price": 5}]), streams=BOOKS)
    project.load(stream("catalog_items", [{"itemId": "a", "title": None, "price": 6}]), streams=keeping)
    assert project.holds.items("Books") == {"a": {"title": "One", "price": 6}}


@pytest.mark.parametrize("name", [None, "my books", ""])
def test_an_item_without_a_usable_catalog_is_rejected(project: Project, name: str | None) -> None:
    summary = project.load(stream("catalog_items", [{"itemId": "a", "catalogName": name}]))
    assert summary["catalog_items"]["reasons"] == {"invalidCatalog": 1}
