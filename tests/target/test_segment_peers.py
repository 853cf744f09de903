"""What users of other senders of Segment calls expect: names of ids, attribution, traits and devices in the context."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iterable_api.facts.key_types import KeyType
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream
from tests.target.scenery import APP_KEY
from tests.target.segment_calls import ANN, Call, call, row, send, track

BOB, CAT = "bob@example.com", "cat@example.com"
MUG = {"name": "Mug", "price": 24.95, "quantity": 2}


def order(products: Any, **properties: Any) -> Call:
    return track("Order Completed", {"order_id": "o1", "total": 49.9, "products": products, **properties})


@pytest.mark.parametrize(
    ("ids", "id_", "rest"),
    [
        ({"product_id": "A", "productId": "B", "id": "C"}, "A", {"productId": "B", "id": "C"}),
        ({"productId": "B", "id": "C"}, "B", {"id": "C"}),
        ({"product_id": "", "id": "C"}, "C", {}),
        ({"id": 7}, "7", {}),
    ],
)
def test_the_id_of_a_product_has_several_names(
    project: Project, ids: dict[str, Any], id_: str, rest: dict[str, str]
) -> None:
    send(project, order([{**MUG, **ids}]))
    (purchase,) = project.holds.purchases()
    (item,) = purchase["shoppingCartItems"]
    assert item["id"] == id_
    fields = item.get("dataFields", {})
    assert {name: value for name, value in fields.items() if value != ""} == rest


@pytest.mark.parametrize("name", ["order_id", "orderId"])
def test_a_corrected_order_replaces_the_first_whatever_its_message_and_the_name_of_its_id(
    project: Project, name: str
) -> None:
    product = {**MUG, "id": "A"}
    send(project, order([product]) | {"messageId": "m1"})
    corrected = track("Order Completed", {name: "o1", "total": 24.95, "products": [{**product, "quantity": 1}]})
    send(project, corrected | {"messageId": "m2"})
    (purchase,) = project.holds.purchases()
    assert (purchase["id"], purchase["total"], purchase["shoppingCartItems"][0]["quantity"]) == ("o1", 24.95, 1)
    assert not {"orderId", "order_id"} & purchase.keys()


@pytest.mark.parametrize("products", [None, "", [], "[]"])
@pytest.mark.parametrize(
    ("setting", "counts", "made"),
    [
        ({}, (0, 0, 1), (0, 0)),
        ({"orders_without_products": "reject"}, (0, 0, 1), (0, 0)),
        ({"orders_without_products": "skip"}, (0, 1, 0), (0, 0)),
        ({"orders_without_products": "event"}, (1, 0, 0), (0, 1)),
        ({"orders_without_products": "purchase"}, (1, 0, 0), (1, 0)),
    ],
)
def test_an_order_without_products_follows_its_setting(
    project: Project,
    products: Any,
    setting: dict[str, str],
    counts: tuple[int, ...],
    made: tuple[int, int],
) -> None:
    done = send(project, order(products), **setting)
    assert (done["written"], done["unchanged"], done["rejected"]) == counts
    assert (len(project.holds.purchases()), len(project.holds.events())) == made


def external(*addresses: str, **more: Any) -> list[dict[str, Any]]:
    return [{"id": address, "type": "email", "collection": "users", "encoding": "none"} | more for address in addresses]


@pytest.mark.parametrize("shape", ["call", "row"])
def test_a_user_with_several_addresses_is_one_user_for_each(project: Project, shape: str) -> None:
    context = {"externalIds": [*external(BOB, CAT.upper(), ANN), *external("x@example.com", encoding="sha256")]}
    sent = call("identify", traits={"email": ANN, "plan": "pro"}, context=context)
    if shape == "row":
        sent = row(sent) | {"context_external_ids": json.dumps(context["externalIds"])}
        del sent["context_externalIds"]
    done = send(project, sent, **({"call": "identify"} if shape == "row" else {}))
    assert [project.holds.user(email=who)["plan"] for who in (ANN, BOB, CAT)] == ["pro"] * 3
    assert (project.sandbox.counts()["users"], done["written"]) == (3, 3)


def test_events_and_orders_go_to_one_of_the_addresses(project: Project) -> None:
    context = {"externalIds": external(BOB, CAT)}
    product = {**MUG, "id": "A"}
    send(project, track("Seen", userId=None, context=context), order([product], total=1) | {"context": context})
    assert [event["email"] for event in project.holds.events()] == [BOB]
    assert [purchase["email"] for purchase in project.holds.purchases()] == [BOB]


def test_addresses_are_one_user_where_the_user_id_says_who_it_is(new_project: NewProject) -> None:
    project = new_project(project_type="hybrid")
    context = {"externalIds": external(BOB)}
    sent = call("identify", traits={"email": ANN, "plan": "pro"}, context=context)
    assert send(project, sent, project_type="hybrid")["written"] == 1
    assert project.sandbox.counts()["users"] == 1


@pytest.mark.parametrize(
    ("properties", "campaign", "attribution"),
    [
        ({"campaignId": 5, "templateId": 20}, {}, (5, 20)),
        ({"campaignId": " 5 ", "templateId": "20"}, {}, (5, 20)),
        ({"campaign_id": "5"}, {}, (5, None)),
        ({}, {"campaignId": "5", "templateId": 20}, (5, 20)),
        ({"campaignId": 5}, {"campaignId": 6, "templateId": 20}, (5, 20)),
    ],
)
def test_events_and_orders_are_attributed_to_campaign_and_template(
    project: Project, properties: dict[str, Any], campaign: dict[str, Any], attribution: tuple[Any, Any]
) -> None:
    context = {"traits": {"email": ANN}, "campaign": {"name": "spring", **campaign}}
    calls = [track("Seen", properties, context=context), order([{**MUG, "id": "A"}], **properties)]
    send(project, *(sent | {"context": context, "messageId": str(n)} for n, sent in enumerate(calls)))
    for made in (*project.holds.events(), *project.holds.purchases()):
        assert (made.get("campaignId"), made.get("templateId")) == attribution
        assert "campaign_id" not in made


def test_columns_of_a_warehouse_attribute_too(project: Project) -> None:
    columns = {"context_campaign_campaign_id": "5", "context_campaign_template_id": 20}
    send(project, row(track("Seen")) | columns, call="track")
    (event,) = project.holds.events()
    assert (event["campaignId"], event["templateId"]) == (5, 20)


@pytest.mark.parametrize("value", ["spring", "120210000000000000", -3, 0, 2.5, True, "", None])
def test_what_is_no_id_of_iterable_attributes_nothing(project: Project, value: Any) -> None:
    done = send(project, track("Seen", {"campaign_id": value}))
    (event,) = project.holds.events()
    assert done["written"] == 1
    assert "campaignId" not in event
    assert event.get("campaign_id") == value


def test_ids_stay_properties_if_the_route_says_so(project: Project) -> None:
    send(project, track("Seen", {"campaign_id": 5}), attribution="keep")
    (event,) = project.holds.events()
    assert ("campaignId" in event, event["campaign_id"]) == (False, 5)


TRAITS = {"email": ANN, "plan": "pro", "phone": "+41441234567", "address": {"city": "Bern"}}


@pytest.mark.parametrize(
    "sent", [order([{**MUG, "id": "A"}]), track("Cart Updated", {"products": [{**MUG, "id": "A"}]})]
)
def test_traits_in_the_context_of_orders_and_carts_are_written_on_request(project: Project, sent: Call) -> None:
    sent = sent | {"context": {"traits": TRAITS}}
    send(project, sent)
    assert "plan" not in project.holds.user(email=ANN)
    send(project, sent, context_traits="write")
    profile = project.holds.user(email=ANN)
    assert (profile["plan"], profile["phoneNumber"], profile["address"]) == ("pro", "+41441234567", {"city": "Bern"})


@pytest.mark.parametrize("shape", ["call", "row"])
def test_traits_in_the_context_of_identify_calls_are_written_below_those_of_the_call(
    project: Project, shape: str
) -> None:
    sent = call("identify", traits={"plan": "gold"}, context={"traits": {"email": ANN, "plan": "pro", "level": 3}})
    made = row(sent) if shape == "row" else sent
    send(project, made, context_traits="write", **({"call": "identify"} if shape == "row" else {}))
    profile = project.holds.user(email=ANN)
    assert (profile["plan"], profile["level"]) == ("gold", 3)


def test_objects_of_traits_in_the_context_merge_on_request(project: Project) -> None:
    send(project, call("identify", traits={"email": ANN, "address": {"zip": 3000}}))
    sent = order([{**MUG, "id": "A"}]) | {"context": {"traits": TRAITS}}
    send(project, sent, context_traits="write", merge_nested_objects=True)
    assert project.holds.user(email=ANN)["address"] == {"city": "Bern", "zip": 3000}


def test_tokens_of_devices_are_registered_once_by_a_run_with_a_key_of_an_app(new_project: NewProject) -> None:
    project = new_project(keys={APP_KEY: KeyType.MOBILE})
    device = {"id": "d-1", "type": "ios", "token": "t1", "model": "iPhone15,2"}
    context = {"traits": {"email": ANN}, "device": device}
    calls = [track("Seen", context=context, messageId=str(number)) for number in range(3)]
    calls += [
        track("Seen"),
        row(track("Seen", context={"traits": {"email": ANN}, "device": {**device, "token": "t2"}})),
    ]
    route = {"segment": {"object": "segment", "call": "track", "device_tokens": "com.example.shop"}}
    done = project.load(stream("segment", calls), streams=route, api_key=APP_KEY)["segment"]
    assert (done["written"], done["unchanged"], done["rejected"]) == (2, 3, 0)
    devices = project.holds.user(email=ANN)["devices"]
    assert [(it["token"], it["platform"], it["applicationName"]) for it in devices] == [
        ("t1", "APNS", "com.example.shop"),
        ("t2", "APNS", "com.example.shop"),
    ]
    assert project.holds.events() == []


def test_a_device_of_no_known_type_is_rejected(new_project: NewProject) -> None:
    project = new_project(keys={APP_KEY: KeyType.MOBILE})
    sent = track("Seen", context={"traits": {"email": ANN}, "device": {"type": "tv", "token": "t1"}})
    route = {"segment": {"object": "segment", "device_tokens": "com.example.shop"}}
    done = project.load(stream("segment", [sent]), streams=route, api_key=APP_KEY)["segment"]
    assert done["reasons"] == {"invalidPlatform": 1}


def test_categorised_pages_are_events_by_category_and_name(project: Project) -> None:
    calls = [
        call("page", messageId="1", category="Docs", name="Index"),
        call("page", messageId="2", name="Pricing"),
        call("screen", messageId="3", properties={"category": "Shop"}),
        call("page", messageId="4", category=" "),
    ]
    done = send(project, *calls, pages="categorised")
    assert [event["eventName"] for event in project.holds.events()] == ["Docs Index page", "Shop screen"]
    assert (done["written"], done["unchanged"]) == (2, 2)
