"""Fields come from the places that are meant for them, and none that is given twice disappears in silence."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import Row
from target_iterable.records.duplicate_fields import DuplicateFields
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream
from tests.target.segment_calls import ANN, AT, call, send

RUDDERSTACK: Final[dict[str, Any]] = {
    "rudderId": "r-1",
    "recordId": "7",
    "request_ip": "192.0.2.1",
    "sentAt": AT,
    "originalTimestamp": AT,
}
"""Members of RudderStack's calls that are no part of the spec."""


def of_rudderstack(type_: str, **members: Any) -> dict[str, Any]:
    return call(type_, **RUDDERSTACK, **({"event": type_} if type_ != "track" else {}), **members)


# Calls.


def test_members_of_a_call_that_the_spec_does_not_know_become_no_fields(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    sent = [
        of_rudderstack("identify", traits={"email": ANN, "plan": "pro"}),
        of_rudderstack("track", event="Seen", properties={"size": 5}),
        of_rudderstack("page", name="Pricing", properties={"path": "/pricing"}),
    ]
    before = {*project.holds.field_types()}
    with caplog.at_level("INFO", "target-iterable"):
        assert send(project, *sent)["written"] == 3
    assert {*project.holds.field_types()} - before >= {"plan"}
    assert {*project.holds.field_types()}.isdisjoint({*RUDDERSTACK, "event"})
    seen, page = sorted(project.holds.events(), key=lambda event: str(event["eventName"]), reverse=True)
    assert (seen["size"], page["path"], page["name"]) == (5, "/pricing", "Pricing")
    assert {*seen, *page}.isdisjoint({*RUDDERSTACK, "event"})
    told = [message for message in caplog.messages if "rudderId" in message]
    assert len(told) == 1
    assert "'recordId', 'request_ip', 'rudderId'" in told[0]


@pytest.mark.parametrize(
    "sent",
    [
        {"type": "identify", "userId": ANN, "recordId": "R", "rudderId": "r", "request_ip": "192.0.2.1", "event": "e"},
        {"type": "identify", "userId": ANN, "traits": None, "anonymousId": "a", "recordId": "R", "sentAt": AT},
        {"type": "track", "event": "Seen", "userId": ANN, "recordId": "R", "rudderId": "r", "request_ip": "192.0.2.1"},
    ],
    ids=["no body", "a null for a body", "an event without properties"],
)
def test_a_call_is_known_as_one_also_without_id_context_and_body(project: Project, sent: dict[str, Any]) -> None:
    before = {*project.holds.field_types()}
    assert project.load(stream("segment", [sent]))["segment"]["rejected"] == 0
    assert {"recordId", "rudderId", "request_ip", "event"}.isdisjoint({*project.holds.field_types()} - before)
    assert all({*event}.isdisjoint({"recordId", "rudderId", "request_ip"}) for event in project.holds.events())


@pytest.mark.parametrize(
    "sent",
    [
        call("identify", traits={"email": ANN, "plan": "pro"}, context={"traits": {"email": "bob@example.com"}}),
        {"id": "m-1", "user_id": "u1", "email": ANN, "context_traits_email": "bob@example.com"},
    ],
    ids=["as sent", "in a warehouse"],
)
def test_an_address_in_the_context_that_differs_is_named_and_counted(
    project: Project, caplog: pytest.LogCaptureFixture, sent: dict[str, Any]
) -> None:
    done = project.load(stream("segment", [sent]), streams={"segment": {"call": "identify"}})["segment"]
    assert (done["written"], done["duplicate_fields"]) == (1, {"email": 1})
    assert "another value in 'context' than beside it" in caplog.text
    assert project.holds.exists(ANN)


def test_all_members_can_be_fields_where_that_is_wanted(project: Project) -> None:
    send(project, of_rudderstack("identify", traits={"email": ANN}), spread="all")
    assert project.holds.user(email=ANN)["rudderId"] == "r-1"


def test_columns_of_a_warehouse_stay_what_they_are(project: Project) -> None:
    columns = {"id": "m-1", "user_id": "u1", "email": ANN, "plan": "pro", "received_at": AT, "context_ip": "192.0.2.1"}
    send(project, columns, call="identify")
    assert project.holds.user(email=ANN)["plan"] == "pro"


def test_the_traits_of_rudderstacks_identify_calls_are_in_the_context(project: Project) -> None:
    send(project, of_rudderstack("identify", context={"traits": {"email": ANN, "plan": "pro"}}))
    assert project.holds.user(email=ANN)["plan"] == "pro"


@pytest.mark.parametrize("trait", [{"userId": "another"}, {"userId": 7}])
def test_a_trait_that_differs_from_the_calls_own_is_named_and_counted(
    project: Project, caplog: pytest.LogCaptureFixture, trait: dict[str, Any]
) -> None:
    sent = [call("identify", traits={"email": ANN, **trait}, messageId=f"m{n}") for n in range(3)]
    done = send(project, *sent)
    assert (done["written"], done["duplicate_fields"]) == (3, {"userId": 3})
    assert project.holds.user(email=ANN)["userId"] == "u1"
    assert len([message for message in caplog.messages if "'userId' twice" in message]) == 1


def test_a_trait_that_says_the_same_is_no_duplicate(project: Project) -> None:
    done = send(project, call("identify", userId="17", traits={"email": f" {ANN.upper()} ", "userId": 17}))
    assert (done["written"], done["duplicate_fields"]) == (1, {})


def test_the_id_of_a_group_is_that_of_the_call(project: Project) -> None:
    done = send(project, call("group", groupId="g1", traits={"id": "g2", "name": "Acme"}), groups="profile")
    assert done["duplicate_fields"] == {"id": 1}
    assert project.holds.user(email=ANN)["group"] == {"id": "g1", "name": "Acme"}


# Columns beside an object.

OBJECTS: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("users", "dataFields", {}),
    ("list_members", "dataFields", {"list": "VIP"}),
    ("events", "dataFields", {"eventName": "seen"}),
    ("catalog_items", "value", {"catalogName": "Things", "itemId": "1"}),
    ("purchases", "dataFields", {"total": 1, "items": [{"id": "m", "name": "Mug", "price": 1, "quantity": 1}]}),
]


