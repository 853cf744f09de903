"""What tests ask of a sandbox: the same in this process and at a URL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from iterable_sandbox.client import SandboxClient
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

START = datetime(2026, 11, 1, tzinfo=UTC)
NAN, INFINITE = float("nan"), float("inf")


@pytest.fixture(params=["here", "at a URL"])
def asked(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[SandboxClient]:
    """The sandbox itself, or a client that knows no more than its URL and key."""
    if request.param == "here":
        yield sandbox
        return
    with SandboxClient(sandbox.url, sandbox.api_key) as client:
        yield client


def test_a_user_is_found_by_address_in_any_case_and_by_user_id(asked: SandboxClient, http: Http) -> None:
    http.update({"email": "Ana@example.com", "userId": "U-1", "dataFields": {"plan": "gold"}})
    for identifier in ("ana@example.com", "ANA@Example.com", "U-1"):
        user = asked.user(identifier)
        assert user is not None
        assert (user["email"], user["plan"]) == ("ana@example.com", "gold")
        assert user["itblInternal.emailDomain"] == "example.com"
    assert asked.user("u-1") is None
    assert asked.user("") is None


def test_a_user_is_what_an_export_says(asked: SandboxClient, http: Http) -> None:
    http.update({"email": "ana@example.com", "dataFields": {"deep": {"a": ["x", "ü"]}}})
    assert [asked.user("ana@example.com")] == http.export("user")


def test_events_come_in_the_order_of_writing_of_all_users_or_of_one(asked: SandboxClient, http: Http) -> None:
    for name, email in (("a", "ana@example.com"), ("b", "bob@example.com"), ("c", "ana@example.com")):
        http.track({"email": email, "eventName": name})
    assert [event["eventName"] for event in asked.events("customEvent")] == ["a", "b", "c"]
    assert [event["eventName"] for event in asked.events("customEvent", user="Ana@example.com")] == ["a", "c"]
    assert asked.events("customEvent", user="nobody@example.com") == []
    assert asked.events("emailOpen") == []
    assert sorted(map(str, asked.events("customEvent"))) == sorted(map(str, http.export("customEvent")))


@pytest.mark.parametrize("data_type", ["", "user", "custom_event", "customEvents"])
def test_a_data_type_that_there_is_not_is_no_empty_answer(asked: SandboxClient, data_type: str) -> None:
    with pytest.raises(ValueError, match=r"^dataType: "):
        asked.events(data_type)


def test_more_events_and_members_than_one_answer_holds_come_whole(asked: SandboxClient, http: Http) -> None:
    rows = [{"email": f"u{number:04}@example.com", "eventName": str(number)} for number in range(2_001)]
    asked.load("user", [{"email": row["email"], "emailListIds": [7]} for row in rows])
    asked.load("customEvent", rows)
    http.sandbox.store.lists.create("Readers", None, 0)
    (number,) = [row["id"] for row in asked.counts()["lists"]]
    http.sandbox.store.database.write("UPDATE members SET list = ?", (number,))
    assert [event["eventName"] for event in asked.events("customEvent")] == [row["eventName"] for row in rows]
    assert asked.members("Readers") == asked.members(number) == [row["email"] for row in rows]


def test_members_are_named_as_the_type_of_the_project_names_users() -> None:
    for kind, expected in (("email", ["ana@example.com"]), ("hybrid", ["U-1", "bob@example.com"])):
        with opened(project_type=kind) as http:
            list_id = http.new_list("Readers")
            subscribers: list[dict[str, str]] = [{"email": "ana@example.com", "userId": "U-1"}]
            if kind == "hybrid":
                subscribers.append({"email": "bob@example.com"})
            http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": subscribers})
            assert http.sandbox.members("Readers") == expected


def test_a_list_that_is_not_there_or_not_the_only_one_of_its_name_is_said(asked: SandboxClient, http: Http) -> None:
    for name in ("Twin", "Twin"):
        http.new_list(name)
    with pytest.raises(ValueError, match=r"^list: 2 lists have this id or name"):
        asked.members("Twin")
    for absent in ("Nobody's", 4):
        with pytest.raises(ValueError, match=r"^list: no lists have this id or name"):
            asked.members(absent)


def test_time_passes_by_a_duration_or_by_seconds() -> None:
    with Sandbox(clock=StoppedClock(START), limits=True, apply_delays={"bulk": 60}) as sandbox:
        http = Http(sandbox)
        http.update({"email": "ana@example.com"})
        assert sandbox.user("ana@example.com") is None
        assert sandbox.advance(timedelta(minutes=1)) == START + timedelta(minutes=1)
        assert sandbox.user("ana@example.com") is not None
        assert sandbox.advance(0.5) == START + timedelta(minutes=1)
        assert sandbox.advance(0.5) == START + timedelta(minutes=1, seconds=1)
        assert sandbox.set_time(START) == START
        http.session.close()


@pytest.mark.parametrize("duration", [-1, NAN, INFINITE, 10**12, "60", True, timedelta(days=-1), timedelta.max])
def test_no_time_passes_by_what_is_no_duration(asked: SandboxClient, sandbox: Sandbox, duration: Any) -> None:
    with pytest.raises(ValueError, match=r"^advance: "):
        asked.advance(duration)
    assert abs(sandbox.clock.moment() - datetime.now(UTC)) < timedelta(hours=1)


@pytest.mark.parametrize("moment", [datetime(2026, 11, 1), datetime(1969, 1, 1, tzinfo=UTC)])  # noqa: DTZ001 (refused)
def test_a_time_without_a_zone_or_before_all_time_is_refused(asked: SandboxClient, moment: datetime) -> None:
    with pytest.raises(ValueError, match=r"^set: "):
        asked.set_time(moment)


def test_records_are_loaded_as_an_export_has_them_and_can_be_as_short_as_a_test_needs(asked: SandboxClient) -> None:
    users = [{"email": "ana@example.com", "plan": "gold"}, {"email": "bob@example.com", "profileUpdatedAt": str(START)}]
    assert asked.load("user", users) == 2
    assert asked.load("purchase", [{"email": "ana@example.com", "id": "p-1", "total": 3}]) == 1
    ana, bob = asked.user("ana@example.com"), asked.user("bob@example.com")
    assert ana is not None
    assert bob is not None
    assert ana["profileUpdatedAt"] > bob["profileUpdatedAt"] == str(START)
    (purchase,) = asked.events("purchase", user="ana@example.com")
    assert purchase["total"] == 3
    assert purchase["createdAt"].startswith("20")


def test_a_short_user_has_what_iterable_gives_to_each_user() -> None:
    with opened(project_type="userId") as other:
        other.sandbox.load("user", [{"userId": "U-1"}])
        user = other.sandbox.user("U-1")
    assert user is not None
    assert {"itblUserId", "signupDate", "profileUpdatedAt", "itblInternal.documentCreatedAt"} <= user.keys()


def test_a_file_is_loaded_like_its_records(asked: SandboxClient, tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    file.write_text("\n".join(json.dumps({"email": f"u{number}@example.com"}) for number in range(3)) + "\n\n")
    assert asked.load("user", file) == 3
    assert asked.load("user", str(file)) == 3
    assert asked.counts()["users"] == 3


@pytest.mark.parametrize(
    ("data_type", "records", "problem"),
    [
        ("users", [], "^dataType: "),
        ("user", [{"email": "a@example.com"}, {"email": 5}], "^line 2: "),
        ("user", [{"email": "a@example.com"}, {"plan": "gold"}], "^line 2: "),
        ("user", [{"email": "a@example.com"}, {"email": "b@example.com", "profileUpdatedAt": "soon"}], "^line 2: "),
        ("customEvent", [{"createdAt": True}], "^line 1: createdAt is missing or no timestamp"),
    ],
)
def test_records_that_cannot_be_read_are_refused_whole_and_named(
    asked: SandboxClient, data_type: str, records: list[dict[str, Any]], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        asked.load(data_type, records)
    assert (asked.counts()["users"], asked.counts()["events"]) == (0, {})


def test_seeding_fills_an_empty_project_and_no_other(asked: SandboxClient) -> None:
    asked.seed(users=20, events=100, days=10, until=START)
    counts = asked.counts()
    assert (counts["users"], sum(counts["events"].values()) >= 100) == (20, True)
    with pytest.raises(ValueError, match="there is a project in it already"):
        asked.seed()


def test_equal_seeds_make_equal_projects_and_end_now_unless_said_otherwise() -> None:
    projects = []
    for number in (1, 1, 2):
        with Sandbox(clock=StoppedClock(START)) as sandbox:
            sandbox.seed(users=10, events=50, seed=number)
            projects.append(sandbox.events("emailSend"))
            assert max(event["createdAt"] for event in projects[-1]) < "2026-11-01"
    assert projects[0] == projects[1] != projects[2]


@pytest.mark.parametrize(
    ("name", "value"),
    [("users", 0), ("users", 10**9), ("users", "5"), ("events", -1), ("days", True), ("days", 10**9), ("seed", 1.5)],
)
def test_a_project_that_is_too_large_or_none_is_refused_by_name(asked: SandboxClient, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        asked.seed(**{name: value})


def test_the_request_log_is_the_same_and_knows_nothing_of_these_questions(asked: SandboxClient, http: Http) -> None:
    http.get("/api/lists")
    asked.user("ana@example.com")
    asked.events("emailOpen")
    assert [(entry.path, entry.status) for entry in asked.requests("GET *")] == [("/api/lists", 200)]
    assert asked.requests() == http.sandbox.requests()


def test_limits_and_faults_of_the_api_do_not_hold_for_questions() -> None:
    with Sandbox(limits=True) as sandbox:
        sandbox.inject("generic_error", times=None)
        for _ in range(20):
            assert sandbox.events("customEvent") == []


def test_where_no_sandbox_is_the_exception_is_that_of_requests() -> None:
    with SandboxClient("http://127.0.0.1:9") as client, pytest.raises(requests.RequestException):
        client.counts()


def test_from_elsewhere_or_with_a_wrong_key_nothing_is_shown(sandbox: Sandbox) -> None:
    for what in ("user", "events", "members", "load", "seed"):
        answer = requests.post(f"{sandbox.url}/_sandbox/{what}", headers={"Host": "example.com"}, timeout=10)
        assert answer.status_code == 403
