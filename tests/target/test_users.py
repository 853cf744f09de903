"""Users, from records to profiles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from target_iterable.delivery.errors import DeliveryFailedError
from tests.target.conftest import NewProject, Project
from tests.target.loading import STATE, stream

ANN = "ann@example.com"
DATE_TIME = {"type": ["string", "null"], "format": "date-time"}


def test_users_are_created_and_updated_and_null_clears(project: Project) -> None:
    project.load(stream("users", [{"email": " Ann@Example.com", "plan": "free", "city": "Bern", "_sdc_sequence": 1}]))
    summary = project.load(stream("users", [{"email": ANN, "plan": "paid", "city": None, "shoes": [42, 43]}]))
    profile = project.holds.user(email=ANN)
    assert (profile["plan"], profile["shoes"]) == ("paid", [42, 43])
    assert not {"city", "_sdc_sequence"} & profile.keys()
    expected = {
        "object": "users",
        "read": 1,
        "written": 1,
        "rejected": 0,
        "reasons": {},
        "unsent": 0,
        "requests": 1,
        "created_fields": ["shoes"],
    }
    assert summary["users"].items() >= expected.items()


def test_data_fields_are_spread_and_columns_win(project: Project) -> None:
    record = {"email": ANN, "dataFields": {"plan": "free", "address": {"city": "Bern"}}, "plan": "paid"}
    project.load(stream("public-users", [record]))
    profile = project.holds.user(email=ANN)
    assert (profile["plan"], profile["address"]) == ("paid", {"city": "Bern"})


def test_dates_arrive_as_dates_and_numbers_with_every_digit(project: Project) -> None:
    record = {"email": ANN, "signed_up": "2024-11-25T13:37:19Z", "born": "2000-02-29", "spent": 0.5}
    schema, line = stream("users", [record], signed_up=DATE_TIME, born={"type": "string", "format": "date"})
    project.load([schema, json.dumps(line).replace("0.5", "0.10000000000000000001")])
    types = project.holds.field_types()
    assert (types["signed_up"], types["born"], types["spent"]) == ("date", "date", "double")
    assert project.holds.user(email=ANN)["signed_up"] == "2024-11-25 13:37:19 +00:00"


def test_columns_are_renamed_and_dropped_as_the_route_says(project: Project) -> None:
    route = {"object": "users", "fields": {"mail": "email", "first_name": "firstName", "secret": None}}
    record = {"mail": ANN, "first_name": "Ann", "secret": "x"}
    project.load(stream("shop-customers", [record]), streams={"*-customers": route})
    profile = project.holds.user(email=ANN)
    assert profile["firstName"] == "Ann"
    assert not {"mail", "first_name", "secret"} & profile.keys()


def test_nulls_are_left_out_when_they_should_keep_what_is_there(project: Project) -> None:
    project.load(stream("users", [{"email": ANN, "city": "Bern", "address": {"zip": 3000}}]))
    rows = [{"email": ANN, "city": None, "dataFields": {"plan": None, "shoes": {"size": 42, "width": None}}}]
    project.load(stream("users", rows), streams={"users": {"nulls": "keep"}})
    profile = project.holds.user(email=ANN)
    assert (profile["city"], profile["shoes"]) == ("Bern", {"size": 42})


def test_missing_columns_have_defaults_and_dots_lead_into_objects(project: Project) -> None:
    route = {"defaults": {"plan": "free", "address.land": "CH"}, "fields": {"CITY": "address.city"}}
    project.load(stream("users", [{"email": ANN, "CITY": "Bern", "plan": None}]), streams={"users": route})
    profile = project.holds.user(email=ANN)
    assert (profile["plan"], profile["address"]) == ("free", {"city": "Bern", "land": "CH"})
    assert project.holds.field_types()["address.city"] == "string"


def test_rows_of_one_user_are_applied_in_order_in_requests_of_their_own(project: Project) -> None:
    rows = [{"email": ANN, "step": 1}, {"email": "bob@example.com"}, {"email": "ANN@example.com", "step": 2}]
    summary = project.load(stream("users", rows))
    assert project.holds.user(email=ANN)["step"] == 2
    assert (summary["users"]["written"], summary["users"]["requests"]) == (3, 2)


def test_order_survives_a_change_of_schema(project: Project) -> None:
    first = stream("users", [{"email": ANN, "step": 1}, {"email": "bob@example.com"}])
    second = stream("users", [{"email": ANN, "step": 2, "more": True}])
    summary = project.load([*first, *second])
    assert project.holds.user(email=ANN)["step"] == 2
    assert summary["users"]["read"] == summary["users"]["written"] == 3


def test_requests_are_cut_by_count_and_by_bytes(project: Project) -> None:
    small = [{"email": f"{number}@example.com"} for number in range(5)]
    assert project.load(stream("users", small), max_batch_rows=2)["users"]["requests"] == 3
    large = [{"email": f"{number}@example.com", "note": "é" * 700_000} for number in range(5)]
    assert project.load(stream("users", large))["users"]["requests"] == 3


def test_a_record_that_cannot_be_sent_is_rejected_with_its_reason_and_the_rest_is_written(project: Project) -> None:
    rows = [
        {"email": ANN},
        {"email": None, "city": "Bern"},
        {"email": "nobody"},
        {"email": "bob@example.com", "signed_up": "soon"},
        {"email": "cat@example.com", "dataFields": [1]},
        {"email": "dan@example.com", "note": "x" * 4_000_000},
    ]
    users = project.load(stream("users", rows, signed_up=DATE_TIME))["users"]
    assert (users["read"], users["written"], users["rejected"]) == (6, 1, 5)
    assert users["reasons"] == {
        "missingIdentity": 1,
        "invalidEmails": 1,
        "invalidDate": 1,
        "invalidObject": 1,
        "tooLarge": 1,
    }
    assert project.holds.exists(ANN)
    assert not project.holds.exists("bob@example.com")


def test_a_record_that_breaks_its_schema_is_rejected(project: Project) -> None:
    rows = [{"email": ANN, "age": 7}, {"email": "bob@example.com", "age": "seven"}]
    users = project.load(stream("users", rows, age={"type": "integer"}))["users"]
    assert (users["written"], users["reasons"]) == (1, {"invalidRecord": 1})
    assert not project.holds.exists("bob@example.com")


def test_schemas_are_not_checked_when_that_is_turned_off(project: Project) -> None:
    rows = [{"email": ANN, "age": "seven"}]
    users = project.load(stream("users", rows, age={"type": "integer"}), validate_records=False)["users"]
    assert users["written"] == 1


def test_an_email_based_project_keeps_the_user_id_as_a_field_and_finds_users_by_it(project: Project) -> None:
    project.load(stream("users", [{"email": ANN, "userId": 7}]))
    assert project.holds.user(email=ANN)["userId"] == "7"
    rows = [{"userId": "7", "plan": "paid"}, {"userId": "8", "plan": "free"}]
    project.load(stream("users", rows), placeholder_users=True)
    assert project.holds.user(email=ANN)["plan"] == "paid"
    assert project.holds.user(userId="8")["email"].endswith("@placeholder.email")


def test_a_user_id_based_project_is_written_by_user_id(new_project: NewProject) -> None:
    project = new_project(project_type="userId")
    rows = [{"userId": "A1", "email": ANN, "plan": "paid"}, {"email": "bob@example.com"}]
    users = project.load(stream("users", rows), project_type="userId")["users"]
    assert (users["written"], users["reasons"]) == (1, {"missingIdentity": 1})
    profile = project.holds.user(userId="A1")
    assert (profile["email"], profile["plan"]) == (ANN, "paid")


def test_a_hybrid_project_tells_of_conflicts_by_either_identifier(new_project: NewProject) -> None:
    project = new_project(project_type="hybrid")
    project.load(stream("users", [{"userId": "A1", "email": ANN}, {"userId": "B2"}]), project_type="hybrid")
    rows = [{"userId": "B2", "email": ANN}, {"userId": "B2", "plan": "paid"}]
    users = project.load(stream("users", rows), project_type="hybrid")["users"]
    assert (users["written"], users["rejected"]) == (1, 1)
    assert next(iter(users["reasons"])).startswith("conflict")
    assert project.holds.user(userId="B2")["plan"] == "paid"


def updating(**options: Any) -> dict[str, Any]:
    return {"streams": {"users": {"mode": "update", **options}}}


@pytest.mark.parametrize("project_type", ["email", "userId", "hybrid"])
def test_updates_reach_users_who_exist_and_make_no_others(new_project: NewProject, project_type: str) -> None:
    project = new_project(project_type=project_type)
    project.load(stream("users", [{"userId": "A1", "email": ANN}]), project_type=project_type)
    key = "email" if project_type == "email" else "userId"
    who, stranger = {"email": (ANN, "bob@example.com"), "userId": ("A1", "B2")}[key]
    rows = [{key: who, "plan": "paid"}, {key: stranger, "plan": "free"}, {key: who, "plan": "gold"}]
    users = project.load(stream("users", rows), project_type=project_type, **updating())["users"]
    assert (users["written"], users["unchanged"], users["rejected"]) == (2, 1, 0)
    assert project.holds.user(userId="A1")["plan"] == "gold"
    assert project.sandbox.counts()["users"] == 1
    assert len(project.sandbox.requests("GET /api/users/getByEmail")) == (2 if key == "email" else 0)


def test_records_about_unknown_users_that_are_left_out_are_told_once_and_only_then(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project.load(stream("users", [{"email": ANN}]))
    for emails, times in (([ANN], 0), ([ANN, "bo@example.com", "cy@example.com"], 1)):
        caplog.clear()
        project.load(stream("users", [{"email": email, "plan": "paid"} for email in emails]), **updating())
        assert sum("whom Iterable does not know are left out" in message for message in caplog.messages) == times


def test_updates_by_user_id_ask_nobody_in_an_email_based_project(project: Project) -> None:
    project.load(stream("users", [{"userId": "7", "email": ANN}]))
    rows = [{"userId": "7", "plan": "paid"}, {"userId": "8", "plan": "free"}]
    users = project.load(stream("users", rows), **updating())["users"]
    assert (users["written"], users["unchanged"], users["requests"]) == (1, 1, 1)
    assert project.holds.user(email=ANN)["plan"] == "paid"
    assert project.sandbox.counts()["users"] == 1
    assert project.sandbox.requests("GET /api/users/by*") == []


def test_an_unknown_user_id_may_be_told_by_an_error(new_project: NewProject) -> None:
    project = new_project(project_type="hybrid", unknown_user_id="error")
    users = project.load(stream("users", [{"userId": "B2"}]), project_type="hybrid", **updating())["users"]
    assert (users["unchanged"], project.sandbox.counts()["users"]) == (1, 0)


def test_iterable_keeps_to_existing_users_itself_only_where_that_is_asked_for(new_project: NewProject) -> None:
    project = new_project(update_only=True)
    project.load(stream("users", [{"email": ANN}]))
    rows = [{"email": ANN, "plan": "paid"}, {"email": "bob@example.com", "plan": "paid"}]
    users = project.load(stream("users", rows), **updating(update_only=True))["users"]
    assert (users["written"], users["unchanged"], users["requests"]) == (1, 1, 1)
    assert project.sandbox.requests("GET /api/users/getByEmail") == []
    assert not project.holds.exists("bob@example.com")


def test_a_look_up_that_fails_ends_the_run_before_anything_is_written(project: Project) -> None:
    project.load(stream("users", [{"email": ANN}]))
    project.sandbox.inject("answer", route="GET /api/users/getByEmail", status=403, times=None)
    with pytest.raises(DeliveryFailedError, match="users could not be looked up"):
        project.load(stream("users", [{"email": ANN, "plan": "paid"}]), **updating())
    assert "plan" not in project.holds.client.get_json("/api/users/getFields")["fields"]
    assert project.load.states == []


def test_objects_replace_those_of_the_profile_or_merge_with_them(project: Project) -> None:
    first = {"email": ANN, "address": {"city": "Bern", "zip": 3000}, "cars": [{"name": "a"}, {"name": "b"}]}
    project.load(stream("users", [first]))
    rows = [{"email": ANN, "address": {"zip": 3001, "city": None}, "cars": [{"name": "c"}]}]
    project.load(stream("users", rows), streams={"users": {"merge_nested_objects": True}})
    assert project.holds.user(email=ANN)["cars"] == [{"name": "c"}]
    project.load(
        stream("users", [{"email": ANN, "address.street": "A 1"}]), streams={"users": {"merge_nested_objects": True}}
    )
    assert project.holds.user(email=ANN)["address"] == {"zip": 3001, "street": "A 1"}
    project.load(stream("users", [{"email": ANN, "address": {"city": "Thun"}}]))
    assert project.holds.user(email=ANN)["address"] == {"city": "Thun"}


def test_each_address_of_a_person_has_a_profile_or_the_person_has_one(project: Project) -> None:
    old = {"userId": "7", "email": ANN, "plan": "free"}
    project.load(stream("users", [old]))
    project.load(stream("users", [{"userId": "7", "plan": "paid"}]), streams={"users": {"identify_by": "userId"}})
    assert project.holds.user(email=ANN)["plan"] == "paid"
    project.load(stream("users", [{**old, "email": "ann@work.example.com", "plan": "gold"}]))
    assert project.sandbox.counts()["users"] == 2
    assert project.holds.user(email=ANN)["plan"] == "paid"
    assert project.holds.user(email="ann@work.example.com")["userId"] == "7"


def test_a_record_that_is_nested_too_deeply_is_rejected(project: Project) -> None:
    deep: dict[str, Any] = {}
    for _ in range(480):
        deep = {"a": deep}
    users = project.load(stream("users", [{"email": ANN, "deep": deep}, {"email": ANN}]))["users"]
    assert (users["written"], users["reasons"]) == (1, {"tooDeep": 1})
    assert project.load.states == [STATE]


@pytest.mark.parametrize(
    ("project_type", "old", "new"),
    [
        ("email", {"email": "old@example.com"}, {"email": "new@example.com"}),
        ("userId", {"userId": "old"}, {"userId": "new"}),
        ("hybrid", {"userId": "old"}, {"userId": "new"}),
    ],
)
def test_records_that_only_create_change_no_user(
    new_project: NewProject, project_type: str, old: dict[str, str], new: dict[str, str]
) -> None:
    project = new_project(project_type=project_type)
    project.load(stream("users", [{**old, "plan": "free"}]), project_type=project_type)
    rows = [{**old, "plan": "pro"}, {**new, "plan": "pro"}, {**new, "plan": "gold"}]
    route = {"users": {"mode": "create"}}
    for written in (1, 0):
        done = project.load(stream("users", rows), project_type=project_type, streams=route)["users"]
        assert (done["written"], done["unchanged"], done["rejected"]) == (written, 3 - written, 0)
    assert [project.holds.user(**who)["plan"] for who in (old, new)] == ["free", "pro"]


def test_a_user_of_whom_iterable_does_not_say_whether_there_is_one_is_not_created(project: Project) -> None:
    project.sandbox.inject("answer", route="GET /api/users/getByEmail", status=400, body={"code": "BadParams"}, times=1)
    rows = [{"email": "a@example.com"}]
    done = project.load(stream("users", rows), streams={"users": {"mode": "create"}})["users"]
    assert (done["written"], done["rejected"]) == (0, 1)


def test_a_user_id_alone_changes_no_user_who_has_it(project: Project) -> None:
    project.load(stream("users", [{"email": "old@example.com", "userId": "u1", "plan": "free"}]))
    done = project.load(stream("users", [{"userId": "u1", "plan": "pro"}]), streams={"users": {"mode": "create"}})
    assert done["users"]["unchanged"] == 1
    assert project.holds.user(email="old@example.com")["plan"] == "free"
