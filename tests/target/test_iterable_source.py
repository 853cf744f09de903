"""Calls that come from Iterable's own source are not written back into the project."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from iterable_api.events.peer_event_names import PEER_NAMES
from iterable_sandbox.server import Sandbox
from target_iterable.config.setting_error import SettingError
from target_iterable.segment.iterable_source import is_from_iterable
from target_iterable.target import TargetIterable
from tests.tap.reading import TapRun
from tests.target.conftest import Project
from tests.target.loading import stream
from tests.target.segment_calls import ANN, Call, call, row, send, track

OPENED = {"campaignId": 12, "emailId": f"c12:t34:{ANN}", "messageId": "m-9"}
SOURCE = {"traits": {"email": ANN}, "integration": {"name": "Iterable", "version": "1.0.0"}}
OTHERS = {"traits": {"email": ANN}, "integration": {"name": "Sender"}}


def opened(context: Any = None, number: int = 1, **members: Any) -> Call:
    return track("Email Opened", OPENED, context=context or SOURCE, messageId=f"m-{number}", **members)


def written(project: Project) -> list[str]:
    return sorted(event["eventName"] for event in project.holds.events())


def load(project: Project, rows: list[Call], **options: Any) -> dict[str, Any]:
    """Load rows of a table of a warehouse."""
    route = {"object": "segment", "call": "track", **options}
    return dict(project.load(stream("email_opened", rows), streams={"email_opened": route})["email_opened"])


def without_context(made: Call) -> Call:
    return {column: value for column, value in made.items() if not column.startswith("context_")}


NESTED = [
    opened(),
    opened(json.dumps(SOURCE)),
    opened({**SOURCE, "integration": json.dumps(SOURCE["integration"])}),
    opened({**SOURCE, "integration": {"name": " ITERABLE "}}),
    opened({"traits": {"email": ANN}}),
    {**opened({"traits": {"email": ANN}}), "properties": json.dumps(OPENED)},
    {**opened({"traits": {"email": ANN}}), "event": "emailOpen"},
    call("identify", context=SOURCE, traits={"email": ANN}),
]
FLAT = row(track("Email Opened", {"campaign_id": 12}, context=SOURCE))
TABLE = [
    FLAT,
    without_context(FLAT) | {"context_integration": json.dumps(SOURCE["integration"])},
    without_context(FLAT) | {"context_integration": SOURCE["integration"]},
    without_context(FLAT) | {"context": json.dumps(SOURCE)},
    without_context(FLAT) | {"email_id": f"c12:t34:{ANN}"},
]


@pytest.mark.parametrize("sent", NESTED, ids=range(len(NESTED)))
def test_a_call_that_iterable_made_is_passed_over_and_counts_as_unchanged(project: Project, sent: Call) -> None:
    done = send(project, sent)
    assert (done["read"], done["unchanged"], done["written"], done["rejected"]) == (1, 1, 0, 0)
    assert (written(project), project.sandbox.requests("POST /api/events/trackBulk")) == ([], [])


@pytest.mark.parametrize("made", TABLE, ids=range(len(TABLE)))
def test_a_row_of_a_table_of_iterables_source_is_passed_over(project: Project, made: Call) -> None:
    done = load(project, [made])
    assert (done["read"], done["unchanged"], done["written"]) == (1, 1, 0)
    assert written(project) == []


@pytest.mark.parametrize(
    "sent",
    [
        track("Email Opened", {"campaignId": 12}, context=OTHERS),
        track("Email Opened", {"email_id": "another sender's"}, context=OTHERS),
        track("Order Viewed", OPENED, context=OTHERS),
        track("Iterable", {"integration": "Iterable"}, context={"traits": {"email": ANN}, "app": {"name": "Iterable"}}),
        track("Email Opened", None, context=json.dumps(OTHERS)),
    ],
)
def test_events_of_other_senders_are_written_whatever_their_names(project: Project, sent: Call) -> None:
    assert send(project, sent)["written"] == 1
    assert written(project) == [sent["event"]]


def test_the_route_can_have_them_written(project: Project) -> None:
    assert send(project, opened(), iterable_events="write")["written"] == 1
    assert load(project, TABLE[:1], iterable_events="write")["written"] == 1
    assert written(project) == ["Email Opened", "Email Opened"]


def test_what_stands_between_them_is_written_in_its_order(project: Project) -> None:
    carts = [track("Cart Updated", {"products": []}, messageId="c"), track("Seen", messageId="s")]
    done = send(project, opened(), carts[0], opened(number=2), carts[1], opened(number=3))
    assert (done["read"], done["unchanged"], done["written"], done["rejected"]) == (5, 3, 2, 0)
    assert written(project) == ["Seen"]


def test_the_log_says_it_once_with_the_stream_and_the_option(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    load(project, [FLAT | {"id": str(number)} for number in range(50)])
    (message,) = [text for text in caplog.messages if "come from Iterable itself" in text]
    assert "'email_opened'" in message
    assert "`iterable_events: write`" in message
    assert ANN not in message


def test_a_rejected_record_that_is_replayed_is_passed_over_like_all_others(project: Project) -> None:
    nameless = {**row(track("", {}, context=SOURCE)), "event": None, "event_text": None}
    route = {"email_opened": {"object": "segment", "call": "track", "iterable_events": "write"}}
    project.load(stream("email_opened", [nameless]), streams=route)
    (file,) = project.load.rejects_directory.glob("*.singer")
    lines = [line for line in file.read_text().splitlines() if json.loads(line)["type"] != "STATE"]
    route["email_opened"].pop("iterable_events")
    done = project.load(lines, streams=route)["email_opened"]
    assert (done["unchanged"], done["rejected"]) == (1, 0)


def test_a_word_that_the_option_does_not_know_is_refused_at_the_start() -> None:
    route = {"segment": {"object": "segment", "iterable_events": "maybe"}}
    with pytest.raises(SettingError, match=r"streams\.segment\.iterable_events.*`skip`, the default, or `write`"):
        TargetIterable(config={"api_key": "k", "streams": route}).listen(io.StringIO(""))


@pytest.mark.parametrize("context", [7, [], "", "{", "Iterable", {"integration": "Iterable?"}, {"integration": [1]}])
def test_a_context_of_another_form_says_nothing(context: Any) -> None:
    before = {"context": context, "event": ["Email Opened"], "email_id": 7, "properties": "Iterable"}
    made = dict(before)
    assert not is_from_iterable(made)
    assert made == before


def test_what_the_tap_writes_in_segments_shape_does_not_come_back(
    project: Project, seeded_database: Path, tmp_path: Path
) -> None:
    with Sandbox(database=str(seeded_database)) as there:
        said = TapRun(there.url, there.api_key, tmp_path)("email_opened", "tracks", "subscribed", event_shape="segment")
    assert said.code == 0
    lines = [json.dumps(message) for message in said.messages if message["type"] != "STATE"]
    route = {"object": "segment", "call": "track"}
    done = project.load(lines, streams={"*": route})
    counts = {name: (entry["unchanged"], entry["written"], entry["rejected"]) for name, entry in done.items()}
    assert counts == {name: (len(rows), 0, 0) for name, rows in said.records.items()}
    assert all(said.records[table] for table in ("email_opened", "tracks", "subscribed"))
    assert written(project) == []


def test_each_event_of_iterables_source_is_known_by_its_name_and_the_id_of_its_message() -> None:
    names = {name for data_type, peers in PEER_NAMES.items() for name in (data_type, peers.segment) if name}
    assert [name for name in names if not is_from_iterable({"event": name, "email_id": f"c1:t2:{ANN}"})] == []
    assert [name for name in names if is_from_iterable({"event": name})] == []
