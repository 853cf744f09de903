"""GET /api/export/data.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from iterable_api.facts import timestamps
from iterable_api.facts.data_types import EVENTS
from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
EMAIL = "ana@example.com"


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
def stopped(clock: StoppedClock) -> Iterator[Http]:
    with opened(clock=clock) as http:
        yield http


def track_at(http: Http, *moments: datetime) -> None:
    rows = ({"email": EMAIL, "eventName": "e", "createdAt": int(moment.timestamp())} for moment in moments)
    http.track(*rows)


def seen(http: Http, **params: Any) -> list[str]:
    return sorted(line["createdAt"] for line in http.export("customEvent", **params))


def test_the_start_of_a_range_is_in_it_and_the_end_is_not(stopped: Http) -> None:
    first, second, third = (datetime(2026, 10, 1, 0, 0, second, tzinfo=UTC) for second in range(3))
    track_at(stopped, first, second, third)
    window = {"startDateTime": "2026-10-01 00:00:00", "endDateTime": "2026-10-01 00:00:02"}
    assert seen(stopped, **window) == [timestamps.to_iterable(first), timestamps.to_iterable(second)]


@pytest.mark.parametrize(
    "start",
    [
        "2026-10-01 00:00:01",
        "2026-10-01 00:00:01 +00:00",
        "2026-10-01 02:00:01 +02:00",
        "2026-10-01T00:00:01Z",
        "2026-10-01T00:00:01.500Z",
        "2026-10-01T02:00:01.000+02:00",
    ],
)
def test_bounds_come_in_several_formats_and_have_whole_seconds(stopped: Http, start: str) -> None:
    first, second = (datetime(2026, 10, 1, 0, 0, number, tzinfo=UTC) for number in (0, 1))
    track_at(stopped, first, second)
    assert seen(stopped, startDateTime=start) == [timestamps.to_iterable(second)]


def test_a_date_alone_is_its_midnight(stopped: Http) -> None:
    midnight = datetime(2026, 10, 1, tzinfo=UTC)
    track_at(stopped, midnight - timedelta(seconds=1), midnight)
    assert seen(stopped, startDateTime="2026-10-01") == [timestamps.to_iterable(midnight)]
    assert len(seen(stopped, endDateTime="2026-10-01")) == 1


@pytest.mark.parametrize("bad", ["1734632773073", "yesterday", "2026-13-01", "", "2026-W01-1"])
def test_a_date_that_cannot_be_read_is_an_html_400(stopped: Http, bad: str) -> None:
    response = stopped.get("/api/export/data.json", dataTypeName="user", startDateTime=bad)
    assert response.status_code == 400
    assert "into a date time!" in response.text


def test_ranges_are_days_of_utc_and_today_is_the_default(stopped: Http) -> None:
    today, yesterday, before = NOW, NOW - timedelta(days=1), NOW - timedelta(days=2)
    track_at(stopped, today, yesterday, before)
    shown = {name: len(seen(stopped, range=name)) for name in ("Today", "Yesterday", "BeforeToday", "All")}
    assert shown == {"Today": 1, "Yesterday": 1, "BeforeToday": 2, "All": 3}
    response = stopped.get("/api/export/data.json", dataTypeName="customEvent")
    assert len(response.text.splitlines()) == 1
    assert stopped.get("/api/export/data.json", dataTypeName="user", range="Ever").status_code == 400


def test_users_are_chosen_by_the_time_of_their_last_update(stopped: Http, clock: StoppedClock) -> None:
    stopped.update({"email": EMAIL})
    window = {"startDateTime": "2026-11-01 12:00:00", "endDateTime": "2026-11-01 13:00:00"}
    assert len(stopped.export("user", **window)) == 1
    clock.advance(timedelta(hours=1))
    stopped.update({"email": EMAIL})
    assert stopped.export("user", **window) == []
    assert len(stopped.export("user", startDateTime="2026-11-01 13:00:00")) == 1


def test_users_have_dotted_keys_for_iterables_own_objects_only(http: Http) -> None:
    http.update({"email": EMAIL, "dataFields": {"address": {"city": "Bonn"}, "nothing": None}})
    [line] = http.export("user")
    assert line["itblInternal.emailDomain"] == "example.com"
    assert line["address"] == {"city": "Bonn"}
    assert not {"itblInternal", "nothing", "dataFields"} & line.keys()


def test_a_sandbox_can_flatten_custom_objects_as_well() -> None:
    with opened(flatten_nested=True) as http:
        http.update({"email": EMAIL, "dataFields": {"address": {"city": {"name": "Bonn"}}}})
        [line] = http.export("user")
        assert line["address.city.name"] == "Bonn"


def test_data_type_names_are_read_in_any_case_and_unknown_ones_refused(http: Http) -> None:
    assert http.export("CUSTOMEVENT") == []
    assert http.get("/api/export/data.json", dataTypeName="nothing").status_code == 400
    assert http.get("/api/export/data.json").status_code == 400


def test_sessions_of_unknown_visitors_have_the_name_that_iterables_client_gives_them_too(seeded: Http) -> None:
    lines = seeded.export("unknownSession")
    assert lines
    assert seeded.export("anonSession") == lines
    job = seeded.ok("/api/export/start", {"dataTypeName": "anonSession", "outputFormat": "application/x-json-stream"})
    jobs = {row["id"]: row["dataTypeName"] for row in seeded.get("/api/export/jobs").json()["jobs"]}
    assert jobs[job["jobId"]] == "unknownSession"


def test_no_rows_are_an_empty_body(http: Http) -> None:
    response = http.get("/api/export/data.json", dataTypeName="purchase")
    assert (response.status_code, response.content) == (200, b"")


def test_lines_are_streamed_in_chunks_without_a_newline_at_the_end(seeded: Http) -> None:
    response = seeded.get("/api/export/data.json", dataTypeName="emailSend", range="All")
    assert response.headers["Content-Type"] == "application/x-json-stream"
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert not response.content.endswith(b"\n")
    assert response.content.count(b"\n") == seeded.sandbox.store.events.count("emailSend") - 1


def test_a_sandbox_can_end_the_last_line_too(database: str) -> None:
    with opened(database=database, trailing_newline=True) as http:
        assert http.get("/api/export/data.json", dataTypeName="purchase", range="All").content.endswith(b"}\n")


def test_lines_are_not_sorted_but_come_in_the_same_order_each_time(seeded: Http) -> None:
    shown = [line["createdAt"] for line in seeded.export("emailSend")]
    assert shown != sorted(shown)
    assert shown == [line["createdAt"] for line in seeded.export("emailSend")]


def test_no_line_holds_a_null_and_dates_have_a_blank_before_the_zone(seeded: Http) -> None:
    for data_type in ("user", *seeded.sandbox.store.events.types()):
        for line in seeded.export(data_type):
            assert None not in line.values()
            date = line["profileUpdatedAt" if data_type == "user" else "createdAt"]
            assert datetime.strptime(date, "%Y-%m-%d %H:%M:%S %z").utcoffset() == timedelta(0)


def test_transactional_data_is_json_inside_a_string(seeded: Http) -> None:
    triggered = [line for line in seeded.export("emailSend") if "transactionalData" in line]
    assert triggered
    assert json.loads(triggered[0]["transactionalData"])["eventName"] == "orderShipped"


def test_only_and_omitted_fields_can_be_named_with_commas_or_repeated(seeded: Http) -> None:
    fields = {frozenset(line) for line in seeded.export("purchase", onlyFields=["email, id", "total"])}
    assert fields == {frozenset({"email", "id", "total"})}
    assert all("email" not in line for line in seeded.export("purchase", omitFields="email,id"))


def test_an_export_can_be_of_one_campaign(seeded: Http) -> None:
    lines = seeded.export("emailSend")
    campaign = lines[0]["campaignId"]
    expected = sum(line["campaignId"] == campaign for line in lines)
    assert len(seeded.export("emailSend", campaignId=campaign)) == expected < len(lines)


def test_parameters_may_come_twice(http: Http) -> None:
    http.track({"email": EMAIL, "eventName": "e"})
    query = "dataTypeName=customEvent&dataTypeName=customEvent&range=All&range=All"
    assert len(http.get(f"/api/export/data.json?{query}").text.splitlines()) == 1


def test_windows_that_touch_hold_every_row_once(seeded: Http) -> None:
    start = datetime(2026, 9, 2, tzinfo=UTC)
    bounds = [timestamps.to_export_bound(start + timedelta(days=10 * step)) for step in range(7)]
    for data_type in ("customEvent", "user"):
        parts = [seeded.export(data_type, startDateTime=first, endDateTime=last) for first, last in pairwise(bounds)]
        assert sum(map(len, parts)) == len(seeded.export(data_type)) > 0


def test_seeded_lines_hold_no_field_that_the_table_of_data_types_does_not_know(seeded: Http) -> None:
    custom = {"customEvent", "purchase"}
    # The event of an import repeats fields of the profile.
    copied = {"emailSubscribe": {"firstName", "lastName", "isVip"}}
    for data_type in EVENTS:
        if data_type.name not in custom:
            for line in seeded.export(data_type.name):
                unknown = {name.partition(".")[0] for name in line} - data_type.fields.keys()
                assert unknown <= copied.get(data_type.name, set()), data_type.name
