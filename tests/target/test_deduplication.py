"""`skip_unchanged`: records that equal the last accepted ones are not sent again, and all others are."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from target_iterable.config.setting_error import SettingError
from target_iterable.config.settings import SETTINGS
from target_iterable.core.operation import EMPTY_ENVELOPE, Batch, BatchResult, Operation, RowResults
from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.ledger import deduplicator
from target_iterable.ledger.errors import LedgerError
from target_iterable.ledger.opening import open_ledger
from tests.target.bulk_server import ENDPOINT
from tests.target.conftest import Project
from tests.target.interrupting import Interrupting, Moment
from tests.target.loading import STATE, Contents, Loader, Message, stream
from tests.target.test_command_line import COMMAND
from tests.target.test_command_line import settings as settings_file

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture(autouse=True, scope="module")
def _one_try() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SETTINGS["properties"]["max_tries"], "default", 1)
        yield


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the ledger is by default."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def skipping(*streams: str, **more: Any) -> dict[str, Any]:
    return {name: {"skip_unchanged": True, **more} for name in streams}


def plan(who: str, name: str) -> dict[str, str]:
    return {"email": who, "plan": name}


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("users", [plan(ANN, "paid"), plan(BOB, "free")]),
        (
            "list_members",
            [{"email": ANN, "list": "VIP"}, {"email": ANN, "list": "VIP 2"}, {"email": BOB, "list": "VIP"}],
        ),
        ("catalog_items", [{"catalogName": "Things", "itemId": "1", "price": 1}, {"catalogName": "T", "itemId": "1"}]),
    ],
)
def test_a_second_run_sends_nothing_and_state_moves(
    project: Project, name: str, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    first = project.load(stream(name, rows), streams=skipping(name))[name]
    assert (first["written"], first["unchanged"]) == (len(rows), 0)
    second = project.load(stream(name, rows), streams=skipping(name))[name]
    assert {count: second[count] for count in ("read", "written", "unchanged", "rejected", "unsent", "requests")} == {
        "read": len(rows),
        "written": 0,
        "unchanged": len(rows),
        "rejected": 0,
        "unsent": 0,
        "requests": 0,
    }
    assert project.load.states[-1] == STATE
    header, row = (line.split() for line in capsys.readouterr().err.splitlines()[-2:])
    assert dict(zip(header, row, strict=True))["unchanged"] == str(len(rows))


def test_only_what_is_new_is_sent(project: Project) -> None:
    project.load(stream("users", [plan(ANN, "paid"), plan(BOB, "free")]), streams=skipping("users"))
    users = project.load(stream("users", [plan(ANN, "paid"), plan(BOB, "paid")]), streams=skipping("users"))["users"]
    assert (users["written"], users["unchanged"]) == (1, 1)
    assert project.holds.user(email=BOB)["plan"] == "paid"


@pytest.mark.parametrize("rows", [1, 1000])
def test_there_and_back_again_is_sent_whole(project: Project, rows: int) -> None:
    project.load(stream("users", [plan(ANN, "A")]), streams=skipping("users"))
    moves = [plan(ANN, "A"), *[plan(ANN, "B"), plan(ANN, "A")] * 8]
    users = project.load(stream("users", moves), streams=skipping("users"), max_batch_rows=rows)["users"]
    assert project.holds.user(email=ANN)["plan"] == "A"
    assert (users["written"], users["unchanged"]) == (16, 1)


def test_without_the_option_everything_is_sent_and_there_is_no_ledger(project: Project, folder: Path) -> None:
    for _ in range(2):
        assert project.load(stream("users", [plan(ANN, "A")]))["users"]["written"] == 1
    assert not (folder / "ledger.db").exists()


def test_what_was_rejected_is_not_taken_for_accepted(project: Project) -> None:
    project.load(stream("users", [{"email": ANN, "age": 1}]), streams=skipping("users"))
    for _ in range(2):
        users = project.load(stream("users", [{"email": ANN, "age": "a text"}]), streams=skipping("users"))["users"]
        assert (users["rejected"], users["unchanged"]) == (1, 0)


def test_a_record_whose_fields_were_dropped_is_sent_again(project: Project) -> None:
    for _ in range(2):
        rows = stream("users", [plan(ANN, "paid")])
        users = project.load(rows, streams=skipping("users"), create_new_fields="false")["users"]
        assert (users["written"], users["dropped_fields"]) == (1, ["plan"])


def test_who_left_a_list_and_comes_again_is_put_in_again(project: Project) -> None:
    routes = {
        "joined": {"object": "list_members", "list": "VIP", "skip_unchanged": True},
        "left": {"object": "list_members", "list": "VIP", "mode": "remove"},
    }
    for name in ("joined", "left", "joined"):
        assert project.load(stream(name, [{"email": ANN}]), streams=routes)[name]["written"] == 1
    assert project.holds.members("VIP") == {ANN}


def test_a_catalog_that_was_removed_is_filled_again(project: Project) -> None:
    rows = stream("catalog_items", [{"catalogName": "Things", "itemId": str(n), "price": n} for n in range(3)])
    project.load(rows, streams=skipping("catalog_items"))
    project.holds.client.request("DELETE", "/api/catalogs/{catalogName}", path_params={"catalogName": "Things"})
    assert project.load(rows, streams=skipping("catalog_items"))["catalog_items"]["written"] == 3
    assert project.holds.items("Things").keys() == {"0", "1", "2"}


def test_a_profile_field_of_a_known_user_by_another_name_is_not_overlooked(project: Project) -> None:
    """Each name of a user must be known with the same content."""
    both, by_email = {"email": ANN, "userId": "u-1", "plan": "A"}, {"email": ANN, "plan": "B"}
    for record in (both, by_email, both):
        assert project.load(stream("users", [record]), streams=skipping("users"))["users"]["written"] == 1
    assert project.holds.user(email=ANN)["plan"] == "A"


def test_an_answer_that_got_lost_leaves_no_trace_of_what_was_accepted_before_it(project: Project) -> None:
    project.sandbox.inject(route="POST *", fault="reset_after", every=2)
    with pytest.raises(DeliveryFailedError):
        project.load(stream("users", [plan(ANN, "A"), plan(ANN, "B")]), streams=skipping("users"))
    assert project.holds.user(email=ANN)["plan"] == "B"
    project.load(stream("users", [plan(ANN, "A")]), streams=skipping("users"))
    assert project.holds.user(email=ANN)["plan"] == "A"


@pytest.mark.parametrize("fault", [{"fault": "reset_before"}, {"fault": "reset_after"}, {"fault": "generic_error"}])
def test_what_was_there_before_a_run_that_broke_is_not_taken_for_granted(
    project: Project, fault: dict[str, Any]
) -> None:
    project.load(stream("users", [plan(ANN, "A")]), streams=skipping("users"))
    project.sandbox.inject(route="POST *", **fault)
    with pytest.raises(DeliveryFailedError):
        project.load(stream("users", [plan(ANN, "B")]), streams=skipping("users"))
    project.load(stream("users", [plan(ANN, "A")]), streams=skipping("users"))
    assert project.holds.user(email=ANN)["plan"] == "A"


def test_a_kill_between_iterables_answer_and_the_ledger_costs_a_request_and_no_update(
    project: Project, folder: Path
) -> None:
    project.load(stream("users", [plan(ANN, "A")]), streams=skipping("users"))
    with Interrupting.proxy(project.sandbox.url, 2, Moment.AFTER, signal.SIGKILL) as proxy:
        config = {"api_key": project.sandbox.api_key, "api_url": proxy, "streams": skipping("users")}
        command = [COMMAND, "--config", settings_file(folder, **config)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            Interrupting.prey = process.pid
            process.communicate("\n".join(map(json.dumps, stream("users", [plan(ANN, "B")]))))
    assert process.returncode == -signal.SIGKILL
    assert project.holds.user(email=ANN)["plan"] == "B"
    project.load(stream("users", [plan(ANN, "A")]), streams=skipping("users"))
    assert project.holds.user(email=ANN)["plan"] == "A"


def test_a_kill_in_the_middle_of_much_leaves_what_was_accepted_before(project: Project, folder: Path) -> None:
    rows = stream("users", [plan(f"{n}@example.com", "A") for n in range(3000)])
    options = {"streams": skipping("users"), "max_batch_rows": 1000, "max_in_flight": 1}
    with Interrupting.proxy(project.sandbox.url, 4, Moment.BEFORE, signal.SIGKILL) as proxy:
        config = {"api_key": project.sandbox.api_key, "api_url": proxy, "enforce_rate_limits": False, **options}
        with subprocess.Popen(
            [COMMAND, "--config", settings_file(folder, **config)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            Interrupting.prey = process.pid
            process.communicate("\n".join(map(json.dumps, rows)))
    assert process.returncode == -signal.SIGKILL
    users = project.load(rows, **options)["users"]
    assert (users["unchanged"], users["written"]) == (2000, 1000)


def test_what_is_sent_again_in_one_go_stays_claimed_until_its_last_was_accepted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if a kill comes when something else has been brought to the disk."""
    monkeypatch.setattr(deduplicator, "_COMMIT_KEYS", 1)
    names = [(("email", who),) for who in (ANN, BOB)]
    said = [(names[0], b"A"), (names[1], b"A"), (names[0], b"B")]
    rows = [Operation(ENDPOINT, part, who, dedup_scope="users") for who, part in said]
    ledger = open_ledger(str(folder / "ledger.db"), "secret")
    killed = deduplicator.Deduplicator(ledger)
    killed.unchanged(rows)
    for row in rows[:2]:
        batch = Batch(ENDPOINT, EMPTY_ENVELOPE)
        batch.add(row)
        killed.record(BatchResult(batch, RowResults(written=[row])))
    assert deduplicator.Deduplicator(ledger).unchanged(rows[:2]) == {rows[1]}
    ledger.close()


