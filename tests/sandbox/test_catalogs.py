"""Catalogs and their items."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Http


def fill(http: Http, documents: dict[str, Any], **options: Any) -> None:
    body = {"documents": documents, "replaceUploadedFieldsOnly": False} | options
    http.ok("/api/catalogs/Things/items", body)


def values(http: Http, **params: Any) -> dict[str, Any]:
    items = http.get("/api/catalogs/Things/items", **params).json()["params"]["catalogItemsWithProperties"]
    return {item["itemId"]: item["value"] for item in items}


def test_a_catalog_is_created_once_whatever_the_case_of_its_name(http: Http) -> None:
    created = http.post("/api/catalogs/Things")
    assert created.status_code == 201
    assert created.json()["params"].items() >= {"name": "Things", "url": "/api/catalogs/Things"}.items()
    assert http.post("/api/catalogs/THINGS").status_code == 400


@pytest.mark.parametrize("name", ["a.b", "a b", "a_b", "x" * 256])
def test_a_catalog_name_has_letters_digits_and_dashes(http: Http, name: str) -> None:
    assert http.post(f"/api/catalogs/{name}").status_code == 400


def test_names_come_in_the_envelope_with_relative_links(http: Http) -> None:
    for name in ("a", "b", "c"):
        http.post(f"/api/catalogs/{name}")
    answer = http.get("/api/catalogs", pageSize=2).json()
    assert (answer["msg"], answer["code"]) == ("", "Success")
    assert answer["params"]["catalogNames"] == [{"name": "a"}, {"name": "b"}]
    assert answer["params"]["totalCatalogsCount"] == 3
    last = http.get(answer["params"]["nextPageUrl"]).json()["params"]
    assert last["catalogNames"] == [{"name": "c"}]
    assert "nextPageUrl" not in last
    assert last["previousPageUrl"].startswith("/api/catalogs?")


def test_items_are_replaced_whole_or_field_by_field(http: Http) -> None:
    http.post("/api/catalogs/Things")
    fill(http, {"one": {"a": 1, "b": 1}, "two": {"a": 1, "b": 1}})
    fill(http, {"one": {"a": 2}})
    fill(http, {"two": {"a": 2}, "three": {"c": 3}}, replaceUploadedFieldsOnly=True)
    assert values(http) == {"one": {"a": 2}, "two": {"a": 2, "b": 1}, "three": {"c": 3}}


def test_an_item_shows_its_size_and_when_it_changed(http: Http) -> None:
    http.post("/api/catalogs/Things")
    fill(http, {"one": {"é": 1}})
    [item] = http.get("/api/catalogs/things/items").json()["params"]["catalogItemsWithProperties"]
    assert (item["catalogName"], item["size"], item["value"]) == ("Things", len('{"é":1}'.encode()), {"é": 1})
    assert isinstance(item["lastModified"], int)


def test_items_come_in_pages_of_ten_and_by_a_field_if_asked(http: Http) -> None:
    http.post("/api/catalogs/Things")
    fill(http, {f"item-{number:02d}": {"n": 100 - number} for number in range(25)} | {"other": {"m": 1}})
    page = http.get("/api/catalogs/Things/items").json()["params"]
    assert len(page["catalogItemsWithProperties"]) == 10
    assert page["totalItemsCount"] == 26
    assert list(values(http, orderBy="n", pageSize=2)) == ["item-00", "item-01"]
    assert list(values(http, orderBy="n", sortAscending="true", pageSize=2)) == ["item-24", "item-23"]
    assert "orderBy=n" in http.get("/api/catalogs/Things/items", orderBy="n").json()["params"]["nextPageUrl"]
    assert http.get("/api/catalogs/Things/items", orderBy="n", sortAscending="x").status_code == 400


def test_a_missing_catalog_is_404_in_the_other_envelope(http: Http) -> None:
    expected = {
        "error": "NotFound",
        "message": "Catalog not found: nothing",
        "code": "error.catalogs.notFound",
        "data": {"args": ["nothing"]},
    }
    for response in (
        http.get("/api/catalogs/nothing/items"),
        http.post("/api/catalogs/nothing/items", {"documents": {}, "replaceUploadedFieldsOnly": False}),
    ):
        assert (response.status_code, response.json()) == (404, expected)


@pytest.mark.parametrize(
    "documents",
    [
        {"good": {"a": 1}, "bad id": {}},
        {"good": {"a": 1}, "bad": {"a.b": 1}},
        {"good": {"a": 1}, "bad": {"a": [{"b.c": 1}]}},
        {"good": {"a": 1}, "bad": {"text": "x" * 30_000}},
        {"good": {"a": 1}, "bad": 5},
        {f"item-{number}": {} for number in range(1001)},
    ],
)
def test_one_item_that_breaks_a_limit_refuses_all(http: Http, documents: dict[str, Any]) -> None:
    http.post("/api/catalogs/Things")
    response = http.post("/api/catalogs/Things/items", {"documents": documents, "replaceUploadedFieldsOnly": False})
    assert response.status_code == 400
    assert values(http) == {}


def test_item_ids_are_case_sensitive(http: Http) -> None:
    http.post("/api/catalogs/Things")
    fill(http, {"a": {"n": 1}, "A": {"n": 2}})
    assert values(http) == {"a": {"n": 1}, "A": {"n": 2}}
