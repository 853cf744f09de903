"""Calls of the Segment spec, from records to what the project holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.target.conftest import NewProject, Project
from tests.target.loading import stream
from tests.target.segment_calls import ANN, AT, Call, call, row, send, track

IDENTIFY = call("identify", traits={"email": ANN, "plan": "pro", "phone": "+41310000000", "address": {"city": "Bern"}})


def test_traits_are_profile_fields_and_the_phone_is_iterables_too(project: Project) -> None:
    assert send(project, IDENTIFY)["written"] == 1
    profile = project.holds.user(email=ANN)
    assert (profile["userId"], profile["plan"], profile["address"]) == ("u1", "pro", {"city": "Bern"})
    assert profile["phone"] == profile["phoneNumber"] == "+41310000000"
    assert not {"messageId", "integrations", "context", "channel", "traits"} & profile.keys()


@pytest.mark.parametrize("type_", ["identify", "track", "page"])
@pytest.mark.parametrize("name", ['big "spender"', "a\\b", "a\tb", "\x7f", " ", "é"])
def test_calls_that_are_alike_may_have_members_of_any_name(project: Project, type_: str, name: str) -> None:
    member = "traits" if type_ == "identify" else "properties"
    named = {"event": "Seen"} if type_ == "track" else {}
    calls = [call(type_, messageId=str(number), **named, **{member: {name: "v", "plan": "x"}}) for number in range(4)]
    assert send(project, *calls)["written"] == len(calls)
    things = [project.holds.user(email=ANN)] if type_ == "identify" else project.holds.events()
    assert {thing[name] for thing in things} == {"v"}


def test_calls_of_nobody_are_rejected_together(new_project: NewProject) -> None:
    project = new_project(project_type="userId")
    nobody = call("identify", context={"traits": {"email": ANN}}, userId=None)
    assert send(project, nobody, nobody, project_type="userId")["reasons"] == {"missingIdentity": 2}


def test_a_phone_number_of_its_own_stays(project: Project) -> None:
    send(project, call("identify", traits={"phone": "ext. 7", "phoneNumber": "+41310000000"}))
    assert project.holds.user(email=ANN)["phoneNumber"] == "+41310000000"


def test_a_trait_that_is_null_clears_the_field_unless_the_route_keeps_it(project: Project) -> None:
    gone = call("identify", traits={"plan": None})
    send(project, IDENTIFY)
    send(project, gone, nulls="keep")
    assert project.holds.user(email=ANN)["plan"] == "pro"
    send(project, gone)
    assert "plan" not in project.holds.user(email=ANN)


@pytest.mark.parametrize(("merge", "address"), [(False, {"zip": 3000}), (True, {"city": "Bern", "zip": 3000})])
def test_objects_of_traits_replace_those_of_the_profile_or_merge_with_them(
    project: Project, *, merge: bool, address: Call
) -> None:
    send(project, IDENTIFY)
    send(project, call("identify", traits={"address": {"zip": 3000}}), merge_nested_objects=merge)
    assert project.holds.user(email=ANN)["address"] == address


def test_a_track_call_is_an_event_with_its_name_its_properties_and_the_message_as_id(project: Project) -> None:
    send(project, track("Signed Up", {"plan": "pro", "id": "p-1", "createdAt": "soon"}))
    (event,) = project.holds.events()
    assert (event["eventName"], event["id"], event["createdAt"]) == (
        "Signed Up",
        "m-track",
        "2026-03-03 08:01:02 +00:00",
    )
    assert (event["plan"], event["email"]) == ("pro", ANN)


def test_calls_that_come_again_change_nothing(project: Project) -> None:
    calls = [IDENTIFY, track("Signed Up"), call("page", name="Home"), ORDER]
    for _ in range(2):
        assert send(project, *calls)["written"] == len(calls)
    assert len(project.holds.events()) == 2
    assert len(project.holds.purchases()) == 1


@pytest.mark.parametrize(
    ("pages", "named", "nameless", "screen"),
    [
        ({}, "Pricing page", "Loaded a Page", "Home screen"),
        ({"pages": "all"}, "Pricing page", "Loaded a Page", "Home screen"),
        ({"pages": "named"}, "Pricing page", None, "Home screen"),
        ({"pages": "common"}, "Loaded a Page", "Loaded a Page", "Loaded a Screen"),
    ],
)
def test_pages_and_screens_are_events(
    project: Project, pages: dict[str, str], named: str, nameless: str | None, screen: str
) -> None:
    calls = [
        call("page", messageId="1", name="Pricing", properties={"path": "/pricing"}),
        call("page", messageId="2", properties={"path": "/"}),
        call("screen", messageId="3", name="Home"),
    ]
    done = send(project, *calls, **pages)
    events = project.holds.events()
    assert [event["eventName"] for event in events] == [name for name in (named, nameless, screen) if name]
    assert (events[0]["path"], events[0]["name"]) == ("/pricing", "Pricing")
    assert (done["rejected"], done["unchanged"]) == (0, 0 if nameless else 1)


def test_an_alias_of_two_addresses_changes_the_address(project: Project) -> None:
    send(project, IDENTIFY, call("alias", previousId=ANN, userId="new@example.com", context=None))
    assert not project.holds.exists(ANN)
    assert project.holds.user(email="new@example.com")["plan"] == "pro"


def test_an_alias_finds_the_user_of_a_call_before_it_whom_iterable_does_not_show_yet(new_project: NewProject) -> None:
    project = new_project(project_type="hybrid")
    project.sandbox.inject("answer", route="GET /api/users/getByEmail", status=200, body={}, times=9)
    alias = call("alias", previousId=ANN, userId="new@example.com", context=None)
    calls = send(project, IDENTIFY, alias, project_type="hybrid")
    assert (calls["written"], calls["unchanged"]) == (2, 0)
    assert project.holds.user(userId="u1")["email"] == "new@example.com"


def test_calls_of_one_user_stay_in_order_whatever_they_become(project: Project) -> None:
    new = "new@example.com"
    calls = [
        call("identify", traits={"email": ANN, "step": 1}),
        track("First", messageId="1"),
        call("alias", previousId=ANN, userId=new, context=None),
        call("identify", userId=None, traits={"email": new, "step": 2}),
        track("Second", messageId="2", context={"traits": {"email": new}}),
    ]
    assert send(project, *calls)["written"] == 5
    assert project.holds.user(email=new)["step"] == 2
    assert [(event["id"], event["email"]) for event in project.holds.events()] == [("1", new), ("2", new)]
    assert not project.holds.exists(ANN)


def test_a_group_is_a_field_of_the_user_if_the_route_says_so(project: Project) -> None:
    group = call("group", groupId="g1", traits={"name": "Acme", "email": "info@acme.example.com"})
    assert send(project, group)["reasons"] == {"groupCall": 1}
    assert send(project, group, groups="profile")["written"] == 1
    assert project.holds.user(email=ANN)["group"] == {"id": "g1", "name": "Acme", "email": "info@acme.example.com"}


@pytest.mark.parametrize(
    ("members", "email", "user_id"),
    [
        ({"traits": {"email": "Traits@Example.com"}}, "traits@example.com", "u1"),
        ({"traits": {}}, ANN, "u1"),
        ({"userId": None, "traits": {}}, ANN, None),
        ({"userId": "id@example.com", "context": None, "traits": {}}, "id@example.com", "id@example.com"),
        ({"userId": 17, "traits": {}}, ANN, "17"),
    ],
)
def test_a_user_is_named_by_address_and_id_as_the_call_tells_them(
    project: Project, members: Call, email: str, user_id: str | None
) -> None:
    send(project, call("identify", **members))
    profile = project.holds.user(email=email)
    assert (profile["email"], profile.get("userId")) == (email, user_id)


@pytest.mark.parametrize("kind", ["email", "userId", "hybrid"])
def test_calls_of_one_user_come_together_in_each_type_of_project(new_project: NewProject, kind: str) -> None:
    project = new_project(project_type=kind)
    calls = [IDENTIFY, track("Seen", context=None), ORDER | {"context": {}}]
    assert send(project, *calls, project_type=kind)["written"] == 3
    profile = project.holds.user(userId="u1")
    assert (profile["email"], profile["plan"]) == (ANN, "pro")
    assert project.sandbox.counts()["users"] == 1
    assert [done["userId"] for done in (*project.holds.events(), *project.holds.purchases())] == ["u1", "u1"]


def test_a_user_id_that_is_an_address_stays_an_id_where_users_go_by_their_ids(new_project: NewProject) -> None:
    project = new_project(project_type="userId")
    send(project, call("identify", userId="id@example.com", context=None, traits={}), project_type="userId")
    assert "email" not in project.holds.user(userId="id@example.com")


def test_a_new_user_is_found_by_id_before_iterable_can_do_so(new_project: NewProject) -> None:
    project = new_project(apply_delays={"bulk": 60})
    later = [call | {"context": None, "userId": 1} for call in (ORDER, track("Seen"))]
    counts = send(project, call("identify", userId=1, traits={"email": ANN, "plan": "pro"}, context=None), *later)
    project.sandbox.clock.advance(timedelta(minutes=2))
    assert (counts["written"], counts["rejected"]) == (3, 0)
    assert [done["email"] for done in (*project.holds.events(), *project.holds.purchases())] == [ANN, ANN]
    assert (project.sandbox.counts()["users"], project.holds.user(email=ANN)["plan"]) == (1, "pro")


def test_an_address_that_was_changed_is_not_taken_for_the_users_any_more(project: Project) -> None:
    new = "new@example.com"
    calls = [IDENTIFY, call("alias", previousId=ANN, userId=new, context=None), track("Seen", context=None)]
    assert send(project, *calls)["written"] == 3
    assert [event["email"] for event in project.holds.events()] == [new]
    assert not project.holds.exists(ANN)


def test_an_address_among_properties_is_the_users_only_where_nothing_else_is(project: Project) -> None:
    friend = {"email": "friend@example.com"}
    send(
        project,
        track("Invited", friend, messageId="1"),
        track("Subscribed", friend, messageId="2", userId=None, context=None),
    )
    assert [event["email"] for event in project.holds.events()] == [ANN, "friend@example.com"]


ORDER = track(
    "Order Completed",
    {
        "order_id": 1009,
        "total": 49.9,
        "currency": "CHF",
        "products": [{"product_id": "A-1", "name": "Mug", "price": 24.95, "quantity": 2}],
    },
    messageId="m-order",
)


@pytest.mark.parametrize(
    ("wrong", "reason", "field"),
    [
        (call("identify", userId=None, context=None, traits={"plan": "pro"}), "anonymousCall", "userId"),
        (call("identify", userId=None, anonymousId=None, context=None), "missingIdentity", None),
        ({**IDENTIFY, "type": "delete"}, "unknownCall", "type"),
        ({**IDENTIFY, "type": None}, "missingField", "type"),
        (call("track", properties={"plan": "pro"}), "missingField", "event"),
        (call("alias", previousId=None), "missingField", "previousId"),
        (call("alias", previousId=ANN, userId=None), "missingField", "userId"),
        (call("alias", previousId="a-1", userId="new@example.com"), "invalidAlias", "previousId"),
        (call("alias", previousId=ANN, userId="u1"), "invalidAlias", "userId"),
        (call("track", event="Seen", properties=[1]), "invalidObject", "properties"),
        (call("track", event="Seen", timestamp="soon"), "invalidDate", "createdAt"),
        (track("Cart Updated"), "missingField", "properties.products"),
        (track("Order Completed", {"products": []}), "missingField", "properties.total"),
        (track("Order Completed", {"total": 1}), "missingField", "properties.products"),
        (track("Order Completed", {"total": 1, "products": 7}), "invalidProducts", "properties.products"),
        (
            track("Order Completed", {"total": 1, "products": [{"product_id": "1", "name": "Mug", "price": 2}]}),
            "missingField",
            "properties.products[0].quantity",
        ),
        (track("Product Added", {"product_id": "1"}), "cartDelta", "properties.products"),
    ],
)
def test_a_call_that_cannot_be_written_is_rejected_with_what_it_lacks(
    project: Project, wrong: Call, reason: str, field: str | None
) -> None:
    counts = send(project, wrong, IDENTIFY)
    assert (counts["written"], counts["reasons"]) == (1, {reason: 1})
    (refusal,) = project.load.refusals
    assert refusal.get("field") == field


def test_what_the_route_does_not_want_is_passed_over(project: Project) -> None:
    anonymous = call("page", name="Home", userId=None, context=None)
    unwanted = [anonymous, call("group", groupId="g1"), track("Product Added", {"product_id": "1"})]
    counts = send(project, *unwanted, IDENTIFY, anonymous="skip", groups="skip", cart_deltas="skip")
    assert (counts["written"], counts["unchanged"], counts["rejected"]) == (1, 3, 0)
    assert project.holds.events() == []


def test_a_dry_run_plans_each_call_as_what_it_becomes(project: Project) -> None:
    route = {"segment": {"object": "segment"}}
    counts = project.load(stream("segment", [IDENTIFY, track("Seen"), ORDER]), streams=route, dry_run=True)["segment"]
    assert (counts["written"], counts["requests"]) == (3, 3)
    assert project.sandbox.counts()["users"] == 0


@pytest.mark.parametrize(
    ("table", "sent"),
    [
        ("identify", call("identify", traits={"email": ANN, "plan": "pro", "phone": "+41310000000"})),
        ("track", track("Signed Up", {"plan": "pro"})),
        ("track", ORDER),
        ("page", call("page", name="Home", properties={"path": "/"})),
        ("screen", call("screen", name="Home")),
    ],
)
def test_a_call_of_a_warehouse_leaves_what_the_call_itself_leaves(
    new_project: NewProject, table: str, sent: Call
) -> None:
    held: list[Any] = []
    for record, options in ((sent, {}), ({**row(sent), "never_sent": None}, {"call": table})):
        project = new_project()
        assert send(project, record, **options)["written"] == 1
        holds = project.holds
        held.append([_timeless(one) for one in (holds.user(email=ANN), *holds.events(), *holds.purchases())])
    assert held[0] == held[1]


def test_columns_that_the_schema_calls_dates_say_when_it_happened(project: Project) -> None:
    date: Call = {"type": ["string", "null"], "format": "date-time"}
    record = row(track("Signed Up")) | {"timestamp": "2026-03-03T09:01:02+01:00", "sent_at": None}
    route = {"dbt-signed_up": {"object": "segment", "call": "track"}}
    assert (
        project.load(stream("dbt-signed_up", [record], ["id"], timestamp=date, sent_at=date), streams=route)[
            "dbt-signed_up"
        ]["written"]
        == 1
    )
    assert [event["createdAt"] for event in project.holds.events()] == ["2026-03-03 08:01:02 +00:00"]


def _timeless(record: dict[str, Any]) -> dict[str, Any]:
    own = {name for name in record if name.startswith("itblInternal")}
    return {
        name: value
        for name, value in record.items()
        if name not in own | {"profileUpdatedAt", "signupDate", "eventUpdatedAt"}
    }


def test_the_table_of_users_says_whom_it_is_about_by_id(project: Project) -> None:
    record = {
        "id": "u1",
        "received_at": AT,
        "uuid_ts": AT,
        "context_ip": "192.0.2.1",
        "email": ANN,
        "plan": "pro",
        "city": None,
    }
    send(project, IDENTIFY, call("identify", traits={"city": "Bern"}))
    assert send(project, {**record, "plan": "free"}, call="user")["written"] == 1
    profile = project.holds.user(email=ANN)
    assert (profile["userId"], profile["plan"], profile["city"]) == ("u1", "free", "Bern")
    assert not {"received_at", "uuid_ts", "context_ip"} & profile.keys()