def test_the_ledger_holds_nothing_of_people(project: Project, folder: Path) -> None:
    project.load(stream("users", [plan(ANN, "paid")]), streams=skipping("users"))
    content = (folder / "ledger.db").read_bytes()
    assert not [text for text in (ANN, "ann", "paid", project.sandbox.api_key) if text.encode() in content]


def test_a_ledger_that_cannot_be_used_is_refused_by_name(project: Project) -> None:
    with pytest.raises(SettingError, match="`ledger` cannot be written: No such file"):
        project.load([], streams=skipping("users"), ledger="/no/such/place/ledger.db")


def test_without_a_working_ledger_nothing_is_sent_and_state_stays(project: Project, folder: Path) -> None:
    project.load([], streams=skipping("users"))
    with closing(sqlite3.connect(folder / "ledger.db")) as database:
        database.execute("ALTER TABLE iterable_ledger RENAME COLUMN content TO something_else")
    with pytest.raises(LedgerError, match="`ledger` cannot be used"):
        project.load(stream("users", [plan(ANN, "A")]), streams=skipping("users"))
    assert project.load.states == []
    assert not project.holds.exists(ANN)


def test_a_dry_run_plans_only_what_is_new_and_leaves_the_ledger_alone(project: Project, folder: Path) -> None:
    options: dict[str, Any] = {"streams": skipping("users"), "max_batch_rows": 1}
    planning = {"dry_run": True, "dry_run_path": str(folder / "plan")}
    project.load(stream("users", [plan(ANN, "A"), plan(BOB, "A")]), **options)
    changed = stream("users", [plan(ANN, "A"), plan(BOB, "B"), *[plan(BOB, "A"), plan(BOB, "B")] * 9])
    ledger = (folder / "ledger.db").read_bytes()
    for _ in range(2):
        users = project.load(changed, **options, **planning)["users"]
        assert (users["written"], users["unchanged"], users["requests"]) == (19, 1, 19)
    assert (folder / "ledger.db").read_bytes() == ledger
    assert project.load(stream("users", [plan(BOB, "A")]), **options)["users"]["unchanged"] == 1
    assert project.load(stream("users", [plan(BOB, "B")]), **options)["users"]["written"] == 1


