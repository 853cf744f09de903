"""What is the same record happens once, however its key is spelt and whatever else its stream says of keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from tests.target.conftest import Project
from tests.target.loading import stream
from tests.target.scenery import add_campaigns
from tests.target.segment_calls import row, track

ANN = "ann@example.com"
MUG = {"id": "m-1", "name": "Mug", "price": 4.5, "quantity": 2}
MESSAGING = {"allow_messaging": True, "streams": {"messages": {"object": "messages", "mode": "email"}}}
DATE = {"type": ["string", "null"], "format": "date-time"}


def message(**key: Any) -> dict[str, Any]:
    return {"email": ANN, "campaignId": 100, **key}


def purchase(**more: Any) -> dict[str, Any]:
    return {"email": ANN, "items": [MUG], "total": 9, **more}


def event(**more: Any) -> dict[str, Any]:
    return {"email": ANN, "eventName": "seen", **more}


def messages_sent(project: Project) -> int:
    """So many requests were taken that each send one."""
    return [entry.status for entry in project.sandbox.requests("POST /api/email/target")].count(200)


@pytest.fixture
def busy(project: Project) -> Project:
    """A project with a campaign, and somebody to send it to."""
    add_campaigns(project.sandbox, 100)
    project.load(stream("users", [{"email": ANN}]))
    return project


ONE = [1, 1.0, "1"]


@pytest.mark.parametrize("order", list(permutations(["id", "part"])))
@pytest.mark.parametrize("other", list(permutations(["id", "part"])))
def test_a_message_goes_out_once_in_whatever_order_the_columns_of_its_key_come(
    busy: Project, order: Sequence[str], other: Sequence[str]
) -> None:
    busy.load(stream("messages", [message(id=1, part="a")], order), **MESSAGING)
    again = busy.load(stream("messages", [message(part="a", id="1"), message(id=1.0, part="a")], other), **MESSAGING)
    assert (again["messages"]["unchanged"], messages_sent(busy)) == (2, 1)


def test_keys_that_hold_the_same_values_in_other_columns_are_two(busy: Project) -> None:
    for order in (["b", "a"], ["a", "b"]):
        busy.load(stream("messages", [message(a=1, b=2), message(a=2, b=1)], order), **MESSAGING)
    assert messages_sent(busy) == 2


@pytest.mark.parametrize(
    ("keys", "column"),
    [
        ([2.5, 2.50, "2.5"], {}),
        (['{"k": 2.5}', '{"k": 2.50}'], {}),
        ([True, "true"], {}),
        (["2026-03-03T08:01:02Z", "2026-03-03 09:01:02.000+01:00"], DATE),
    ],
    ids=str,
)
def test_a_message_goes_out_once_however_its_key_is_spelt(busy: Project, keys: list[Any], column: Any) -> None:
    lines = [
        json.dumps({"type": "RECORD", "stream": "messages", "record": message(id="KEY")}).replace(
            '"KEY"', key if str(key).startswith("{") else json.dumps(key)
        )
        for key in keys
    ]
    schema = stream("messages", [message(id=1)], ["id"], id=column)[0]
    for line in lines:
        busy.load([schema, line], **MESSAGING)
    busy.load([schema, *lines], **MESSAGING)
    assert messages_sent(busy) == 1


@pytest.mark.parametrize("keys", [["1", "1.0", "01", " 1"], [1, 1.5, -1, 10], ["a", "A", ""]], ids=str)
def test_messages_whose_keys_are_not_the_same_all_go_out(busy: Project, keys: list[Any]) -> None:
    busy.load(stream("messages", [message(id=key) for key in keys], ["id"]), **MESSAGING)
    assert messages_sent(busy) == len(keys)


def test_a_purchase_is_made_once_however_its_key_is_spelt(project: Project) -> None:
    for key in ONE:
        project.load(stream("purchases", [purchase(order=key, shop="b")], ["order", "shop"]))
    project.load(stream("purchases", [purchase(order=1, shop="b")], ["shop", "order"]))
    project.load(stream("purchases", [purchase(order=1, shop="b", coupon=None)], ["shop", "order"]))
    assert [line["total"] for line in project.holds.purchases()] == [9]


def test_a_purchase_without_key_is_one_whatever_is_null_in_it(project: Project) -> None:
    spelt = [
        purchase(),
        purchase(coupon=None, total="9.00"),
        purchase(items=[{**MUG, "price": "4.50", "sku": None}]),
        purchase(user={"city": None}, dataFields={"shop": {"city": None}}),
        dict(reversed(purchase().items())),
    ]
    for record in spelt:
        project.load(stream("purchases", [record]))
    assert len(project.holds.purchases()) == 1


EVENTS = [
    event(number=1, price=2.5),
    event(number=1.0, price=2.50),
    event(price=2.5, number=1),
    event(number=1, price=2.5, new=None),
    event(number=1, price=2.5, dataFields={"new": None, "deep": {"new": None}}),
    event(number=1, price=2.5, **{"deep.new": None}),
]


@pytest.mark.parametrize("key", [[], ["number"], ["price", "number"], ["email", "eventName"]], ids=str)
@pytest.mark.parametrize("types", [{}, {"number": {"type": ["number", "null"]}}], ids=["any", "typed"])
def test_an_event_is_one_whatever_is_null_in_it_and_whatever_the_key_of_its_stream(
    project: Project, key: list[str], types: dict[str, Any]
) -> None:
    project.load(stream("events", [event(number=1, price=2.5)]))
    for record in EVENTS:
        project.load(stream("events", [record], key, **types))
    project.load(stream("events", EVENTS, key, **types))
    assert len(project.holds.events()) == 1


def test_a_date_in_other_spelling_is_the_same_event(project: Project) -> None:
    for text in ("2026-03-03T08:01:02Z", "2026-03-03 09:01:02.000+01:00", "2026-03-03 08:01:02 +00:00"):
        project.load(stream("events", [event(createdAt=text, seen=text)], ["seen"], createdAt=DATE, seen=DATE))
    assert len(project.holds.events()) == 1


@pytest.mark.parametrize(
    "records",
    [
        [event(number=1), event(number=2)],
        [event(number=1), event(number="1.0")],
        [event(text=""), event()],
        [event(list=[None, 1]), event(list=[1])],
    ],
    ids=str,
)
def test_events_that_iterable_would_store_as_two_are_two(project: Project, records: list[dict[str, Any]]) -> None:
    for record in records:
        project.load(stream("events", [record]))
    refused = [*project.load.rejects_directory.glob("*.singer")]
    assert len(project.holds.events()) + len(refused) == 2


@pytest.mark.parametrize(
    ("route", "records", "key"),
    [
        ({"fields": {"number": None}}, [event(number=1), event(number=2), event(number=2.0)], ["number"]),
        (
            {},
            [event(createdAt=f"2026-03-03T08:01:02.{digits}Z") for digits in ("25", "5", "500")],
            ["email", "createdAt"],
        ),
        ({"event_name": "all"}, [event(eventName=name) for name in ("a", "b", "b")], ["eventName"]),
    ],
    ids=["dropped", "fraction of a second", "name by the route"],
)
def test_events_that_only_a_lost_part_of_their_key_tells_apart_are_not_lost(
    project: Project, route: dict[str, Any], records: list[dict[str, Any]], key: list[str]
) -> None:
    streams = {"events": {"object": "events", **route}}
    project.load(stream("events", records, key), streams=streams)
    assert len(project.holds.events()) == 2
    typed = {column: {"type": ["string", "null"]} for column in ("email", "eventName", "createdAt")}
    types = {column: typed.get(column, {"type": "number"}) for column in records[0]}
    project.load(stream("events", records, key, **types), streams=streams)
    assert len(project.holds.events()) == 2


def opened(number: int, **columns: Any) -> dict[str, Any]:
    """A row of the table `email_opened` of Iterable's own source at Segment."""
    sent = track("Email Opened", {"message_id": "msg-7", "campaign_id": 5}, messageId=f"call-{number}")
    return row(sent) | {"loaded_at": "2026-03-04T00:00:00Z", **columns}


