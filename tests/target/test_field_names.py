"""Names that fields cannot have, and blanks around numbers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.target.conftest import Project
from tests.target.loading import stream
from tests.target.segment_calls import call, send, track

ANN, BOB = "ann@example.com", "bob@example.com"
ITEM = {"id": "A", "name": "Mug", "price": " 4.50 ", "quantity": " 2 "}
ROUTES: dict[str, dict[str, Any]] = {
    "users": {},
    "events": {"eventName": "seen"},
    "list_members": {"list": "VIP"},
    "purchases": {"items": [ITEM], "total": 9},
}


@pytest.mark.parametrize("object_", ROUTES)
@pytest.mark.parametrize("holder", [None, "dataFields"])
def test_a_record_with_the_separator_in_a_field_name_is_rejected_without_a_request_for_it(
    project: Project, object_: str, holder: str | None
) -> None:
    odd: dict[str, Any] = {"a:::b": 1}
    rows = [{"email": f"{number}@example.com", **ROUTES[object_]} for number in range(20)]
    rows[7] |= {holder: odd} if holder else odd
    summary = project.load(stream(object_, rows))[object_]
    assert (summary["written"], summary["reasons"]) == (19, {"invalidFieldName": 1})
    assert summary["requests"] == (19 if object_ == "purchases" else 1)


def test_such_a_column_can_be_renamed_or_left_out(project: Project) -> None:
    rows = [{"email": ANN, "a:::b": 1}]
    for route in ({"fields": {"a:::b": "a_b"}}, {"drop": ["a:::b"]}):
        assert project.load(stream("users", rows), streams={"users": route})["users"]["written"] == 1
    assert project.holds.user(email=ANN)["a_b"] == 1


def test_of_calls_too_only_those_with_such_a_name_are_rejected(project: Project) -> None:
    calls = [call("identify", traits={"email": ANN, "a:::b": 1}), track("Seen", {"a:::b": 1}), track("Seen", {"a": 1})]
    done = send(project, *(sent | {"messageId": str(number)} for number, sent in enumerate(calls)))
    assert (done["written"], done["reasons"]) == (1, {"invalidFieldName": 2})


def test_blanks_around_numbers_do_not_matter(project: Project) -> None:
    project.load(stream("users", [{"email": ANN, "age": 4, "height": 1.5}]))
    users = stream("users", [{"email": BOB, "age": "  42 ", "height": "\t1.75\n"}])
    assert project.load(users, coerce_types=True)["users"]["written"] == 1
    profile = project.holds.user(email=BOB)
    assert (profile["age"], profile["height"]) == (42, 1.75)
    given = {"email": BOB, "campaignId": " 5 ", "templateId": "20 "}
    project.load(stream("events", [{**given, "eventName": "seen"}]))
    project.load(stream("purchases", [{**given, "total": " 9.00 ", "items": [ITEM]}]))
    (event,), (purchase,) = project.holds.events(), project.holds.purchases()
    assert [(made["campaignId"], made["templateId"]) for made in (event, purchase)] == [(5, 20)] * 2
    assert (purchase["total"], purchase["shoppingCartItems"][0]["price"]) == (9, 4.5)
    project.load(stream("list_members", [{"email": BOB, "list": "VIP"}]))
    project.load(stream("list_members", [{"email": ANN, "listId": f" {project.holds.lists()['VIP']} "}]))
    assert project.holds.members("VIP") == {ANN, BOB}


@pytest.mark.parametrize("text", ["4 2", "- 5", " ", "\uff15"])
def test_blanks_within_a_number_do(project: Project, text: str) -> None:
    done = project.load(stream("events", [{"email": ANN, "eventName": "seen", "campaignId": text}]))["events"]
    assert done["reasons"] == {"invalidNumber": 1}