@pytest.mark.parametrize(("object_", "member", "record"), OBJECTS)
@pytest.mark.parametrize("text", [True, False])
def test_a_field_that_a_column_and_the_object_have_is_named_and_counted_or_rejected(
    project: Project, object_: str, member: str, record: dict[str, Any], text: Any
) -> None:
    inner = {"plan": "free", "same": 1}
    rows = [
        {"email": ANN, **record, "plan": "pro", "same": 1, member: json.dumps(inner) if text else inner},
        {"email": ANN, **record, "plan": "free", "same": 1, member: inner},
    ]
    if object_ == "catalog_items":
        rows = [{name: value for name, value in row.items() if name != "email"} for row in rows]
    done = project.load(stream(object_, rows))[object_]
    assert (done["written"], done["duplicate_fields"]) == (2, {"plan": 1})
    done = project.load(stream(object_, rows), on_duplicate_field="reject", max_rejects="100%")[object_]
    assert (done["written"], done["reasons"]) == (1, {"duplicateField": 1})


def test_the_column_counts(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"email": ANN, "plan": "pro", "dataFields": {"plan": "free", "email": "bob@example.com"}}]
    done = project.load(stream("users", rows))["users"]
    assert done["duplicate_fields"] == {"plan": 1, "email": 1}
    assert project.holds.user(email=ANN)["plan"] == "pro"
    assert not project.holds.exists("bob@example.com")
    assert "  1 had 'plan' twice, with different values\n" in capsys.readouterr().err


@pytest.mark.parametrize(("nulls", "left", "counts"), [("keep", "free", {}), ("clear", None, {"plan": 1})])
def test_a_null_hides_what_the_object_holds_only_if_it_clears(
    project: Project, nulls: str, left: Any, counts: dict[str, int]
) -> None:
    project.load(stream("users", [{"email": ANN, "plan": "old"}]))
    rows = [{"email": ANN, "plan": None, "dataFields": {"plan": "free"}}]
    done = project.load(stream("users", rows), streams={"users": {"object": "users", "nulls": nulls}})["users"]
    assert done["duplicate_fields"] == counts
    assert project.holds.user(email=ANN).get("plan") == left


def test_the_user_of_a_purchase_is_named_once(new_project: NewProject) -> None:
    project = new_project()
    item = {"id": "m", "name": "Mug", "price": 1, "quantity": 1}
    rows = [{"email": ANN, "total": 1, "items": [item], "user": {"email": "bob@example.com"}}]
    assert project.load(stream("purchases", rows))["purchases"]["duplicate_fields"] == {"email": 1}


values = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "2026-01-25T13:37:19Z"])
rows = st.dictionaries(st.sampled_from(["a", "b", "email"]), values)


@given(rows, rows)
def test_whatever_is_given_twice_is_counted_if_and_only_if_it_differs(inner: Row, outer: Row) -> None:
    duplicates = DuplicateFields()
    assert duplicates.merged(inner, outer, "dataFields") == {**inner, **outer}
    both = inner.keys() & outer.keys()
    differ = {name for name in both if repr(inner[name]) != repr(outer[name])}
    assert duplicates.counts.keys() <= differ
    assert {name for name in differ if name != "email"} <= duplicates.counts.keys()
    if duplicates.counts:
        with pytest.raises(RecordRejectedError, match="another value"):
            DuplicateFields(rejects=True).merged(inner, outer, "dataFields")