def test_all_opens_of_a_message_are_events_of_their_own(project: Project) -> None:
    route = {"email_opened": {"object": "segment", "call": "track"}}
    for _ in range(2):
        project.load(stream("email_opened", [opened(1), opened(2)]), streams=route)
    first, second = project.holds.events()
    assert (first["id"], second["id"]) == ("call-1", "call-2")
    assert first["message_id"] == second["message_id"] == "msg-7"


def test_columns_of_warehouses_that_say_nothing_of_the_call_are_no_fields(project: Project) -> None:
    route = {"email_opened": {"object": "segment", "call": "track"}}
    of_rudderstack = {"context_request_ip": "192.0.2.1", "context_passed_ip": None, "channel": "web"}
    times = dict.fromkeys(("original_timestamp", "sent_at", "received_at"), "2026-03-03T08:01:02Z")
    project.load(stream("email_opened", [opened(1, **of_rudderstack, **times)]), streams=route)
    (stored,) = project.holds.events()
    own = {name for name in stored if not name.startswith("itblInternal")}
    of_all = {"id", "email", "eventName", "createdAt", "eventUpdatedAt"}
    assert own == {*of_all, "campaignId", "message_id"}


def test_a_channel_that_is_a_property_stays_one(project: Project) -> None:
    route = {"email_opened": {"object": "segment", "call": "track"}}
    project.load(stream("email_opened", [opened(1, channel="news")]), streams=route)
    assert project.holds.events()[0]["channel"] == "news"


@pytest.mark.parametrize(
    ("columns", "id_"),
    [
        ({"messageId": "m", "id": "i", "message_id": "p"}, "m"),
        ({"messageId": None, "id": "i", "message_id": "p"}, "i"),
        ({"id": "", "message_id": "p"}, "p"),
    ],
    ids=str,
)
def test_the_best_name_of_a_call_is_the_id_of_its_event(project: Project, columns: dict[str, Any], id_: str) -> None:
    called = {"event_text": "Seen", "user_id": "u1", "context_traits_email": ANN, **columns}
    project.load(stream("seen", [called]), streams={"seen": {"object": "segment", "call": "track"}})
    assert project.holds.events()[0]["id"] == id_


@pytest.mark.parametrize("column", ["id", "message_id"])
def test_a_trait_of_a_user_is_not_taken_for_a_call(project: Project, column: str) -> None:
    users = [{"id": "u1", "email": ANN, "message_id": "a trait"}]
    project.load(stream("users", users), streams={"users": {"object": "segment", "call": "user"}})
    profile = project.holds.user(email=ANN)
    assert profile["userId" if column == "id" else column] == {"id": "u1", "message_id": "a trait"}[column]
