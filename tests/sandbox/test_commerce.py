"""Carts and purchases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Http, opened

EMAIL = "ana@example.com"
MUG = {"id": "m", "name": "Mug", "price": 4.5, "quantity": 2}
LAMP = {"id": "l", "name": "Lamp", "price": 30, "quantity": 1, "categories": ["Light"], "dataFields": {"watts": 5}}


def cart(http: Http, *items: dict[str, Any]) -> dict[str, Any]:
    return http.ok("/api/commerce/updateCart", {"user": {"email": EMAIL}, "items": items})


def purchase(http: Http, **fields: Any) -> dict[str, Any]:
    body = {"user": {"email": EMAIL}, "items": [MUG], "total": 9} | fields
    return http.ok("/api/commerce/trackPurchase", body)


def test_a_cart_is_replaced_whole_and_makes_its_user(http: Http) -> None:
    assert cart(http, MUG, LAMP)["code"] == "Success"
    assert http.user(EMAIL)["shoppingCartItems"] == [MUG, LAMP]
    cart(http, LAMP)
    assert http.user(EMAIL)["shoppingCartItems"] == [LAMP]
    assert http.get("/api/users/getFields").json()["fields"]["shoppingCartItems.price"] == "double"


def test_a_purchase_is_in_the_export_and_empties_the_cart(http: Http) -> None:
    cart(http, LAMP)
    answer = purchase(http, id="o-1", createdAt=1625162444, campaignId=5, dataFields={"coupon": "SPRING", "gone": None})
    assert answer["params"] == {"id": "o-1"}
    [line] = http.export("purchase")
    assert (line["id"], line["total"], line["shoppingCartItems"]) == ("o-1", 9, [MUG])
    assert (line["createdAt"], line["campaignId"]) == ("2021-07-01 18:00:44 +00:00", 5)
    assert (line["coupon"], line["email"]) == ("SPRING", EMAIL)
    assert not {"gone", "eventName", "items", "dataFields"} & line.keys()
    assert http.user(EMAIL)["shoppingCartItems"] == []


def test_a_purchase_with_a_known_id_is_updated_and_without_one_is_new(http: Http) -> None:
    purchase(http, id="1", dataFields={"a": 1})
    purchase(http, id="1", total=10.5, items=[MUG, LAMP])
    purchase(http)
    lines = {line["id"]: line for line in http.export("purchase")}
    assert len(lines) == 2
    assert (lines["1"]["total"], lines["1"]["a"], len(lines["1"]["shoppingCartItems"])) == (10.5, 1, 2)


def test_an_event_and_a_purchase_may_have_the_same_id(http: Http) -> None:
    http.track({"email": EMAIL, "eventName": "e", "id": "1"})
    purchase(http, id="1")
    assert (len(http.export("customEvent")), len(http.export("purchase"))) == (1, 1)


def test_a_purchase_updates_its_user(http: Http) -> None:
    purchase(http, user={"email": EMAIL, "dataFields": {"name": "Ana"}})
    assert http.user(EMAIL)["name"] == "Ana"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"total": "9"}, "obj.total"),
        ({"total": None}, "obj.total"),
        ({"items": [MUG, {**MUG, "quantity": 1.5}]}, "obj.items[1].quantity"),
        ({"items": [{"id": "m", "name": "Mug", "quantity": 1}]}, "obj.items[0].price"),
        ({"user": {"email": 4}}, "obj.user.email"),
    ],
)
def test_a_purchase_of_the_wrong_shape_is_refused(http: Http, change: dict[str, Any], place: str) -> None:
    body = {"user": {"email": EMAIL}, "items": [MUG], "total": 9} | change
    response = http.post("/api/commerce/trackPurchase", body)
    assert (response.status_code, list(response.json()["params"])) == (400, [place])
    assert http.export("purchase") == []


def test_a_wrong_type_in_any_part_refuses_all_of_it(http: Http) -> None:
    purchase(http, dataFields={"n": 1})
    cart(http, LAMP)
    for path, body in (
        ("trackPurchase", {"dataFields": {"n": "x"}}),
        ("trackPurchase", {"user": {"email": EMAIL, "dataFields": {"signupDate": "soon"}}}),
        ("updateCart", {"items": [{**LAMP, "dataFields": {"watts": "many"}}]}),
    ):
        response = http.post(f"/api/commerce/{path}", {"user": {"email": EMAIL}, "items": [MUG], "total": 9} | body)
        assert response.json()["code"] == "RequestFieldsTypesMismatched"
    assert len(http.export("purchase")) == 1
    assert http.user(EMAIL)["shoppingCartItems"] == [LAMP]


def test_an_identity_conflict_is_409_and_stores_no_purchase() -> None:
    with opened(project_type="hybrid") as http:
        http.update({"email": "a@example.com", "userId": "1"}, {"email": "b@example.com", "userId": "2"})
        user = {"email": "a@example.com", "userId": "2"}
        for path in ("trackPurchase", "updateCart"):
            body = {"user": user, "items": [MUG], "total": 9}
            assert http.post(f"/api/commerce/{path}", body).status_code == 409
        assert http.export("purchase") == []


def test_an_id_that_is_too_long_is_400(http: Http) -> None:
    body = {"user": {"email": EMAIL}, "items": [MUG], "total": 9, "id": "x" * 513}
    assert http.post("/api/commerce/trackPurchase", body).status_code == 400
