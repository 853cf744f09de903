"""States that no run of this tap has left: each is read, or refused in a sentence, by the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tap_iterable.input.state import UnusableStateError
from tap_iterable.tap import TapIterable
from tests.tap.answering import KEY
from tests.tap.reading import TapRun, selecting

REACHED = "2026-10-15T21:15:00.000000+00:00"


def _state(stream: str, value: object) -> dict[str, Any]:
    return {"bookmarks": {stream: {"replication_key": "createdAt", "replication_key_value": value}}}


@pytest.fixture
def read(tmp_path: Path) -> Iterator[TapRun]:
    with Sandbox(clock=StoppedClock(datetime(2026, 9, 1, tzinfo=UTC))) as sandbox:
        yield TapRun(sandbox.url, sandbox.api_key, tmp_path)


MARK = {"run": "2026-10-01T00:00:00Z", "choice": "x", "done": False, "last_list_id": 3, "missing_list_ids": [1]}
NO_PARTITIONS: list[Any] = ["x", {"a": 1}, ["x"], [{}]]
MISSHAPEN: list[tuple[str, str, Any]] = [
    *(("custom_event", "export_jobs", value) for value in ("x", 3, {"jobId": 3}, ["x"], [None])),
    *(("list_users", "resume", value) for value in ("x", [MARK], {**MARK, "run": 3}, {**MARK, "last_list_id": "3"})),
    *(("list_users", "resume", {**MARK, "missing_list_ids": value}) for value in (None, "1", ["1"])),
    *((stream, "progress_markers", "x") for stream in ("custom_event", "lists", "orders")),
    *(("orders", "partitions", value) for value in NO_PARTITIONS),
    *(("heap_events", "partitions", value) for value in NO_PARTITIONS),
    ("heap_events", "partitions", [{"context": "email_open"}]),
    ("heap_events", "partitions", [{"context": {"event": "email_open"}, "progress_markers": [3]}]),
]


@pytest.mark.parametrize(("stream", "member", "value"), MISSHAPEN)
def test_what_stands_beside_a_bookmark_in_another_form_is_refused_with_its_stream(
    stream: str, member: str, value: object
) -> None:
    with pytest.raises(
        UnusableStateError, match=rf"The state of the stream {stream} has a `.*`.*start anew"
    ) as refused:
        _tap(stream).load_state({"bookmarks": {stream: {member: value}}})
    assert "not an" in str(refused.value) or "not what" in str(refused.value)


@cache
def _tap(stream: str) -> TapIterable:
    shape = {"event_shape": "heap"} if stream == "heap_events" else {}
    config = {"api_key": KEY, "start_date": "2026-08-01", "costly_streams": ["list_users"], **shape}
    catalog = TapIterable(config=config, setup_mapper=False).catalog_dict
    return TapIterable(config=config, catalog=selecting([stream, "channels"], catalog))


def test_what_an_interrupted_run_left_is_taken() -> None:
    part = {"context": {"event": "email_open"}, "replication_key": "time", "replication_key_value": REACHED}
    entries: list[tuple[str, dict[str, Any]]] = [
        ("list_users", {"resume": MARK}),
        ("list_users", {"resume": {**MARK, "done": True, "last_list_id": None}}),
        ("custom_event", {"export_jobs": [{"jobId": 1}]}),
        ("heap_events", {"partitions": [{**part, "export_jobs": []}]}),
    ]
    for stream, entry in entries:
        tap = _tap(stream)
        tap.state["bookmarks"] = {}
        tap.load_state({"bookmarks": {stream: entry}})
        assert tap.state == {"bookmarks": {stream: entry}}


@pytest.mark.parametrize("member", ["partitions", "progress_markers", "export_jobs", "resume"])
def test_a_null_beside_a_bookmark_is_as_good_as_nothing(member: str) -> None:
    state = _state("custom_event", REACHED)
    tap = _tap("custom_event")
    tap.state["bookmarks"] = {}
    tap.load_state({"bookmarks": {"custom_event": {**state["bookmarks"]["custom_event"], member: None}}})
    assert tap.state == state


@pytest.mark.more
@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            {"export_jobs": ["x"]},
            "The state of the stream custom_event has a `export_jobs` that is ['x'], not an array",
        ),
        ({"progress_markers": 3}, "The state of the stream custom_event has a `progress_markers` that is 3, not an"),
        ("2026-09-10", "The state of the stream custom_event is '2026-09-10', not an object"),
        (None, "The state of the stream custom_event is None, not an object"),
    ],
)
def test_the_command_refuses_a_state_of_another_form_in_a_sentence(read: TapRun, entry: object, told: str) -> None:
    output = read("custom_event", state={"bookmarks": {"custom_event": entry}})
    assert (output.code, output.messages) == (1, [])
    assert told in output.log
    assert "start anew: with `--full-refresh`" in output.log
    assert "Traceback" not in output.log


@pytest.mark.more
@pytest.mark.parametrize("state", [None, [], 3, "x"])
def test_the_command_refuses_a_file_that_holds_no_state(read: TapRun, state: object) -> None:
    arguments = read.prepare("custom_event")
    (read.folder / "state.json").write_text(json.dumps(state))
    ended = read._run(*arguments, "--state", "state.json")  # noqa: SLF001 (with a state of its own)
    assert ended.returncode == 2
    assert "Invalid value for '--state': The file must hold a JSON object." in ended.stderr
    assert ended.stdout == ""


def test_the_command_reads_a_bookmark_that_is_an_epoch(read: TapRun) -> None:
    output = read("custom_event", state=_state("custom_event", 1789430400123), end_date="2026-09-20")
    assert output.code == 0, output.log
    assert "with bookmark value: 2026-09-15T00:00:00.000000+00:00" in output.log


def test_a_bookmark_before_all_times_is_read_from_the_start_date(read: TapRun) -> None:
    """Nothing can be looked back for from the year 1."""
    output = read("custom_event", state=_state("custom_event", "0001-01-01"), end_date="2026-08-20")
    assert output.code == 0, output.log
    assert output.bookmark("custom_event") == "2026-08-20T00:00:00.000000+00:00"
    assert "`start_date` is 2026-08-01" in output.log
