"""Effects that must happen once per idempotency key."""

from __future__ import annotations

import dataclasses
import json
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from target_iterable.config.route import ObjectSpec
from target_iterable.config.setting_error import SettingError
from target_iterable.config.settings import SETTINGS
from target_iterable.core.operation import Operation, single_row_endpoint
from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.ledger.idempotency_keys import IdempotencyStore
from target_iterable.ledger.opening import open_ledger
from target_iterable.objects.registry import OBJECTS
from target_iterable.objects.users.privacy import UserUnforgets
from target_iterable.records.column_mapping import Row
from target_iterable.requests.bulk_response import all_written
from tests.target.conftest import NewProject, Project
from tests.target.interrupting import Interrupting, Moment
from tests.target.loading import Message, stream
from tests.target.test_command_line import settings as settings_file

ANN, BOB = "ann@example.com", "bob@example.com"
UNFORGET = "POST /api/users/unforget"
GREET = "POST /api/events/track"


GREETING = dataclasses.replace(single_row_endpoint("/api/events/track", all_written), repeatable=False)


class Greetings(UserUnforgets):
    """An action that would do harm twice: each is an event without an id."""

    spec = ObjectSpec(
        "greetings",
        streams=("greetings",),
        modes=("send",),
        describes_state=False,
        once_per_key=True,
        endpoints=(GREETING,),
    )

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        text = json.dumps({"email": row["email"], "eventName": row.get("greeting", "hello")}).encode()
        return replace(super().operation(row, key), endpoint=GREETING, part=text)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the ledger is by default. Failures are not tried again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(OBJECTS, "greetings", Greetings)
    monkeypatch.setitem(SETTINGS["properties"]["max_tries"], "default", 1)
    return tmp_path


def unforgets(*records: dict[str, Any], key: Sequence[str] = ()) -> list[Message]:
    return stream("user_unforgets", records, key)


def greetings(*people: str | None, key: Sequence[str] = (), **columns: Any) -> list[Message]:
    return stream("greetings", [{"email": who, **columns} for who in people], key)


def counts(summary: dict[str, Any], *names: str) -> tuple[int, ...]:
    (numbers,) = summary.values()
    return tuple(numbers[name] for name in names or ("written", "unchanged", "rejected", "unsent", "requests"))


def test_what_was_accepted_is_not_sent_again_whatever_the_record_says(project: Project) -> None:
    first = project.load(unforgets({"email": ANN, "why": "she asked"}, {"email": BOB}))
    assert counts(first) == (2, 0, 0, 0, 2)
    second = project.load(unforgets({"email": ANN.upper(), "why": "again"}, {"email": "new@example.com"}))
    assert counts(second) == (1, 1, 0, 0, 1)


def test_the_key_of_the_stream_says_what_is_the_same(project: Project) -> None:
    def requests(*ids: object) -> list[Message]:
        return unforgets(*({"email": ANN, "id": id_} for id_ in ids), key=["id"])

    assert counts(project.load(requests(1, 2, "1", 1.0))) == (2, 2, 0, 0, 2)
    assert counts(project.load(requests(3, 2, None))) == (1, 1, 1, 0, 1)


def test_an_action_takes_users_away_from_the_forgotten(project: Project) -> None:
    project.holds.client.post_json("/api/users/forget", {"email": ANN})
    project.load(unforgets({"email": ANN}))
    project.load(stream("users", [{"email": ANN}]))
    assert project.holds.exists(ANN)


def test_a_project_that_forgets_by_address_refuses_others(project: Project) -> None:
    assert counts(project.load(unforgets({"userId": "u-1"}, {"userId": "u-2", "email": ANN}))) == (1, 0, 1, 0, 1)


@pytest.mark.parametrize("rows", [unforgets({"email": ANN}), greetings(ANN)], ids=["harmless", "at most once"])
def test_a_refused_action_is_tried_again(project: Project, rows: list[Message]) -> None:
    for path in (UNFORGET, GREET):
        project.sandbox.inject(route=path, fault="answer", status=400, times=2)
    for expected in ((0, 0, 1, 0, 1), (0, 0, 1, 0, 1), (1, 0, 0, 0, 1), (0, 1, 0, 0, 0)):
        assert counts(project.load(rows)) == expected


@pytest.mark.parametrize("rows", [unforgets({"email": ANN}), greetings(ANN)], ids=["harmless", "at most once"])
def test_a_second_record_of_a_run_is_sent_only_if_the_first_was_refused(project: Project, rows: list[Message]) -> None:
    schema, record = rows
    for path in (UNFORGET, GREET):
        project.sandbox.inject(route=path, fault="answer", status=400, times=1)
    assert counts(project.load([schema, record, record, record, record])) == (1, 2, 1, 0, 2)


