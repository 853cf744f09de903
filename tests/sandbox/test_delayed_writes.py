"""Delayed writes: accepted at once, and applied later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from iterable_sandbox.routes.table import ENDPOINTS
from iterable_sandbox.rules.delayed_writes import QUEUES, Queue
from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

EMAIL = "ana@example.com"
START = "2026-11-01 00:00:00 +00:00"

Delayed = Callable[..., Http]


@pytest.fixture
def delayed() -> Iterator[Delayed]:
    """Opens a project whose queues are delayed by so many seconds; its clock stands still."""
    contexts = []

    def project(**delays: float) -> Http:
        contexts.append(opened(clock=StoppedClock(datetime(2026, 11, 1, tzinfo=UTC)), apply_delays=delays))
        return contexts[-1].__enter__()

    yield project
    for context in contexts:
        context.__exit__(None, None, None)


def wait(http: Http, seconds: float) -> None:
    http.sandbox.clock.advance(timedelta(seconds=seconds))


def test_a_write_can_be_read_only_after_its_delay_and_has_the_time_of_its_request(delayed: Delayed) -> None:
    http = delayed(bulk=30)
    assert http.update({"email": EMAIL, "dataFields": {"a": 1}})["successCount"] == 1
    assert http.track({"email": EMAIL, "eventName": "e"})["successCount"] == 1
    wait(http, 29)
    assert (http.user(EMAIL), http.export("customEvent"), http.export("user")) == ({}, [], [])
    wait(http, 1)
    assert http.user(EMAIL)["profileUpdatedAt"] == START
    assert http.export("customEvent")[0]["createdAt"] == START
    assert http.sandbox.clock.moment() == datetime(2026, 11, 1, 0, 0, 30, tzinfo=UTC)


def test_types_are_fixed_and_checked_at_once(delayed: Delayed) -> None:
    http = delayed(bulk=30)
    assert http.update({"email": EMAIL, "dataFields": {"n": 1}})["createdFields"] == ["n"]
    response = http.post("/api/users/bulkUpdate", {"users": [{"email": EMAIL, "dataFields": {"n": "x"}}]})
    assert (response.status_code, response.json()["code"]) == (400, "RequestFieldsTypesMismatched")
    wait(http, 30)
    assert http.user(EMAIL)["n"] == 1


def test_order_is_kept_in_a_queue_and_lost_between_queues(delayed: Delayed) -> None:
    http = delayed(bulk=30, single=5)
    http.update({"email": EMAIL, "dataFields": {"n": 1}})
    http.update({"email": EMAIL, "dataFields": {"n": 2}})
    http.ok("/api/users/update", {"email": EMAIL, "dataFields": {"n": 3}})
    wait(http, 5)
    assert http.user(EMAIL)["n"] == 3
    wait(http, 25)
    assert http.user(EMAIL)["n"] == 2


def test_the_id_of_an_answer_is_that_of_the_event_that_comes(delayed: Delayed) -> None:
    http = delayed(single=5)
    tracked = http.ok("/api/events/track", {"email": EMAIL, "eventName": "e"})["params"]["id"]
    purchase = {"user": {"email": EMAIL}, "items": [], "total": 1}
    bought = http.ok("/api/commerce/trackPurchase", purchase)["params"]["id"]
    wait(http, 5)
    assert [line["id"] for line in http.export("customEvent") + http.export("purchase")] == [tracked, bought]


def test_lists_catalogs_and_forgetting_have_queues_of_their_own(delayed: Delayed) -> None:
    http = delayed(list=60, catalog=90, forget=600)
    http.update({"email": EMAIL})
    list_id = http.new_list()
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": EMAIL}]})
    http.post("/api/catalogs/Shop")
    http.post("/api/catalogs/Shop/items", {"documents": {"a": {"x": 1}}})
    http.ok("/api/users/forget", {"email": EMAIL})

    def seen() -> tuple[str, int, bool]:
        items = http.get("/api/catalogs/Shop/items").json()["params"]["totalItemsCount"]
        return http.get(f"/api/lists/{list_id}/size").text, items, bool(http.user(EMAIL))

    states = []
    for seconds in (59, 1, 30, 509, 1):
        wait(http, seconds)
        states.append(seen())
    assert states == [("0", 0, True), ("1", 0, True), ("1", 1, True), ("1", 1, True), ("0", 1, False)]


def test_a_write_that_can_no_longer_be_applied_is_dropped(delayed: Delayed) -> None:
    http = delayed(list=60)
    http.update({"email": EMAIL})
    list_id = http.new_list()
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": EMAIL}]})
    http.send("DELETE", f"/api/lists/{list_id}")
    wait(http, 60)
    assert "emailListIds" not in http.user(EMAIL)


def test_a_refused_write_does_not_come_later(delayed: Delayed) -> None:
    http = delayed(single=5)
    assert http.post("/api/users/update", {"userId": "1"}).status_code == 400
    http.update({"email": EMAIL, "userId": "1"})
    wait(http, 5)
    assert http.sandbox.store.users.count() == 1


def test_the_state_of_a_sandbox_counts_what_was_applied(delayed: Delayed) -> None:
    http = delayed(bulk=30)
    http.update({"email": EMAIL})
    assert http.get("/_sandbox/state").json()["users"] == 0
    assert http.post("/_sandbox/clock", {"advance": 30}).status_code == 200
    assert http.get("/_sandbox/state").json()["users"] == 1


def test_every_endpoint_with_a_queue_is_one_of_the_sandbox() -> None:
    queues: Mapping[tuple[str, str], Queue] = QUEUES
    assert queues.keys() <= {(row.method, row.path) for row in ENDPOINTS}
