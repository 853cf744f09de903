"""The state that a run is given is read in every form that can be read, and never passed over in silence."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.facts import timestamps
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tap_iterable.input.dates import parse_date
from tap_iterable.input.state import UnusableStateError, bookmarks_in
from tap_iterable.stream_types.unread_ranges import MAX_CLOCK_SKEW, unread_ranges
from tap_iterable.tap import TapIterable
from tests.scripted_server import ScriptedServer
from tests.tap.answering import KEY
from tests.tap.export_server import ExportServer, row, stream_of
from tests.tap.reading import Output, TapRun

REACHED = "2026-10-15T21:15:00.000000+00:00"
FORMS = [
    "2026-10-15T21:15",
    "2026-10-15 21:15",
    "2026-10-15T21:15:00",
    "2026-10-15t21:15:00z",
    "2026-10-15T21:15:00Z",
    "2026-10-15T21:15:00.000Z",
    "2026-10-15 21:15:00 +00:00",
    "2026-10-15T23:15:00+02:00",
    "2026-10-15 23:15:00 +0200",
    "2026-10-15T23:15+02",
    "20261015T211500Z",
    "20261015T211500",
    "20261015T2115",
    "20261015T231500+0200",
    "20261015 23:15:00 +02:00",
    " 2026-10-15T21:15:00Z\n",
]
NO_MOMENTS: list[Any] = [
    "soon",
    "",
    "2026-10",
    "2026-10-32",
    "2026-W42-4",
    "2026-10-15T25:00:00Z",
    "2026-10-15T21:15 CET",
]
NO_MOMENTS += [0, -1, 3, 20261015, 946684799, 4102444800, 20261015211500, "179209890", "1792098900.5", float("nan")]
NO_MOMENTS += [True, False, [], ["2026-10-15"], {"a": 1}]
EPOCHS: list[Any] = [1792098900, 1792098900000, "1792098900", "1792098900000", 1792098900.5, Decimal("1792098900999.9")]


def _tap(state: dict[str, Any], **settings: Any) -> TapIterable:
    config = {"api_key": KEY, "start_date": "2026-08-01", **settings}
    return TapIterable(config=config, state=state)


def _state(stream: str, value: object, key: str = "createdAt") -> dict[str, Any]:
    return {"bookmarks": {stream: {"replication_key": key, "replication_key_value": value}}}


@pytest.mark.parametrize("form", [*FORMS, *EPOCHS])
def test_a_bookmark_is_read_in_every_form_that_names_one_moment(form: str) -> None:
    tap = _tap(_state("custom_event", form))
    assert tap.state == _state("custom_event", REACHED)


def test_a_bookmark_that_is_a_day_is_its_beginning() -> None:
    for day in ("2026-10-15", "20261015"):
        assert _tap(_state("users", day, "profileUpdatedAt")).state == _state(
            "users", "2026-10-15T00:00:00.000000+00:00", "profileUpdatedAt"
        )


@pytest.mark.parametrize("value", NO_MOMENTS)
def test_a_bookmark_that_names_no_moment_is_refused_with_its_stream_and_value(value: object) -> None:
    with pytest.raises(UnusableStateError) as refused:
        _tap(_state("custom_event", value))
    assert f"The bookmark of the stream custom_event is {value!r}, which is not a moment such as" in str(refused.value)


def test_a_value_that_is_shown_is_not_longer_than_a_line() -> None:
    with pytest.raises(UnusableStateError) as refused:
        _tap(_state("custom_event", "x" * 10_000))
    assert len(str(refused.value)) < 400


def test_a_bookmark_of_another_field_is_refused() -> None:
    with pytest.raises(UnusableStateError, match="of the field 'signupDate', but the stream goes by profileUpdatedAt"):
        _tap(_state("users", "2026-10-15", "signupDate"))


def test_a_bookmark_without_its_field_is_of_the_field_that_the_stream_goes_by() -> None:
    tap = _tap({"bookmarks": {"users": {"replication_key_value": "2026-10-15T21:15"}}})
    assert tap.state == _state("users", REACHED, "profileUpdatedAt")


def test_what_a_run_left_before_its_first_bookmark_is_nothing_to_talk_about(caplog: pytest.LogCaptureFixture) -> None:
    entries: list[dict[str, Any]] = [{}, {"starting_replication_value": "2026-08-01"}, {"export_jobs": []}]
    for entry in entries:
        _tap({"bookmarks": {"custom_event": entry}})
        _tap(_state("custom_event", None))
    assert "state" not in caplog.text


PLAIN = _state("custom_event", "2026-10-15T21:15")
OLDER = _state("custom_event", "2026-09-01")
WRAPPED: list[dict[str, Any]] = [
    {"singer_state": PLAIN},
    {"type": "STATE", "value": PLAIN},
    {"completed": {"singer_state": PLAIN}, "partial": {}},
    {"completed": {"singer_state": OLDER}, "partial": {"singer_state": PLAIN}},
    {"completed_state": {"singer_state": OLDER}, "partial_state": {"singer_state": PLAIN}},
    {"completed": {"singer_state": PLAIN}, "partial": None},
    {**PLAIN, "currently_syncing": "users"},
]


@pytest.mark.parametrize("state", WRAPPED)
def test_a_state_is_taken_out_of_its_wrapping(state: dict[str, Any]) -> None:
    assert _tap(state).state == _state("custom_event", REACHED)


def test_an_unfinished_state_is_put_on_top_of_a_whole_one() -> None:
    whole = _state("users", "2026-09-01", "profileUpdatedAt")
    part: dict[str, Any] = {"bookmarks": {"users": {"export_jobs": []}}}
    found = bookmarks_in({"completed": {"singer_state": whole}, "partial": {"singer_state": part}})
    assert found == {"users": {**whole["bookmarks"]["users"], "export_jobs": []}}


@pytest.mark.parametrize("state", [{}, {"bookmarks": {}}, {"singer_state": {}}, {"completed": {}, "partial": {}}])
def test_an_empty_state_is_none(state: dict[str, Any]) -> None:
    assert _tap(state).state == {}


@pytest.mark.parametrize(
    "state",
    [
        {"bookmark": {}},
        {"bookmarks": []},
        {"custom_event": {"replication_key_value": "2026-10-15"}},
        {"custom_event": "2026-10-15"},
        {"singer_state": {"custom_event": "2026-10-15"}},
        {"singer_state": "2026-10-15"},
        {"type": "RECORD", "stream": "users", "record": {}},
        {"streams": []},
    ],
)
def test_what_cannot_be_a_state_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(UnusableStateError, match="The state has"):
        _tap(state)


@pytest.mark.parametrize("entry", ["2026-10-15", None, 3, ["2026-10-15"]])
def test_a_stream_whose_state_is_no_object_is_named(entry: object) -> None:
    with pytest.raises(UnusableStateError, match="The state of the stream custom_event is "):
        _tap({"bookmarks": {"custom_event": entry}})


OF_ANOTHER_TAP = (
    "The state has entries without a `replication_key_value`, which another tap may have left, so these streams are "
    "read from `start_date`: users"
)
FOREIGN: list[tuple[dict[str, Any], str]] = [
    (
        {"orders": {"id": 3}, "invoices": {"id": 4}},
        "The state has bookmarks of streams that this tap does not have, and does not use them: invoices, orders",
    ),
    (
        {"users": {"updatedAt": "2026-10-15"}},
        OF_ANOTHER_TAP,
    ),
    (
        {"users": {"partitions": [{"context": {"listId": 3}, "replication_key_value": "2026-10-15"}]}},
        OF_ANOTHER_TAP,
    ),
    (
        _state("campaigns", "2026-10-15", "updatedAt")["bookmarks"],
        "The state has bookmarks of streams that are read whole each time, and does not use them: campaigns",
    ),
]


@pytest.mark.parametrize(("bookmarks", "told"), FOREIGN)
def test_a_state_of_another_tap_is_told_by_its_streams_and_kept(
    caplog: pytest.LogCaptureFixture, bookmarks: dict[str, Any], told: str
) -> None:
    tap = _tap({"bookmarks": bookmarks})
    assert tap.state == {"bookmarks": bookmarks}
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [told]


def test_a_bookmark_of_a_stream_that_is_not_selected_is_left_as_it_is(tmp_path: Path) -> None:
    with Sandbox(clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC))) as sandbox:
        read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
        output = read("lists", state=_state("custom_event", "soon"))
        assert (output.code, output.state) == (
            0,
            {"bookmarks": {**_state("custom_event", "soon")["bookmarks"], "lists": {}}},
        )


NOW = datetime(2026, 10, 20, tzinfo=UTC)
START = datetime(2026, 8, 1, tzinfo=UTC)
BOOKMARK = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("bookmark", "start", "end", "told"),
    [
        (BOOKMARK, START, None, []),
        (NOW, START, None, []),
        (NOW + MAX_CLOCK_SKEW, START, None, []),
        (NOW + MAX_CLOCK_SKEW * 2, START, None, ["the bookmark is 2026-10-20T00:20:00.000000+00:00, which is in the"]),
        (BOOKMARK, START, BOOKMARK + DAY, []),
        (BOOKMARK, START, BOOKMARK, ["`end_date` is 2026-10-01"]),
        (BOOKMARK, START, BOOKMARK - DAY, ["`end_date` is 2026-09-30"]),
        (BOOKMARK, BOOKMARK, None, []),
        (BOOKMARK, BOOKMARK + DAY, None, ["`start_date` is 2026-10-02"]),
        (NOW + DAY, START, BOOKMARK, ["the bookmark is 2026-10-21", "`end_date` is 2026-10-01"]),
    ],
)  # fmt: skip
def test_what_stays_unread_is_told_with_its_reason(
    bookmark: datetime, start: datetime, end: datetime | None, told: list[str]
) -> None:
    said = list(unread_ranges(bookmark, NOW, start, end))
    assert len(said) == len(told)
    assert all(words.startswith(beginning) for words, beginning in zip(said, told, strict=True))


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["", "Z", "+00:00", " +0000"]))
def test_every_moment_is_read_as_it_was_written_however_long_or_short(value: datetime, zone: str) -> None:
    texts = {
        f"{value:%H:%M}": value.replace(second=0, microsecond=0),
        f"{value:%H%M%S}": value.replace(microsecond=0),
        f"{value:%H:%M:%S.%f}": value,
    }
    for clock, expected in texts.items():
        compact = ":" not in clock
        day = value.date().isoformat().replace("-", "" if compact else "-")
        assert parse_date(f"{day}T{clock}{zone}") == expected
        assert timestamps.to_rfc3339(parse_date(f"{day} {clock}{zone}")) == timestamps.to_rfc3339(expected)


@given(st.text(max_size=30))
def test_a_text_is_a_moment_or_refused(text: str) -> None:
    try:
        assert parse_date(text).tzinfo is not None
    except ValueError:
        return


@pytest.fixture
def read(tmp_path: Path) -> Iterator[TapRun]:
    with Sandbox(clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC))) as sandbox:
        yield TapRun(sandbox.url, sandbox.api_key, tmp_path)


def _asked_from(output: Output) -> str:
    (line,) = (line for line in output.log.splitlines() if "Starting incremental sync" in line)
    return line


@pytest.mark.parametrize("value", ["2026-10-15", "20261015", "2026-10-15T00:00"])
def test_the_command_reads_from_where_the_log_says_it_does(tmp_path: Path, value: str) -> None:
    with Sandbox(clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC)), log_personal_data=True) as sandbox:
        read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
        settings: dict[str, Any] = {"export_mode": "stream", "lookback_minutes": 0, "end_date": "2026-10-16"}
        output = read("custom_event", state=_state("custom_event", value), **settings)
        assert output.code == 0, output.log
        (asked,) = sandbox.requests("GET /api/export/data.json")
    assert "startDateTime=2026-10-15" in str(asked)
    assert "bookmark value: 2026-10-15T00:00:00" in _asked_from(output)
    assert output.bookmark("custom_event") == "2026-10-16T00:00:00.000000+00:00"


def test_the_command_refuses_a_bookmark_that_it_cannot_read_in_a_sentence(read: TapRun) -> None:
    output = read("custom_event", state=_state("custom_event", 17920989))
    assert output.code == 1
    assert "The bookmark of the stream custom_event is 17920989, which is not a moment" in output.log
    assert "Traceback" not in output.log
    assert output.messages == []


@pytest.mark.parametrize(
    ("value", "settings", "told"),
    [
        ("2999-01-01", {}, "custom_event: the bookmark is 2999-01-01T00:00:00.000000+00:00, which is in the future"),
        ("2026-09-20", {"end_date": "2026-09-10"}, "custom_event: `end_date` is 2026-09-10"),
        ("2026-08-20", {"start_date": "2026-09-01"}, "custom_event: `start_date` is 2026-09-01"),
    ],
)
def test_the_command_tells_what_stays_unread(read: TapRun, value: str, settings: dict[str, Any], told: str) -> None:
    output = read("custom_event", state=_state("custom_event", value), **settings)
    assert output.code == 0, output.log
    assert told in output.log


def test_a_stream_that_is_read_whole_by_order_of_the_catalog_has_no_use_for_its_bookmark(
    server: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    export = ExportServer(server, [row(1)])
    with stream_of(export.url, tmp_path) as stream:
        stream.stream_state.update(_state("custom_event", "2999-01-01T00:00:00Z")["bookmarks"]["custom_event"])
        stream.forced_replication_method = "FULL_TABLE"
        assert len(list(stream.get_records(None))) == 1
    assert "in the future" not in caplog.text
