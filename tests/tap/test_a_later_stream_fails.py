"""What a stream has brought is kept in the state, whatever happens to the streams after it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox
from tests.tap.reading import TapRun

pytestmark = pytest.mark.more

END = "2026-10-15T00:00:00.000000+00:00"
SETTINGS: dict[str, Any] = {"max_tries": 2, "longest_wait_seconds": 1, "end_date": "2026-10-15"}
EXPORT = "GET /api/export/data.json"
MEMBERS = "GET /api/lists/getUsers"


def _reached(state: dict[str, Any], stream: str) -> object:
    return state["bookmarks"].get(stream, {}).get("replication_key_value")


def _sentence(stream: str) -> str:
    return f"The stream {stream} ends here: state holds all that was read whole, and the next run goes on from there."


def test_the_state_of_a_finished_stream_is_kept_and_the_next_run_goes_on(seeded: Sandbox, read: TapRun) -> None:
    seeded.inject("generic_error", route=EXPORT, where={"dataTypeName": "emailOpen"}, times=None)
    broken = read("custom_event", "email_open", "lists", **SETTINGS)
    assert broken.code == 1
    assert (_reached(broken.state, "custom_event"), _reached(broken.state, "email_open")) == (END, None)
    last = broken.log.splitlines()[-1]
    assert "GET /api/export/data.json answered 500" in last
    assert f"{_sentence('email_open')} docs/troubleshooting.md says what to do about this error." in last
    assert "Traceback" not in broken.log
    seeded.project.faults.clear()
    later = read("custom_event", "email_open", "lists", state=broken.state, **{**SETTINGS, "lookback_minutes": 0})
    whole = read("email_open", **SETTINGS)
    assert later.code == 0, later.log
    assert later.records["custom_event"] == []
    assert broken.records["custom_event"]
    assert later.records["email_open"] == whole.records["email_open"] != []


def test_the_same_holds_of_streams_that_are_read_whole(seeded: Sandbox, read: TapRun) -> None:
    seeded.inject("generic_error", route="GET /api/lists", times=None)
    broken = read("custom_event", "lists", "message_types", **SETTINGS)
    assert broken.code == 1
    assert _reached(broken.state, "custom_event") == END
    assert _sentence("lists") in broken.log.splitlines()[-1]


def test_the_state_of_a_finished_partition_is_kept(seeded: Sandbox, read: TapRun) -> None:
    seeded.inject("generic_error", route=EXPORT, where={"dataTypeName": "emailOpen"}, times=None)
    broken = read("heap_events", event_shape="heap", **SETTINGS)
    parts = {part["context"]["event"]: part for part in broken.state["bookmarks"]["heap_events"]["partitions"]}
    assert broken.code == 1
    assert parts["email_send"]["replication_key_value"] == END
    assert "replication_key_value" not in parts["email_open"]
    assert _sentence("heap_events") in broken.log.splitlines()[-1]


def test_the_mark_of_a_finished_list_is_kept(seeded: Sandbox, read: TapRun) -> None:
    """Iterable takes back the key in the middle, which ends the stream at once."""
    first, second, third = sorted(row.id for row in seeded.store.lists.all())[:3]
    seeded.inject(
        "answer", status=401, body={"code": "BadApiKey"}, route=MEMBERS, where={"listId": str(second)}, times=None
    )
    broken = read("list_users", list_ids=[first, second, third], **SETTINGS)
    mark = broken.state["bookmarks"]["list_users"]["resume"]
    assert broken.code == 1
    assert (mark["done"], mark["last_list_id"]) == (False, first)
    assert "The key may not read the stream list_users" in broken.log.splitlines()[-1]
    seeded.project.faults.clear()
    later = read("list_users", list_ids=[first, second, third], state=broken.state, **SETTINGS)
    assert {row["listId"] for row in later.records["list_users"]} == {second, third}


SIGNALS = [
    (signal.SIGTERM, "email_open", {"route": EXPORT, "where": {"dataTypeName": "emailOpen"}}),
    (signal.SIGINT, "message_types", {"route": "GET /api/messageTypes"}),
]


@pytest.mark.parametrize(("number", "second", "where"), SIGNALS)
def test_a_signal_in_a_later_stream_keeps_the_state_of_the_first(
    seeded: Sandbox, read: TapRun, number: signal.Signals, second: str, where: dict[str, Any]
) -> None:
    fault = seeded.inject("slow", bytes=1, seconds=1, times=None, **where)
    command = [sys.executable, "-m", "tap_iterable.tap", *read.prepare("custom_event", second, **SETTINGS)]
    out, log = read.folder / "out", read.folder / "log"  # files, since nobody reads meanwhile
    with (
        out.open("wb") as to_out,
        log.open("wb") as to_log,
        subprocess.Popen(command, cwd=read.folder, stdout=to_out, stderr=to_log) as process,
    ):
        while not fault.struck:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(60) == 0
    messages = [json.loads(line) for line in out.read_text().splitlines()]
    state = [message["value"] for message in messages if message["type"] == "STATE"][-1]
    assert _reached(state, "custom_event") == END
    assert _reached(state, second) != END
    assert "Traceback" not in log.read_text()
