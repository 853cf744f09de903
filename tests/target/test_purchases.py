"""Purchases, from records to exports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iterable_api.facts.identity import ProjectType
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream

ANN = "ann@example.com"
MUG = {"id": "m-1", "name": "Mug", "price": 4.5, "quantity": 2}


def purchase(**more: Any) -> dict[str, Any]:
    return {"email": ANN, "items": [MUG], "total": 9} | more


def test_a_purchase_has_its_own_attributes_and_all_else_is_data(project: Project) -> None:
    record = purchase(
        id=1009,
        createdAt="2024-11-25T13:37:19Z",
        campaignId="12",
        templateId=34,
        dataFields={"coupon": "SPRING"},
        shop="Bern",
    )
    project.load(stream("shop-purchases", [record]))
    (stored,) = project.holds.purchases()
    assert (stored["id"], stored["createdAt"]) == ("1009", "2024-11-25 13:37:19 +00:00")
    assert (stored["campaignId"], stored["templateId"], stored["total"]) == (12, 34, 9)
    assert (stored["coupon"], stored["shop"], stored["email"]) == ("SPRING", "Bern", ANN)
    assert stored["shoppingCartItems"] == [MUG]
    assert not {"items", "user", "dataFields"} & stored.keys()


def test_items_keep_what_the_contract_names_and_the_rest_is_their_data(project: Project) -> None:
    known = {
        "sku": "SKU-1",
        "categories": ["Kitchen", "Mugs"],
        "description": "For tea",
        "url": "https://shop.example.com/m",
        "imageUrl": "https://shop.example.com/m.png",
    }
    item = {**MUG, **known, "dataFields": {"colour": "blue", "name": "of the maker"}, "weight": 300}
    project.load(stream("purchases", [purchase(items=[item])]))
    (stored,) = project.holds.purchases()
    fields = {"colour": "blue", "name": "of the maker", "weight": 300}
    assert stored["shoppingCartItems"] == [MUG | known | {"dataFields": fields}]


def test_databases_may_write_items_and_numbers_as_texts(new_project: NewProject) -> None:
    project = new_project(log_personal_data=True)
    item = {"id": 17, "name": "Mug", "price": "24.950000", "quantity": "2.00", "categories": '["Kitchen"]'}
    project.load(stream("purchases", [purchase(items=json.dumps([item]), total="49.90")]))
    (request,) = project.sandbox.requests("POST /api/commerce/trackPurchase")
    # To the last digit: no number goes through a float.
    assert '"price":24.950000,"quantity":2' in str(request.body)
    assert '"total":49.90' in str(request.body)
    (stored,) = project.holds.purchases()
    wanted = {"id": "17", "name": "Mug", "price": 24.95, "quantity": 2, "categories": ["Kitchen"]}
    assert (stored["shoppingCartItems"], stored["total"]) == ([wanted], 49.9)


def test_purchases_as_exports_have_them_can_be_written(project: Project) -> None:
    record = {"email": ANN, "id": "o-1", "total": 9, "shoppingCartItems": [MUG]}
    project.load(stream("purchase", [record]))
    assert project.holds.purchases()[0]["shoppingCartItems"] == [MUG]


def test_the_buyer_is_made_or_updated_along(project: Project) -> None:
    records = [
        purchase(user={"city": "Bern", "visits": "3"}),
        purchase(email=None, user={"email": "Bob@example.com", "dataFields": {"city": "Basel"}}),
        {**purchase(), "email": None, "userId": "C1", "user": json.dumps({"city": "Chur"})},
    ]
    project.load(stream("users", [{"email": ANN, "visits": 1}]))
    settings = {"coerce_types": True, "placeholder_users": True}
    purchases = project.load(stream("purchases", records), **settings)["purchases"]
    assert (purchases["read"], purchases["written"]) == (3, 3)
    assert (project.holds.user(email=ANN)["city"], project.holds.user(email=ANN)["visits"]) == ("Bern", 3)
    assert project.holds.user(email="bob@example.com")["city"] == "Basel"
    assert project.holds.user(userId="C1")["city"] == "Chur"


def test_a_purchase_empties_the_cart(project: Project) -> None:
    carts = stream("carts", [{"email": ANN, "items": [MUG]}])
    project.load([*carts, *stream("purchases", [purchase()])])
    assert project.holds.user(email=ANN)["shoppingCartItems"] == []


def test_a_second_purchase_of_an_id_updates_the_first(project: Project) -> None:
    project.load(stream("purchases", [purchase(id="o-1", total=n) for n in range(20)]))
    assert [line["total"] for line in project.holds.purchases()] == [19]


def test_a_replay_of_purchases_without_ids_changes_nothing(project: Project) -> None:
    records = [purchase(total=1), purchase(total=2), purchase(total=1, email="bob@example.com")]
    for _ in range(2):
        assert project.load(stream("purchases", records))["purchases"]["written"] == 3
    assert len(project.holds.purchases()) == 3


def test_purchases_that_are_unchanged_cost_no_request_and_leave_the_cart_alone(project: Project) -> None:
    route = {"purchases": {"skip_unchanged": True}}
    first, second = purchase(id="o-1"), purchase(id="o-2", total=3)
    project.load(stream("purchases", [first, second]), streams=route)
    project.load(stream("carts", [{"email": ANN, "items": [MUG]}]))
    unchanged = project.load(stream("purchases", [first, second]), streams=route)["purchases"]
    assert (unchanged["unchanged"], unchanged["requests"]) == (2, 0)
    assert project.holds.user(email=ANN)["shoppingCartItems"] == [MUG]
    changed = project.load(stream("purchases", [first, second | {"total": 4}]), streams=route)["purchases"]
    assert (changed["unchanged"], changed["written"]) == (1, 1)
    assert [line["total"] for line in project.holds.purchases()] == [9, 4]


def test_a_row_that_has_changed_is_the_same_purchase_if_its_stream_has_a_key(project: Project) -> None:
    for total in (9, 4.5):
        project.load(stream("purchases", [purchase(order=7, total=total)], key=["order"]))
    assert [line["total"] for line in project.holds.purchases()] == [4.5]


def test_purchases_whose_key_is_empty_are_told_apart_by_what_they_say(project: Project) -> None:
    records = [purchase(order=None, total=total) for total in (1, 2)]
    project.load(stream("purchases", records, key=["order"]))
    assert len(project.holds.purchases()) == 2


def test_without_an_id_a_purchase_whose_fate_is_unknown_is_rejected_and_not_made_twice(project: Project) -> None:
    project.sandbox.inject("generic_error", route="POST /api/commerce/trackPurchase", times=1)
    purchases = project.load(stream("purchases", [purchase()]), derive_event_ids=False, max_rejects="100%")["purchases"]
    assert (purchases["reasons"], purchases["requests"]) == ({"unconfirmed": 1}, 1)


@pytest.mark.parametrize(
    ("record", "code", "field"),
    [
        ({"items": None}, "missingItems", "items"),
        ({"items": "one mug"}, "invalidItems", "items"),
        ({"items": {"id": "m-1"}}, "invalidItems", "items"),
        ({"shoppingCartItems": [MUG]}, "duplicateField", "items"),
        ({"items": [MUG, "mug"]}, "invalidItem", "items[1]"),
        ({"items": [{**MUG, "name": None}]}, "invalidItem", "items[0].name"),
        ({"items": [{**MUG, "name": 7}]}, "invalidItem", "items[0].name"),
        ({"items": [{**MUG, "id": ""}]}, "invalidItem", "items[0].id"),
        ({"items": [{**MUG, "price": "CHF 4.50"}]}, "invalidItem", "items[0].price"),
        ({"items": [{**MUG, "price": True}]}, "invalidItem", "items[0].price"),
        ({"items": [{**MUG, "quantity": 1.5}]}, "invalidItem", "items[0].quantity"),
        ({"items": [{**MUG, "quantity": 10**30}]}, "invalidItem", "items[0].quantity"),
        ({"items": [{**MUG, "categories": "Kitchen"}]}, "invalidItem", "items[0].categories"),
        ({"items": [{**MUG, "dataFields": 5}]}, "invalidItem", "items[0].dataFields"),
        ({"items": "[" * 50_000}, "invalidItems", "items"),
        ({"total": None}, "invalidTotal", "total"),
        ({"total": "1,234.50"}, "invalidTotal", "total"),
        ({"total": "NaN"}, "invalidTotal", "total"),
        ({"email": None}, "missingIdentity", None),
        ({"createdAt": "soon"}, "invalidDate", "createdAt"),
        ({"user": {"devices": []}}, "reservedField", "devices"),
        ({"user": "Ann"}, "invalidObject", "user"),
    ],
)
def test_a_purchase_that_is_not_one_is_rejected_with_its_reason(
    project: Project, record: dict[str, Any], code: str, field: str | None
) -> None:
    purchases = project.load(stream("purchases", [purchase(**record)]), max_rejects="100%")["purchases"]
    assert purchases["reasons"] == {code: 1}
    (refusal,) = project.load.refusals
    assert refusal.get("field") == field
    assert project.sandbox.requests("POST *") == []


def test_iterables_own_refusals_are_rejects_of_their_rows(project: Project) -> None:
    project.load(stream("purchases", [purchase(coupon=5)]))
    records = [purchase(coupon="SPRING"), purchase(total=8), {**purchase(), "email": None, "userId": "A", "coupon": 6}]
    purchases = project.load(stream("purchases", records), max_rejects="100%", placeholder_users=True)["purchases"]
    assert (purchases["written"], purchases["reasons"]) == (2, {"RequestFieldsTypesMismatched": 1})


def test_the_type_of_a_purchases_field_says_nothing_about_profiles(project: Project) -> None:
    project.load(stream("purchases", [purchase(colour=5)]))
    records = [purchase(colour="red"), purchase(total=8, user={"colour": "blue"})]
    purchases = project.load(stream("purchases", records), max_rejects="100%")["purchases"]
    assert (purchases["written"], purchases["reasons"]) == (1, {"RequestFieldsTypesMismatched": 1})
    assert project.holds.user(email=ANN)["colour"] == "blue"


@pytest.mark.parametrize("project_type", [ProjectType.USER_ID, ProjectType.HYBRID])
def test_each_type_of_project_knows_buyers_in_its_way(new_project: NewProject, project_type: ProjectType) -> None:
    project = new_project(project_type=project_type)
    records = [purchase(userId="A1", email=ANN, user={"city": "Bern"}), purchase(email="bob@example.com")]
    settings = {"project_type": project_type.value, "max_rejects": "100%"}
    purchases = project.load(stream("purchases", records), **settings)["purchases"]
    assert purchases["reasons"] == ({"missingIdentity": 1} if project_type is ProjectType.USER_ID else {})
    profile = project.holds.user(userId="A1")
    assert (profile["email"], profile["city"]) == (ANN, "Bern")


def test_nulls_of_the_buyer_clear_fields_unless_they_are_to_keep_them(project: Project) -> None:
    project.load(stream("users", [{"email": ANN, "city": "Bern"}]))
    records = stream("purchases", [purchase(user={"city": None}, coupon=None)])
    project.load(records, streams={"purchases": {"nulls": "keep"}})
    assert project.holds.user(email=ANN)["city"] == "Bern"
    project.load(records)
    assert "city" not in project.holds.user(email=ANN)


def test_a_table_of_a_warehouse_becomes_purchases_by_the_route_alone(project: Project) -> None:
    row = {
        "ORDER_ID": 1009,
        "CUSTOMER_EMAIL": "Ann@Example.com",
        "CITY": "Bern",
        "LINES": json.dumps([MUG]),
        "AMOUNT": "9.00",
        "ORDERED_AT": "2026-03-03T08:01:02Z",
        "_SDC_BATCHED_AT": None,
    }
    fields: dict[str, str | None] = {
        "ORDER_ID": "id",
        "CUSTOMER_EMAIL": "email",
        "CITY": "user.city",
        "LINES": "items",
        "AMOUNT": "total",
    }
    fields |= {"ORDERED_AT": "createdAt", "_SDC_BATCHED_AT": None}
    dates = {"ORDERED_AT": {"type": "string", "format": "date-time"}}
    records = stream("SHOP-ORDERS", [row], key=["ORDER_ID"], **dates)
    project.load(records, streams={"SHOP-ORDERS": {"object": "purchases", "fields": fields}})
    (stored,) = project.holds.purchases()
    assert (stored["id"], stored["email"], stored["total"]) == ("1009", ANN, 9)
    assert stored["createdAt"] == "2026-03-03 08:01:02 +00:00"
    assert (stored["shoppingCartItems"], project.holds.user(email=ANN)["city"]) == ([MUG], "Bern")
    assert not fields.keys() & stored.keys()


@pytest.mark.parametrize("object_", ["purchases", "carts"])
def test_objects_of_the_buyer_merge_with_those_of_the_profile_on_request(project: Project, object_: str) -> None:
    project.load(stream("users", [{"email": ANN, "address": {"city": "Bern"}}]))
    record = {"email": ANN, "items": [], "user": {"address": {"zip": 3000}}} | (
        {"total": 1} if object_ != "carts" else {}
    )
    project.load(stream(object_, [record]), streams={object_: {"merge_nested_objects": True}})
    assert project.holds.user(email=ANN)["address"] == {"city": "Bern", "zip": 3000}
    project.load(stream(object_, [record]))
    assert project.holds.user(email=ANN)["address"] == {"zip": 3000}
