"""`on_type_clash: drop_field`: records go without what does not fit, and everybody hears of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.target.conftest import Project
from tests.target.loading import stream
from tests.target.test_dead_letter_file import messages, only_file

DROPPING: dict[str, Any] = {"on_type_clash": "drop_field"}


def user(number: int, **fields: Any) -> dict[str, Any]:
    return {"email": f"{number}@example.com", **fields}


@pytest.mark.parametrize("bad", [1, 50, 200])
def test_a_thousand_events_with_type_clashes_need_three_requests_and_all_go(project: Project, bad: int) -> None:
    project.load(stream("events", [user(0, eventName="seen", price=1, id="first")]))
    rows = [user(n, eventName="seen", n=n, price="5 CHF" if n % (1000 // bad) == 1 else n) for n in range(1000)]
    events = project.load(stream("events", rows), **DROPPING)["events"]
    assert (events["requests"], events["written"], events["rejected"]) == (3, 1000, 0)
    assert (events["dropped_fields"], events["dropped_at_clash"]) == (["price"], {"price": bad})
    stored = {event["n"]: event.get("price") for event in project.holds.events() if "n" in event}
    assert stored == {n: None if row["price"] == "5 CHF" else n for n, row in enumerate(rows)}


def test_fields_of_any_depth_are_left_out_and_nothing_else_is(
    project: Project, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    good: dict[str, Any] = {"home": {"zip": "3011", "town": "Bern"}, "tags": [{"n": 1}], "vip": True}
    project.load(stream("users", [user(0, **good)]))
    bad = {"home": {"zip": 3011, "town": "Thun"}, "tags": [{"n": 2, "name": "x"}, {"n": "two"}], "vip": "yes"}
    rows = [user(n, **bad) for n in range(1, 4)]
    users = project.load(stream("users", rows), **DROPPING)["users"]
    assert (users["requests"], users["written"]) == (2, 3)
    assert users["dropped_at_clash"] == {"home.zip": 3, "tags.n": 3, "vip": 3}
    profile = project.holds.user(email="2@example.com")
    assert {name: profile.get(name) for name in ("home", "tags", "vip")} == {
        "home": {"town": "Thun"},
        "tags": [{"name": "x"}, {}],
        "vip": None,
    }
    told = [message for message in caplog.messages if "'vip'" in message]
    assert told == ["Records go without their field 'vip' where it is not of the type that Iterable keeps."]
    assert "  written 3 without 'vip': its type clashes\n" in capsys.readouterr().err


def test_members_and_items_lose_only_what_clashes_too(project: Project) -> None:
    project.load(stream("users", [user(0, age=5)]))
    path = {"catalogName": "Things"}
    project.holds.client.request("POST", "/api/catalogs/{catalogName}", path_params=path)
    mappings = {"mappingsUpdates": [{"fieldName": "price", "fieldType": "long"}]}
    project.holds.client.request("PUT", "/api/catalogs/{catalogName}/fieldMappings", path_params=path, json=mappings)
    members = stream("list_members", [user(1, list="VIP", age="old", plan="A")])
    items = stream("catalog_items", [{"catalogName": "Things", "itemId": "1", "price": "much", "colour": "red"}])
    done = project.load([*members, *items], **DROPPING)
    assert (done["list_members"]["written"], done["catalog_items"]["written"]) == (1, 1)
    assert project.holds.members("VIP") == {"1@example.com"}
    assert project.holds.user(email="1@example.com")["plan"] == "A"
    assert project.holds.items("Things") == {"1": {"colour": "red"}}


def test_fields_that_can_never_be_left_out_reject_the_record(project: Project) -> None:
    project.load(stream("users", [user(0, shoppingCartItems=[{"id": "a", "dataFields": {"size": 5}}])]))
    cart = user(1, items=[{"id": "sku", "name": "Shoe", "price": 1, "quantity": 1, "dataFields": {"size": "L"}}])
    carts = project.load(stream("carts", [cart]), **DROPPING)["carts"]
    assert (carts["written"], carts["reasons"]) == (0, {"RequestFieldsTypesMismatched": 1})


def test_a_record_that_lost_a_field_is_no_failure_and_is_not_taken_for_accepted(
    project: Project, tmp_path: Path
) -> None:
    project.load(stream("users", [user(0, age=5)]))
    skipping = {"streams": {"users": {"skip_unchanged": True}}, "ledger": str(tmp_path / "ledger.db")}
    rows = stream("users", [user(1, age="old"), user(2, age=7)])
    for unchanged in (0, 1):
        users = project.load(rows, on_dropped_fields="fail", **skipping, **DROPPING)["users"]
        assert (users["written"], users["unchanged"]) == (2 - unchanged, unchanged)
    assert project.load(rows, **skipping)["users"]["rejected"] == 1


def test_what_is_refused_for_another_reason_is_rejected_as_it_came(project: Project) -> None:
    project.load(stream("users", [user(0, age=5), user(1)]))
    project.holds.client.post_json("/api/users/forget", {"email": "1@example.com"})
    record = user(1, age="old", plan="A")
    users = project.load(stream("users", [record]), **DROPPING)["users"]
    assert (users["reasons"], users["dropped_at_clash"]) == ({"forgottenEmails": 1}, {})
    assert messages(only_file(project))[1]["record"] == record