def test_what_happens_at_most_once_happens_in_the_order_of_each_person(new_project: NewProject) -> None:
    project = new_project(log_personal_data=True)
    rows = stream("greetings", [{"email": ANN, "id": n // 2, "greeting": f"{n}"} for n in range(6)], ["id"])
    assert counts(project.load(rows)) == (3, 3, 0, 0, 3)
    sent = [json.loads(entry.body or "")["eventName"] for entry in project.sandbox.requests(GREET)]
    assert sent == ["0", "2", "4"]


@pytest.mark.parametrize("fault", [{"fault": "reset_after"}, {"fault": "generic_error"}, {"fault": "cut", "bytes": 3}])
def test_when_the_answer_is_lost_nothing_is_sent_again_unless_it_is_asked_for(
    project: Project, fault: dict[str, Any]
) -> None:
    project.sandbox.inject(route=GREET, times=1, **fault)
    assert counts(project.load(greetings(ANN, ANN)), "rejected", "requests") == (2, 1)
    again = project.load(greetings(ANN, BOB))
    assert counts(again) == (1, 0, 1, 0, 1)
    assert again["greetings"]["reasons"] == {"unconfirmed": 1}
    assert "`on_unconfirmed`" in rejected(project)
    sending = {"greetings": {"on_unconfirmed": "send"}}
    assert counts(project.load(greetings(ANN, ANN, BOB), streams=sending)) == (1, 2, 0, 0, 1)
    assert counts(project.load(greetings(ANN))) == (0, 1, 0, 0, 0)


def test_what_is_unclear_in_this_run_is_not_sent_again_in_it(project: Project) -> None:
    project.sandbox.inject(route=GREET, fault="reset_after", times=1)
    sending = {"greetings": {"on_unconfirmed": "send"}}
    assert counts(project.load(greetings(ANN, ANN), streams=sending)) == (0, 0, 2, 0, 1)


def test_a_connection_that_was_never_made_leaves_nothing_unclear(project: Project) -> None:
    with suppress(DeliveryFailedError):
        project.load(greetings(ANN), api_url="http://127.0.0.1:9")
    assert counts(project.load(greetings(ANN))) == (1, 0, 0, 0, 1)


def test_a_key_that_is_refused_leaves_nothing_unclear(project: Project) -> None:
    with pytest.raises(DeliveryFailedError):
        project.load(greetings(ANN, BOB), api_key="another")
    with closing(sqlite3.connect("ledger.db")) as database:
        assert database.execute("SELECT count(*) FROM iterable_happenings").fetchall() == [(0,)]


def rejected(project: Project) -> str:
    """The reasons in all files of rejects."""
    files = project.load.rejects_directory.glob("*.singer")
    lines = [line for file in files for line in file.read_text().splitlines()]
    return "\n".join(message["reject"]["reason"] for message in map(json.loads, lines) if "reject" in message)


PROGRAM = """
import sys
from tests.target.test_idempotency import Greetings
from target_iterable.objects.registry import OBJECTS
from target_iterable.target import TargetIterable
from target_iterable.config.settings import SETTINGS
OBJECTS["greetings"] = Greetings
TargetIterable.cli()
"""


def killed(project: Project, folder: Path, rows: list[Message], strike: int, moment: Moment) -> None:
    """A run that dies at request number `strike`."""
    with Interrupting.proxy(project.sandbox.url, strike, moment, signal.SIGKILL) as proxy:
        config = settings_file(folder, api_key=project.sandbox.api_key, api_url=proxy, max_in_flight=1)
        command = [sys.executable, "-c", PROGRAM, "--config", config]
        code, _ = Interrupting.run(command, rows, PYTHONPATH=str(Path(__file__).parents[2]))
    assert code == -signal.SIGKILL


@pytest.mark.parametrize("moment", Moment)
def test_after_a_kill_only_what_was_on_its_way_is_unclear(project: Project, folder: Path, moment: Moment) -> None:
    people = [f"{n}@example.com" for n in range(5)]
    killed(project, folder, greetings(*people), 3, moment)
    assert counts(project.load(greetings(*people))) == (2, 2, 1, 0, 2)
    events = [event["email"] for event in project.holds.events()]
    assert len(events) == len(set(events)) == (5 if moment is Moment.AFTER else 4)


def test_of_two_who_begin_at_the_same_time_one_goes_on(database: str) -> None:
    ledgers = [open_ledger(database, "secret") for _ in range(2)]
    first, second = map(IdempotencyStore, ledgers)
    keys = [first.key("greeting", str(n)) for n in range(4)]
    assert first.reserve(keys[:2]) == set(keys[:2])
    assert second.reserve(keys[1:3]) == {keys[2]}
    second.release(keys)
    first.complete([keys[0], keys[3]])
    assert second.read(keys) == {keys[0]: True, keys[1]: False, keys[3]: True}
    second.expire_foreign(keys)
    assert second.read(keys) == {keys[0]: True, keys[3]: True}
    for ledger in ledgers:
        ledger.close()


def test_a_dry_run_plans_only_what_has_not_happened_and_keeps_nothing(project: Project, folder: Path) -> None:
    planning = {"dry_run": True, "dry_run_path": str(folder / "plan")}
    project.load(unforgets({"email": ANN}))
    for _ in range(2):
        planned = project.load(unforgets({"email": ANN}, {"email": BOB}, {"email": BOB}), **planning)
        assert counts(planned) == (1, 2, 0, 0, 1)
        assert counts(project.load(greetings(ANN, ANN), **planning)) == (1, 1, 0, 0, 1)
    assert counts(project.load(greetings(ANN))) == (1, 0, 0, 0, 1)


def test_a_route_to_actions_asks_for_the_ledger_at_the_start(project: Project) -> None:
    with pytest.raises(SettingError, match="`ledger` cannot be written: No such file"):
        project.load([], streams={"asked": {"object": "user_unforgets"}}, ledger="/no/such/place/ledger.db")
