"""Numbers that the sandbox cannot bear are refused by the name of their parameter, through every door."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from iterable_sandbox.cli import main
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.seed.seeding import Plan
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import Clock, StoppedClock

NAN: Final = float("nan")
INFINITE: Final = float("inf")
NO_NUMBER: Final[tuple[Any, ...]] = ("1", True, [], {}, NAN, INFINITE, -INFINITE, 10**30, -(10**30), 1e308)
NEGATIVE: Final = (-1, -0.5)

NUMBERS: Final[Mapping[str, str]] = {
    kind.name: str(kind.type)
    for kind in fields(Settings)
    if any(name in str(kind.type) for name in ("int", "float", "Count", "Positive", "Seconds", "Share"))
    and kind.name not in ("project_id", "webhook_pauses", "apply_delays")
    and "Literal" not in str(kind.type)
}
FAULTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("times", {"fault": "gateway"}),
    ("every", {"fault": "gateway"}),
    ("status", {"fault": "gateway"}),
    ("status", {"fault": "answer"}),
    ("retry_after", {"fault": "rate_limit"}),
    ("bytes", {"fault": "cut"}),
    ("bytes", {"fault": "end_early"}),
    ("bytes", {"fault": "slow"}),
    ("seconds", {"fault": "slow"}),
    ("line", {"fault": "malformed_line"}),
)
DOORS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("clock", "advance", {}),
    ("clock", "advance", {"set": "2026-11-01T00:00:00Z"}),
    ("live", "advance", {}),
    ("live", "events", {}),
    *(("settings", name, {}) for name in NUMBERS),
    *(("faults", name, others) for name, others in FAULTS),
)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def post(sandbox: Sandbox, what: str, body: object) -> requests.Response:
    text = json.dumps(body)  # Python writes NaN and Infinity, which other clients can send, too.
    return requests.post(f"{sandbox.url}/_sandbox/{what}", data=text, timeout=30)


def refusal(sandbox: Sandbox, what: str, body: object) -> str:
    answer = post(sandbox, what, body)
    assert answer.status_code == 400, (what, body, answer.text)
    text: str = answer.json()["error"]
    return text


@pytest.mark.parametrize(("what", "name", "others"), DOORS, ids=str)
def test_what_is_no_number_of_the_right_size_is_refused_by_name(
    running: Sandbox, what: str, name: str, others: dict[str, Any]
) -> None:
    for value in (*NO_NUMBER, *NEGATIVE):
        assert f"{name}: " in refusal(running, what, {**others, name: value}), value
    assert running.project.faults.all() == []
    assert running.project.settings == Settings(limits=False)


def test_there_is_a_door_for_each_number_of_the_settings() -> None:
    assert {"metadata_page", "webhook_delay", "webhook_loss", "export_url_seconds", "max_user_fields"} <= NUMBERS.keys()
    assert len(NUMBERS) > 15


@pytest.mark.parametrize("value", [*NO_NUMBER, *NEGATIVE])
def test_delays_of_queues_and_pauses_are_numbers_of_seconds(running: Sandbox, value: Any) -> None:
    assert "apply_delays.bulk: " in refusal(running, "settings", {"apply_delays": {"bulk": value}})
    assert "webhook_pauses.1: " in refusal(running, "settings", {"webhook_pauses": [1, value]})
    webhook = {"endpoint": "http://127.0.0.1:9/", "enabled": False}
    assert "id: " in refusal(running, "webhooks", {**webhook, "id": value})
    assert "channelIds.0: " in refusal(running, "webhooks", {**webhook, "channelIds": [value]})


def test_a_number_that_no_webhook_can_have_is_refused_where_one_is_deleted(running: Sandbox) -> None:
    answer = requests.delete(f"{running.url}/_sandbox/webhooks/{10**30}", timeout=10)
    assert (answer.status_code, answer.json()["error"][:4]) == (400, "id: ")


@pytest.mark.parametrize(
    "moment",
    ["1969-12-31T23:59:59Z", "1970-01-01T00:59:59+01:00", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", 5, True],
)
def test_the_clock_is_set_to_times_that_it_can_show(running: Sandbox, moment: Any) -> None:
    before = running.clock.moment()
    assert refusal(running, "clock", {"set": moment}).startswith("set: ")
    assert running.clock.moment() - before < timedelta(hours=1)


def test_a_clock_is_not_moved_half_the_way() -> None:
    with Sandbox(clock=StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))) as sandbox:
        change = {"set": "9998-12-31T00:00:00Z", "advance": 86_400}
        assert refusal(sandbox, "clock", change).startswith("advance: ")
        assert sandbox.clock.moment() == datetime(2026, 11, 1, tzinfo=UTC)


@given(st.datetimes(), st.integers(0, 10**15))
def test_a_clock_never_leaves_its_years(moment: datetime, seconds: int) -> None:
    clock = StoppedClock(datetime(2026, 11, 1, tzinfo=UTC))
    try:
        clock.set(moment.replace(tzinfo=UTC))
        clock.advance(timedelta(seconds=min(seconds, 86_400 * 999_999_999)))
    except ValueError as problem:
        assert str(problem).startswith(("set: ", "advance: "))  # noqa: PT017 (either is right)
    assert 1970 <= clock.moment().year <= 9998


@given(st.sampled_from(DOORS), st.integers() | st.floats())
def test_a_sandbox_that_took_a_number_can_bear_it(
    running: Sandbox, door: tuple[str, str, dict[str, Any]], value: float
) -> None:
    what, name, others = door
    if what in ("faults", "live"):
        return  # A fault is there to hurt, and a simulation is slow.
    answer = post(running, what, {**others, name: value})
    assert answer.status_code in (200, 400)
    headers = {"Api-Key": running.api_key}
    user = {"email": "a@example.com", "dataFields": {"n": 1}}
    answers = [
        requests.post(f"{running.url}/api/users/update", json=user, headers=headers, timeout=30),
        requests.get(f"{running.url}/api/lists", headers=headers, timeout=30),
        requests.get(f"{running.url}/_sandbox/state", timeout=30),
    ]
    post(running, "settings", {name: getattr(Settings(), name) for name in NUMBERS} | {"limits": False})
    post(running, "clock", {"set": "2026-11-01T00:00:00Z"})
    assert 500 not in [answer.status_code for answer in answers]


@given(st.sampled_from(FAULTS), st.integers(0, 10**12) | st.floats(0, 1))
def test_a_fault_that_was_taken_ends_in_an_answer_or_a_broken_connection(
    running: Sandbox, fault: tuple[str, dict[str, Any]], value: float
) -> None:
    name, others = fault
    if name == "seconds":
        return  # Nobody wants to wait.
    running.project.faults.clear()
    post(running, "faults", {**others, name: value, "route": "GET /api/lists"})
    try:
        answer = requests.get(f"{running.url}/api/lists", headers={"Api-Key": running.api_key}, timeout=30)
        assert others["fault"] == "answer" or answer.status_code in (200, 429, 502, 503, 504)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        assert others["fault"] == "cut"
    running.project.faults.clear()


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_in_http_gets_none(running: Sandbox, status: int) -> None:
    for body in ("text", {"a": 1}, None):
        assert "body: " in refusal(running, "faults", {"fault": "answer", "status": status, "body": body})
    running.inject("answer", status=status, route="GET /api/lists")
    assert requests.get(f"{running.url}/api/lists", timeout=10).status_code == status
    running.project.faults.clear()


@pytest.mark.parametrize(
    ("name", "value"),
    [("body", {"deep": [NAN]}), ("body", INFINITE), ("content_type", "a\r\nX: y"), ("content_type", "ü")],
)
def test_an_answer_that_http_or_json_cannot_hold_is_refused(running: Sandbox, name: str, value: Any) -> None:
    assert f"{name}: " in refusal(running, "faults", {"fault": "answer", "status": 200, name: value})


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"webhook_delay": -1}, "webhook_delay"),
        ({"webhook_loss": NAN}, "webhook_loss"),
        ({"apply_delays": {"single": INFINITE}}, "apply_delays.single"),
        ({"metadata_page": "2"}, "metadata_page"),
        ({"export_polls": True}, "export_polls"),
        ({"limits": 1}, "limits"),
        ({"keep_alive_seconds": object()}, "keep_alive_seconds"),
    ],
)
def test_a_sandbox_in_python_refuses_settings_by_name(options: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        Sandbox(**options)


def test_a_setting_that_there_is_not_is_a_type_error_as_for_any_keyword() -> None:
    with pytest.raises(TypeError, match="webhook_dellay"):
        Sandbox(webhook_dellay=1)


def test_settings_in_python_may_be_sets_and_mappings() -> None:
    with Sandbox(disallowed_events=frozenset({"a"}), apply_delays={"bulk": 1}, webhook_pauses=(2.5,)) as sandbox:
        settings: Any = sandbox.project.settings
    assert (settings.disallowed_events, settings.apply_delays, settings.webhook_pauses) == ({"a"}, {"bulk": 1}, (2.5,))


def test_a_clock_in_python_refuses_times_that_it_cannot_show() -> None:
    with pytest.raises(ValueError, match=r"^start: the clock goes from the year 1970"):
        StoppedClock(datetime(1969, 12, 31, tzinfo=UTC))
    with pytest.raises(ValueError, match=r"^advance: "):
        Clock().advance(timedelta(days=-365 * 100))


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["serve", "--now", "1969-12-31"], "--now"),
        (["serve", "--now", "9999-01-01"], "--now"),
        (["serve", "--settings", '{"webhook_delay": NaN}'], "webhook_delay"),
        (["serve", "--settings", '{"export_polls": -1}'], "export_polls"),
        (["serve", "--fault", '{"fault": "slow", "seconds": Infinity}'], "seconds"),
        (["live", "--rate", "nan"], "--rate"),
        (["live", "--day", "inf"], "--day"),
        (["live", "--day", "nan"], "--day"),
        (["live", "--seconds", "inf"], "--seconds"),
        (["seed", "--database", "DB", "--users", "10000000000"], "--users"),
        (["seed", "--database", "DB", "--events", "-1"], "--events"),
        (["seed", "--database", "DB", "--days", "999999999"], "--days"),
        (["seed", "--database", "DB", "--until", "1969-01-01"], "--until"),
        (["seed", "--database", "DB", "--until", "1970-01-02", "--days", "60"], "days"),
    ],
)
def test_the_command_refuses_options_by_name(arguments: list[str], option: str, tmp_path: Path) -> None:
    database = tmp_path / "project.db"
    refused = CliRunner().invoke(main, [str(database) if one == "DB" else one for one in arguments])
    assert refused.exit_code in (1, 2)
    assert option in refused.output
    assert not database.exists()


@given(st.integers(-10, 10**13), st.integers(-10, 10**13), st.integers(-10, 10**6), st.datetimes())
def test_a_plan_is_within_the_years_of_the_clock_or_refused(
    users: int, events: int, days: int, until: datetime
) -> None:
    try:
        plan = Plan(users, events, days, 1, until.replace(tzinfo=UTC))
    except ValueError as problem:
        assert str(problem).startswith(("users: ", "events: ", "days: ", "until: "))  # noqa: PT017 (either is right)
    else:
        assert 0 <= plan.start < plan.end