def test_a_dry_run_knows_that_a_catalog_which_is_gone_is_filled_again(project: Project, folder: Path) -> None:
    rows = stream("catalog_items", [{"catalogName": "Things", "itemId": str(n), "price": n} for n in range(3)])
    options: dict[str, Any] = {"streams": skipping("catalog_items")}
    project.load(rows, **options)
    project.holds.client.request("DELETE", "/api/catalogs/{catalogName}", path_params={"catalogName": "Things"})
    planned = project.load(rows, **options, dry_run=True, dry_run_path=str(folder / "plan"))["catalog_items"]
    done = project.load(rows, **options)["catalog_items"]
    assert (planned["written"], done["written"]) == (3, 3)


def test_events_are_never_unchanged(project: Project) -> None:
    with pytest.raises(SettingError, match=r"`streams.events` has the unknown key 'skip_unchanged'"):
        project.load([], streams=skipping("events"))


people = st.sampled_from([f"{n}@example.com" for n in range(3)])
records = st.lists(st.builds(plan, people, st.sampled_from("AB")), max_size=6)
faults = st.none() | st.tuples(st.sampled_from(["reset_after", "generic_error"]), st.integers(1, 3))
runs = st.lists(st.tuples(records, faults), max_size=6)


@settings(max_examples=25, derandomize=True)
@given(runs, st.integers(1, 3))
def test_the_project_ends_as_if_everything_had_been_sent(
    plans: list[tuple[list[dict[str, str]], tuple[str, int] | None]], rows: int
) -> None:
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        load = Loader(sandbox, Path(folder))
        client = IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())
        options = {"streams": skipping("users"), "max_batch_rows": rows, "ledger": f"{folder}/ledger.db"}
        for given_, fault in plans:
            if fault:
                sandbox.inject(route="POST *", fault=fault[0], every=fault[1])
            _load_until_it_works(load, stream("users", given_), options)
            wanted = {record["email"]: record["plan"] for record in given_}
            assert {who: Contents(client).user(email=who)["plan"] for who in wanted} == wanted
            last = stream("users", [plan(*item) for item in wanted.items()])
            again = load(last, **options)
            assert again.get("users", {"written": 0})["written"] == 0
        client.close()


def _load_until_it_works(load: Loader, messages: list[Message], options: dict[str, Any]) -> None:
    """A run that broke is followed by one on the same records, since state has not moved."""
    while True:
        with suppress(DeliveryFailedError):
            summary = load(messages, **options)
            break
        assert load.states == []
    users = summary.get("users", dict.fromkeys(("read", "written", "unchanged", "rejected"), 0))
    assert users["read"] == users["written"] + users["unchanged"] + users["rejected"] == len(messages) - 1
    assert load.states[-1] == STATE
