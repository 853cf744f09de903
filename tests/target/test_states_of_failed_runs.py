"""A run that fails has emitted the state of everything that was delivered whole, in the text in which it came."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.delivery.errors import DeliveryFailedError, TooManyRejectsError
from tests.target.conftest import Project
from tests.target.loading import Message, stream
from tests.target.test_command_line import COMMAND, settings

USERS = stream("users", [{"email": f"{n}@example.com"} for n in range(3)])
NUMBERS = [
    "1.0",
    "12345678901234567890",
    "0.1000000000000000055",
    "1e400",
    "-0.0",
    "1E+2",
    "9" * 5000,
    '"\\u00e9\\/"',
    '{"b": 1.10, "a": {"c": [1e-7]}}',
]


def state(value: Any) -> Message:
    return {"type": "STATE", "value": {"position": value}}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"type": "SCHEMA", "stream": "events", "schema": ', "not JSON"),
        ('{"type": "SCHEMA", "stream": "events", "schema": {"properties": {"a": {"type": 5}}}}', "'events'"),
        ('{"type": "RECORD", "stream": "nobody", "record": {}}', "'nobody'"),
        ('{"type": "BATCH", "stream": "users", "manifest": []}', "no encoding"),
    ],
)
def test_what_came_before_a_line_that_ends_the_run_is_delivered_with_its_state(
    project: Project, line: str, error: str
) -> None:
    with pytest.raises(Exception, match=error):
        project.load([*USERS, state(1), line, state(2)])
    assert project.load.streams["users"]["written"] == 3
    assert project.load.states == [{"position": 1}]


def test_a_stream_that_is_delivered_whole_keeps_its_state_when_a_later_one_fails(project: Project) -> None:
    events = stream("events", [{"email": "0@example.com", "eventName": "seen"}])
    project.sandbox.inject(
        "answer", route="POST /api/events/trackBulk", status=403, body={"code": "Forbidden", "msg": "no"}
    )
    with pytest.raises(DeliveryFailedError):
        project.load([*USERS, state("users"), *events, state("both")])
    assert project.load.states == [{"position": "users"}]


def test_a_stream_that_fails_holds_back_the_state_of_those_after_it(project: Project) -> None:
    events = stream("events", [{"email": "0@example.com", "eventName": "seen"}])
    with pytest.raises(TooManyRejectsError):
        project.load([*stream("users", [{"email": "nobody"}]), state(1), *events, state(2)], max_rejects="0")
    assert project.load.states == []


def test_records_of_two_streams_in_turn_hold_state_at_the_first_that_is_not_delivered(project: Project) -> None:
    schema, *events = stream("events", [{"email": "0@example.com", "eventName": "seen"}] * 2)
    project.sandbox.inject(
        "answer", route="POST /api/events/trackBulk", status=403, body={"code": "Forbidden", "msg": "no"}
    )
    with pytest.raises(DeliveryFailedError):
        project.load([*USERS, state(1), schema, state(2), events[0], state(3), USERS[1], state(4), events[1]])
    assert project.load.states == [{"position": 2}]


def test_a_dry_run_that_fails_emits_none(project: Project) -> None:
    with pytest.raises(InvalidInputLine):
        project.load([*USERS, state(1), '{"type": "SCHEMA"'], dry_run=True)
    assert project.load.states == []


@pytest.mark.parametrize("number", NUMBERS)
def test_state_comes_out_in_the_text_in_which_it_came(project: Project, tmp_path: Path, number: str) -> None:
    value = f'{{"bookmarks": {{"users": {{"replication_key_value": {number}}}}}, "x":[ 1 ]}}'
    config = settings(tmp_path, api_key=project.sandbox.api_key, api_url=project.sandbox.url, enforce_rate_limits=False)
    given = "".join(json.dumps(message) + "\n" for message in USERS) + f'{{"type": "STATE", "value": {value}}}\n'
    ended = subprocess.run([COMMAND, "--config", config], input=given, capture_output=True, text=True, check=True)
    assert ended.stdout == value + "\n"
