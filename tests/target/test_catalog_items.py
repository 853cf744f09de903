"""Catalog items, merged or replaced."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from iterable_api.errors import BadRequestError
from target_iterable.field_types.coercion import MAPPINGS, FieldCoercion
from tests.target.batches import batch, parquet
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


@pytest.mark.parametrize("odd", ["a\nb", "", "a b", "x" * 256, "\n", "b\n", "ä"])
def test_an_id_that_cannot_be_one_is_rejected_alone_among_others(project: Project, odd: str) -> None:
    rows = [{"itemId": "a"}, {"itemId": odd}, {"itemId": "x" * 255}, {"itemId": "b"}]
    counts = project.load(stream("catalog_items", rows), streams=BOOKS)["catalog_items"]
    assert (counts["written"], counts["rejected"]) == (3, 1)
    assert project.holds.items("Books") == {"a": {}, "x" * 255: {}, "b": {}}


def test_an_item_of_a_file_is_rejected_alone_if_it_is_too_large_and_not_for_its_id(
    project: Project, tmp_path: Path
) -> None:
    fits = 30_000 - len('{"text":""}')
    texts = {"a": "x", "b" * 255: "y" * fits, "c": "z" * (fits + 1)}
    file = parquet(tmp_path / "a.parquet", pa.table({"itemId": [*texts], "text": [*texts.values()]}))
    schema, *_ = stream("catalog_items", [], itemId={"type": "string"}, text={"type": "string"})
    counts = project.load([schema, batch("catalog_items", file)], streams=BOOKS, batch_roots=[str(tmp_path)])
    assert (counts["catalog_items"]["written"], counts["catalog_items"]["rejected"]) == (2, 1)
    assert [*project.holds.items("Books")] == ["a", "b" * 255]


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


def defining(**options: Any) -> dict[str, Any]:
    return {"catalog_items": {"catalog": "Books", "define_field_types": True, **options}}


def test_fields_get_the_types_of_the_schema_before_the_first_item(project: Project) -> None:
    types: dict[str, Any] = {
        "sku": {"type": "string"},
        "PRICE": {"type": ["null", "number"]},
        "stock": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "released": {"type": ["string", "null"], "format": "date"},
        "shop.open": {"type": "boolean"},
        "shop_geo_location": {"type": "object", "properties": {"lat": {"type": "number"}}},
        "size": {"type": "object", "properties": {"w": {"type": "integer"}, "unit": {"type": "string"}}},
        "either": {"type": ["string", "integer"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "value": {"type": "object", "properties": {"title": {"type": "string"}}},
    }
    row = {"sku": "a", "PRICE": 5, "size": {"w": 1}, "tags": ["x"], "value": {"title": "One"}}
    messages = stream("catalog_items", [row], key=["sku"], **types)
    project.load(messages, streams=defining(fields={"PRICE": "price"}))
    assert project.holds.mappings("Books") == {
        "price": "double",
        "stock": "long",
        "released": "date",
        "shop": "object",
        "shop.open": "boolean",
        "shop_geo_location": "geo_location",
        "size": "object",
        "size.w": "long",
        "size.unit": "string",
        "title": "string",
    }
    methods = [entry.method for entry in project.sandbox.requests("P* /api/catalogs/{catalogName}/*")]
    assert methods[:2] == ["PUT", "POST"]
    assert project.holds.items("Books") == {"a": {"price": 5, "size": {"w": 1}, "tags": ["x"], "title": "One"}}


def test_types_that_are_there_stay_and_only_new_fields_get_one(project: Project) -> None:
    rows = [{"itemId": "a"}]
    project.load(
        stream("catalog_items", rows, size={"type": "object", "properties": {"w": {"type": "integer"}}}),
        streams=defining(),
    )
    wider = {"type": "object", "properties": {"w": {"type": "string"}, "h": {"type": "number"}}}
    summary = project.load(
        stream("catalog_items", [*rows, {"itemId": "b", "size": {"w": "x"}}], size=wider), streams=defining()
    )
    assert project.holds.mappings("Books") == {"size": "object", "size.w": "long", "size.h": "double"}
    assert summary["catalog_items"]["reasons"] == {"RequestFieldsTypesMismatched": 1}
    project.load(stream("catalog_items", rows, size=wider), streams=defining())
    assert len(project.sandbox.requests("PUT *")) == 2


def test_another_process_may_have_defined_the_fields_meanwhile(project: Project) -> None:
    fields = FieldCoercion(project.holds.client, coerce=False)
    project.sandbox.store.catalogs.create("Books")
    fields.define("Books", {})
    client, params = project.holds.client, {"catalogName": "Books"}
    update = {"mappingsUpdates": [{"fieldName": "price", "fieldType": "long"}]}
    client.request("PUT", MAPPINGS, path_params=params, json=update)
    fields.define("Books", {"price": "double"})
    assert project.holds.mappings("Books") == {"price": "long"}
    with pytest.raises(BadRequestError):
        fields.define("Books", {"price": "double", "odd": "colour"})


def test_no_types_are_given_unless_that_is_asked_for(project: Project) -> None:
    project.load(stream("catalog_items", [{"itemId": "a", "price": 5}], price={"type": "number"}), streams=BOOKS)
    assert project.holds.mappings("Books") == {}


def test_unsafe_ids_are_made_safe_and_stay_apart(project: Project) -> None:
    ids = ["a/b", "a.b", "a-b", "A/b", "é", "x" * 300, "x" * 301, ""]
    route = {"catalog_items": {"catalog": "Books", "unsafe_ids": "replace"}}
    summary = project.load(stream("catalog_items", [{"itemId": id_, "name": id_} for id_ in ids]), streams=route)
    items = project.holds.items("Books")
    assert {item["name"] for item in items.values()} == set(ids) - {""}
    assert items["a-b"] == {"name": "a-b"}
    assert all(re.fullmatch(r"[A-Za-z0-9-]{1,255}", id_) for id_ in items)
    assert summary["catalog_items"]["reasons"] == {"invalidItemId": 1}
    project.load(stream("catalog_items", [{"itemId": "a/b", "name": "again"}]), streams=route)
    assert sum(item["name"] == "again" for item in project.holds.items("Books").values()) == 1
    assert len(project.holds.items("Books")) == len(items)
