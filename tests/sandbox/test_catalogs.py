"""Catalogs and their items."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Http, opened


def fill(http: Http, documents: dict[str, Any], **options: Any) -> None:
    body = {"documents": documents, "replaceUploadedFieldsOnly": False} | options
    http.ok("/api/catalogs/Things/items", body)


def values(http: Http, **params: Any) -> dict[str, Any]:
    items = http.get("/api/catalogs/Things/items", **params).json()["params"]["catalogItemsWithProperties"]
    return {item["itemId"]: item["value"] for item in items}


def put_mappings(http: Http, types: dict[str, str]) -> int:
    updates = [{"fieldName": name, "fieldType": type_} for name, type_ in types.items()]
    return http.send("PUT", "/api/catalogs/Things/fieldMappings", {"mappingsUpdates": updates}).status_code


def mappings(http: Http) -> dict[str, Any]:
    found: dict[str, Any] = http.get("/api/catalogs/Things/fieldMappings").json()["params"]
    return found


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
    assert "orderBy=n" in http.get("/api/catalogs/Things/items", orderBy="n").json()["params"]["nextPageUrl"]


def test_the_direction_of_an_order_needs_a_field_with_a_type(http: Http) -> None:
    http.post("/api/catalogs/Things")
    fill(http, {"a": {"n": 2}, "b": {"n": 1}})
    order = {"orderBy": "n", "sortAscending": "true"}
    assert http.get("/api/catalogs/Things/items", **order).status_code == 400
    assert put_mappings(http, {"n": "long"}) == 200
    assert list(values(http, **order)) == ["b", "a"]
    assert list(values(http, orderBy="n", sortAscending="false")) == ["a", "b"]
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
        http.get("/api/catalogs/nothing/items/a"),
        http.send("PUT", "/api/catalogs/nothing/items/a", {"value": {}}),
        http.send("DELETE", "/api/catalogs/nothing/items", {"itemIds": []}),
        http.get("/api/catalogs/nothing/fieldMappings"),
        http.send("DELETE", "/api/catalogs/nothing"),
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


def test_one_item_is_replaced_updated_read_and_deleted(http: Http) -> None:
    http.post("/api/catalogs/Things")
    path = "/api/catalogs/Things/items/one"
    assert http.send("PATCH", path, {"update": {"a": {"x": 1}, "b": 1}}).status_code == 200
    http.send("PATCH", path, {"update": {"a": {"y": 2}}})
    assert http.get(path).json()["value"] == {"a": {"y": 2}, "b": 1}
    assert http.send("PUT", path, {"value": {"c": 3}}).status_code == 200
    item = http.get(path).json()
    assert item.items() >= {"catalogName": "Things", "itemId": "one", "size": 7, "value": {"c": 3}}.items()
    assert http.send("DELETE", path).status_code == 200
    missing = http.get(path)
    assert (missing.status_code, missing.json()["error"]) == (404, "NotFound")


def test_one_item_comes_in_the_envelope_if_the_setting_says_so() -> None:
    with opened(catalog_item="envelope") as http:
        http.post("/api/catalogs/Things")
        fill(http, {"a": {"n": 1}})
        assert http.get("/api/catalogs/Things/items/a").json()["params"]["value"] == {"n": 1}


def test_many_items_are_deleted_and_absent_ones_are_no_error(http: Http) -> None:
    http.post("/api/catalogs/Things")
    fill(http, {"a": {}, "b": {}, "A": {}})
    assert http.send("DELETE", "/api/catalogs/Things/items", {"itemIds": ["a", "b", "nothing"]}).status_code == 200
    assert list(values(http)) == ["A"]


def test_a_deleted_catalog_takes_items_and_types_with_it(http: Http) -> None:
    http.post("/api/catalogs/Things")
    fill(http, {"a": {"n": 1}})
    put_mappings(http, {"n": "long"})
    assert http.send("DELETE", "/api/catalogs/things").status_code == 200
    assert http.get("/api/catalogs").json()["params"]["totalCatalogsCount"] == 0
    http.post("/api/catalogs/Things")
    assert values(http) == {}
    assert mappings(http) == {"definedMappings": {}, "undefinedFields": []}


def test_fields_without_a_type_are_undefined_until_they_get_one_for_ever(http: Http) -> None:
    http.post("/api/catalogs/Things")
    fill(http, {"a": {"price": 1.5, "colour": "red"}, "b": {"address": {"city": "Bonn"}}})
    assert mappings(http) == {"definedMappings": {}, "undefinedFields": ["address", "colour", "price"]}
    assert put_mappings(http, {"price": "double", "stock": "long"}) == 200
    assert mappings(http)["definedMappings"] == {"price": "double", "stock": "long"}
    assert mappings(http)["undefinedFields"] == ["address", "colour"]
    assert put_mappings(http, {"colour": "string", "price": "long"}) == 400
    assert put_mappings(http, {"price": "double"}) == 200
    assert mappings(http)["definedMappings"] == {"price": "double", "stock": "long"}


def test_fields_of_objects_have_types_too(http: Http) -> None:
    http.post("/api/catalogs/Things")
    city = {"fieldName": "city", "fieldType": "string"}
    address = {"fieldName": "address", "fieldType": "object", "children": [city]}
    assert http.send("PUT", "/api/catalogs/Things/fieldMappings", {"mappingsUpdates": [address]}).status_code == 200
    assert mappings(http)["definedMappings"] == {"address": "object", "address.city": "string"}


@pytest.mark.parametrize(
    "mapping",
    [
        {"fieldName": "a", "fieldType": "text"},
        {"fieldName": "a.b", "fieldType": "string"},
        {"fieldName": "a"},
        {"fieldName": "a", "fieldType": "string", "children": [{"fieldName": "b", "fieldType": "string"}]},
        {"fieldName": "a", "fieldType": "object", "children": [{"fieldName": "b"}]},
    ],
)
def test_a_mapping_that_cannot_be_is_refused(http: Http, mapping: dict[str, Any]) -> None:
    http.post("/api/catalogs/Things")
    body = {"mappingsUpdates": [mapping]}
    assert http.send("PUT", "/api/catalogs/Things/fieldMappings", body).status_code == 400
    assert mappings(http)["definedMappings"] == {}


@pytest.mark.parametrize("status", [200, 202])
def test_writes_of_items_answer_as_the_sandbox_is_told(status: int) -> None:
    with opened(catalog_status=status) as http:
        http.post("/api/catalogs/Things")
        path = "/api/catalogs/Things/items"
        answers = [
            http.post(path, {"documents": {"a": {}}}),
            http.send("PUT", f"{path}/b", {"value": {}}),
            http.send("PATCH", f"{path}/b", {"update": {}}),
            http.send("DELETE", f"{path}/a"),
            http.send("DELETE", path, {"itemIds": ["b"]}),
        ]
        assert {answer.status_code for answer in answers} == {status}
        assert values(http) == {}


@pytest.mark.parametrize(("path", "value"), [("bad_id", {}), ("a", {"b.c": 1}), ("a", {"text": "x" * 30_000})])
def test_single_items_have_the_limits_of_many(http: Http, path: str, value: dict[str, Any]) -> None:
    http.post("/api/catalogs/Things")
    for method, key in (("PUT", "value"), ("PATCH", "update")):
        assert http.send(method, f"/api/catalogs/Things/items/{path}", {key: value}).status_code == 400
    assert values(http) == {}


def test_what_is_too_deep_or_too_far_is_no_failure(http: Http) -> None:
    http.post("/api/catalogs/Things")
    deep: dict[str, Any] = {}
    mapping: dict[str, Any] = {"fieldName": "a", "fieldType": "object"}
    for _ in range(300):
        deep, mapping = {"a": deep}, mapping | {"children": [mapping]}
    item = http.send("PUT", "/api/catalogs/Things/items/a", {"value": deep})
    types = http.send("PUT", "/api/catalogs/Things/fieldMappings", {"mappingsUpdates": [mapping]})
    assert {item.status_code, types.status_code} <= {200, 400}
    page = http.get("/api/catalogs/Things/items", page=2**62).json()["params"]
    assert page["catalogItemsWithProperties"] == []
