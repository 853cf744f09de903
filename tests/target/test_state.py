"""State moves on with the deliveries, never past a record without a verdict, and survives signals and kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from target_iterable.delivery import run_delivery
from tests.target.conftest import NewProject, Project
from tests.target.interrupting import Interrupting, Moment
from tests.target.loading import STATE, Message, stream
from tests.target.test_command_line import COMMAND, settings


def state(position: int) -> Message:
    return {"type": "STATE", "value": {"position": position}}


def test_state_moves_along_during_a_long_run_also_beside_idle_streams(project: Project) -> None:
    idle = stream("list_members", [{"email": "idle@example.com", "list": "VIP"}])
    schema, *records = stream("users", [{"email": f"{n}@example.com"} for n in range(195)])
    busy = [message for n, record in enumerate(records, 1) for message in (record, state(n))]
    project.load([*idle, schema, *busy], max_batch_rows=2)
    positions = [value["position"] for value in project.load.states[:-1]]
    assert len(positions) >= 9
    assert positions == sorted(positions)
    assert project.load.states[-1] == STATE
    assert project.holds.members("VIP") == {"idle@example.com"}


def test_state_moves_with_time_where_little_comes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_delivery, "MAX_STATE_AGE_SECONDS", 0)
    schema, *records = stream("users", [{"email": f"{n}@example.com"} for n in range(3)])
    project.load([schema, *(message for n, record in enumerate(records, 1) for message in (record, state(n)))])
    positions = {value.get("position") for value in project.load.states}
    assert {1, 2, 3} <= positions


@pytest.mark.parametrize(
    ("route", "positions"),
    [({"object": "user_unforgets"}, [14, 29, 40]), ({"object": "users", "mode": "update"}, [40]), ({}, [40])],
)
def test_state_moves_along_where_iterable_takes_few_records_in_a_second(
    project: Project, route: dict[str, Any], positions: list[int]
) -> None:
    schema, *records = stream("users", [{"email": f"{n}@example.com"} for n in range(40)])
    numbered = [message for n, record in enumerate(records, 1) for message in (record, state(n))]
    project.load.cut_off([schema, *numbered], streams={"users": route})
    assert [position["position"] for position in project.load.states] == positions


def test_decimals_in_state_are_written_as_they_came(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_delivery, "MAX_STATE_AGE_SECONDS", 0)
    value = {"bookmarks": {"users": {"replication_key_value": 1.5}}}
    project.load([*stream("users", [{"email": "a@example.com"}]), {"type": "STATE", "value": value}])
    assert value in project.load.states


def work() -> list[Message]:
    """Records of every object, the same users again and again, and state behind each of them."""
    people = [f"{n}@example.com" for n in range(7)]
    streams = {
        "users": [{"email": people[n % 7], "round": n} for n in range(60)],
        "events": [{"email": people[n % 5], "eventName": "seen", "number": n} for n in range(60)],
        "list_members": [{"email": people[n % 7], "list": f"L{n % 2}", f"left{n % 2}": n} for n in range(20)],
        "catalog_items": [{"catalogName": "Things", "itemId": str(n % 9), "price": n} for n in range(20)],
    }
    schemas = [stream(name, records)[0] for name, records in streams.items()]
    records = [message for name, rows in streams.items() for message in stream(name, rows)[1:]]
    Random(5).shuffle(records)  # noqa: S311 (an order, not a secret)
    numbered = [message for n, record in enumerate(records, 1) for message in (record, state(n))]
    return [*schemas, *numbered]


def run(target: str, tmp_path: Path, project: Project, position: int = 0, **more: Any) -> tuple[int, int]:
    """Run on what is behind `position`; the exit code, and the position that state has reached."""
    given = work()
    config = settings(
        tmp_path,
        api_key=project.sandbox.api_key,
        api_url=target,
        enforce_rate_limits=False,
        max_batch_rows=2,
        rejects_path=str(tmp_path / "rejects"),
        **more,
    )
    code, out = Interrupting.run([COMMAND, "--config", config], [*given[:4], *given[4 + 2 * position :]])
    states = [json.loads(line)["position"] for line in out.splitlines()]
    return code, max(states, default=position)


def contents(project: Project) -> dict[str, Any]:
    """What the project holds, without the times at which it came."""
    events = project.holds.events()
    return {
        "users": {n: _own(project.holds.user(email=f"{n}@example.com"), "round", "left0", "left1") for n in range(7)},
        "events": [_own(event, "id", "email", "eventName", "number") for event in events],
        "lists": {name: project.holds.members(name) for name in ("L0", "L1")},
        "items": project.holds.items("Things"),
    }


def _own(line: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: line.get(name) for name in names}


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Any]:
    """Filled by the first test that needs it."""
    return {}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("moment", Moment)
def test_an_interrupted_run_and_the_next_leave_what_one_run_would(
    new_project: NewProject, tmp_path: Path, undisturbed: dict[str, Any], number: signal.Signals, moment: Moment
) -> None:
    if not undisturbed:
        project = new_project()
        assert run(project.sandbox.url, tmp_path, project) == (0, 160)
        undisturbed |= contents(project)
    project = new_project()
    strike = Random(f"{number} {moment}").randint(1, 40)  # noqa: S311 (a choice, not a secret)
    with Interrupting.proxy(project.sandbox.url, strike, moment, number) as proxy:
        code, position = run(proxy, tmp_path, project)
    # On a busy machine, what was read may take longer to deliver than a signal leaves time for.
    assert code in ((0, 1) if number is signal.SIGTERM else (-signal.SIGKILL,))
    assert position < 160
    assert run(project.sandbox.url, tmp_path, project, position) == (0, 160)
    assert contents(project) == undisturbed


@pytest.mark.more
def test_runs_that_are_killed_again_and_again_end_where_one_run_would(
    new_project: NewProject, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    """Also with a ledger, which must not take for accepted what a kill has cut off."""
    if not undisturbed:
        project = new_project()
        assert run(project.sandbox.url, tmp_path, project) == (0, 160)
        undisturbed |= contents(project)
    project, random = new_project(), Random(11)  # noqa: S311 (choices, not secrets)
    skipping = {name: {"skip_unchanged": True} for name in ("users", "list_members", "catalog_items")}
    options = {"ledger": str(tmp_path / "ledger.db"), "streams": skipping}
    position = kills = 0
    while position < 160:
        strike, moment = random.randint(15, 35), random.choice(list(Moment))
        with Interrupting.proxy(project.sandbox.url, strike, moment, signal.SIGKILL) as proxy:
            code, position = run(proxy, tmp_path, project, position, **options)
        kills += code == -signal.SIGKILL
    assert kills > 1
    assert contents(project) == undisturbed


def test_a_signal_ends_the_wait_for_input_and_what_was_read_is_delivered(tmp_path: Path, project: Project) -> None:
    config = settings(tmp_path, api_key=project.sandbox.api_key, api_url=project.sandbox.url, max_batch_rows=1)
    schema, *records = stream("users", [{"email": f"{n}@example.com"} for n in range(15)])
    lines = [schema, *(message for n, record in enumerate(records, 1) for message in (record, state(n)))]
    with subprocess.Popen(
        [COMMAND, "--config", config], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
        process.stdin.flush()
        assert process.stdout.readline()
        # The input stays open: without the signal the target would wait for ever.
        os.kill(process.pid, signal.SIGTERM)
        states = [json.loads(line)["position"] for line in process.stdout]
        assert process.wait(60) == 0
    assert all(project.holds.exists(f"{n}@example.com") for n in range(max(states)))
