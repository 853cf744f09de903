"""Mirrored streams over several runs, which may be planned, cut off, killed or refused, and always end right."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iterable_api.facts.endpoints import ENDPOINTS
from iterable_api.facts.limits import DAY, Limit
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from target_iterable.config.settings import SETTINGS
from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.mirror.errors import RemovalFailedError
from tests.target.conftest import NewProject, Project
from tests.target.interrupting import Interrupting, Moment
from tests.target.loading import STATE, Contents, Loader, Message, stream
from tests.target.test_command_line import COMMAND
from tests.target.test_command_line import settings as settings_file
from tests.target.test_mirror import ALL, ANN, BOB, CAT, VIPS, mirror, people, removals, version

MANY = [f"{number}@example.com" for number in range(12)]
ENDING = {"streams": {"list_members": VIPS | {"complete_at_end": True}}}


@pytest.fixture(autouse=True, scope="module")
def _one_try() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SETTINGS["properties"]["max_tries"], "default", 1)
        yield


# The end of the input.


def test_what_the_input_no_longer_holds_at_its_end_is_removed_where_the_route_says_so(project: Project) -> None:
    project.load(stream("list_members", people(ANN, BOB)), **ENDING)
    assert removals(project.load(stream("list_members", people(BOB, CAT)), **ENDING)) == (1, 1, 0)
    assert project.holds.members("VIP") == {BOB, CAT}
    assert project.load.states[-1] == STATE


def test_messages_that_activate_a_version_mean_nothing_then(project: Project) -> None:
    project.load(stream("list_members", people(ANN, BOB)), **ENDING)
    both = [*version("list_members", 2, people(BOB)), *stream("list_members", people(ANN))]
    assert removals(project.load(both, **ENDING)) == (0, 0, 0)


def test_an_input_without_a_state_behind_the_records_proves_nothing(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project.load(stream("list_members", people(ANN, BOB)), **ENDING)
    project.load.cut_off([{"type": "STATE", "value": {}}, *stream("list_members", people(CAT))], **ENDING)
    assert "no STATE came behind the last record" in caplog.text
    assert project.holds.members("VIP") == {ANN, BOB, CAT}


@pytest.mark.parametrize("strike", [1, 2, 3])
def test_an_input_that_is_cut_off_by_a_signal_proves_nothing(project: Project, tmp_path: Path, strike: int) -> None:
    project.load(stream("list_members", people(ANN, BOB)), **ENDING)
    messages = [*stream("list_members", people(CAT)), {"type": "STATE", "value": STATE}]
    with Interrupting.proxy(project.sandbox.url, strike, Moment.BEFORE, signal.SIGTERM) as proxy:
        assert started(project, tmp_path, proxy, messages, **ENDING) == 0
    assert project.holds.members("VIP") >= {ANN, BOB}


# Failures on the way.


def test_after_a_batch_that_failed_nothing_is_removed(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    project.sandbox.inject(route="POST /api/lists/subscribe", fault="generic_error", times=1)
    with pytest.raises(DeliveryFailedError):
        project.load(version("list_members", 2, people(CAT)), **mirror())
    assert project.holds.members("VIP") == {ANN, BOB}
    assert removals(project.load(version("list_members", 2, people(CAT)), **mirror())) == (2, 2, 0)


def test_too_many_rejects_keep_everything_where_it_is(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB, age=1)), **mirror())
    with pytest.raises(DeliveryFailedError):
        project.load(version("list_members", 2, people(CAT, age="a text")), **mirror(), max_rejects=0)
    assert project.holds.members("VIP") == {ANN, BOB}


@pytest.mark.parametrize("fault", ["generic_error", "reset_after", "reset_before"])
def test_a_removal_that_fails_fails_the_run_and_the_next_version_goes_on(project: Project, fault: str) -> None:
    project.load(version("list_members", 1, people(*MANY)), **mirror())
    project.sandbox.inject(route="POST /api/lists/unsubscribe", fault=fault, every=2)
    with pytest.raises(RemovalFailedError, match="that have left the source are not removed yet"):
        project.load(version("list_members", 2, people(ANN)), **mirror(), max_batch_rows=4, max_in_flight=1)
    assert project.load.states == []
    project.load(version("list_members", 3, people(ANN, MANY[0])), **mirror())
    assert project.holds.members("VIP") == {ANN, MANY[0]}


def test_a_removal_that_iterable_refuses_is_counted_and_tried_again(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    project.sandbox.inject(route="POST /api/lists/unsubscribe", fault="answer", status=400, times=1)
    summary = project.load(version("list_members", 2, people(BOB)), **mirror())
    assert removals(summary) == (1, 0, 0)
    assert sum(summary["list_members"]["not_removed"].values()) == 1
    assert project.load.states[-1] == STATE
    assert removals(project.load(version("list_members", 3, people(BOB)), **mirror())) == (1, 1, 0)
    assert project.holds.members("VIP") == {BOB}


def test_what_somebody_else_has_removed_already_is_removed(project: Project) -> None:
    client = project.holds.client
    items = [{"catalogName": "Things", "itemId": "1"}, {"catalogName": "Others", "itemId": "2"}]
    project.load(version("catalog_items", 1, items), **mirror("catalog_items"))
    client.request("DELETE", "/api/catalogs/{catalogName}", path_params={"catalogName": "Others"})
    assert removals(project.load(version("catalog_items", 2, items[:1]), **mirror("catalog_items"))) == (1, 1, 0)
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    client.request("DELETE", "/api/lists/{listId}", path_params={"listId": str(project.holds.lists()["VIP"])})
    assert removals(project.load(version("list_members", 2, people(BOB)), **mirror())) == (2, 2, 0)
    assert project.holds.members("VIP") == {BOB}


def test_the_daily_cap_ends_the_removals_and_the_next_version_goes_on(
    new_project: NewProject, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    facts = ENDPOINTS["POST", "/api/users/forget"]
    monkeypatch.setitem(ENDPOINTS, ("POST", "/api/users/forget"), replace(facts, limits=(Limit(2, DAY),)))
    project = new_project()
    options = mirror("users", on_removed="forget") | {"allow_destructive": True, "enforce_rate_limits": True}
    project.load(version("users", 1, people(*MANY[:6])), **options)
    done = []
    for number in (2, 3, 4):
        summary = project.load(version("users", number, people(MANY[5])), **options)
        done.append(summary["users"]["removed"])
        assert project.load.states[-1] == STATE
    assert done == [2, 2, 1]
    assert "3 of 5 that have left the source are not removed yet." in caplog.text
    assert [project.holds.exists(who) for who in MANY[:6]] == [False] * 5 + [True]


# Kills.


def started(project: Project, folder: Path, proxy: str, messages: Sequence[Message], **options: Any) -> int:
    """The exit code of a run through a proxy."""
    values = {"ledger": str(folder / "ledger.db"), "rejects_path": str(folder / "rejects"), "max_in_flight": 1}
    reach = {"api_key": project.sandbox.api_key, "api_url": proxy, "enforce_rate_limits": False}
    command = [COMMAND, "--config", settings_file(folder, **values, **reach, **options)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        Interrupting.prey = process.pid
        process.communicate("".join(json.dumps(message) + "\n" for message in messages))
    return process.returncode


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_ended_among_its_removals_is_gone_on_with(
    project: Project, tmp_path: Path, moment: Moment, number: signal.Signals
) -> None:
    options = mirror("metadata")
    rows = [{"table": "shops", "key": f"k{n}", "value": {"n": n}} for n in range(6)]
    project.load(version("metadata", 1, rows), **options)
    with Interrupting.proxy(project.sandbox.url, 4, moment, number) as proxy:
        code = started(project, tmp_path, proxy, version("metadata", 2, rows[:1]), **options)
    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    assert 1 < len(entries(project)) < 6
    summary = project.load(version("metadata", 3, rows[:1]), **options)
    assert entries(project) == {"k0"}
    assert summary["metadata"]["left"] == summary["metadata"]["removed"]


def entries(project: Project) -> set[str]:
    answer = project.holds.client.get_json("/api/metadata/{table}", path_params={"table": "shops"})
    return {entry["key"] for entry in answer["results"]}


def test_runs_that_are_killed_again_and_again_end_with_what_the_source_holds(project: Project, tmp_path: Path) -> None:
    """Each version is cut off at some request, and goes on from the beginning until it comes to its end."""
    random, kills = Random(5), 0  # noqa: S311 (choices, not secrets)
    project.load(version("list_members", 1, people(*MANY)), **mirror())
    for number in (2, 3):
        source = random.sample([*MANY, ANN, BOB], 5)
        code = -signal.SIGKILL
        while code:
            strike, moment = random.randint(2, 10), random.choice(list(Moment))
            messages = version("list_members", number, people(*source))
            with Interrupting.proxy(project.sandbox.url, strike, moment, signal.SIGKILL) as proxy:
                code = started(project, tmp_path, proxy, messages, **mirror(), max_batch_rows=2)
            kills += code == -signal.SIGKILL
        assert project.holds.members("VIP") == set(source)
    assert kills > 1


# Plans.


def test_a_dry_run_plans_removals_and_touches_nothing(project: Project, tmp_path: Path) -> None:
    planning = {"dry_run": True, "dry_run_path": str(tmp_path / "plan")}
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    for _ in range(2):
        planned = project.load(version("list_members", 2, people(BOB, CAT)), **mirror(), **planning)
        assert (removals(planned), planned["list_members"]["requests"]) == ((1, 1, 0), 2)
        assert project.holds.members("VIP") == {ANN, BOB}
    assert removals(project.load(version("list_members", 2, people(BOB, CAT)), **mirror())) == (1, 1, 0)
    assert project.holds.members("VIP") == {BOB, CAT}


def test_a_dry_run_goes_on_where_the_real_one_would_remove_too_much(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planning = {"dry_run": True, "dry_run_path": str(tmp_path / "plan")}
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    planned = project.load(version("list_members", 2, people(ANN)), **mirror(max_removals=0), **planning)
    assert removals(planned) == (1, 1, 0)
    assert "The real run would stop. Stream 'list_members': 1 of 2 have left" in capsys.readouterr().err


# Users by two names.


def test_who_is_known_by_another_name_has_not_left(new_project: NewProject) -> None:
    project = new_project(project_type="hybrid")
    options = mirror("users", on_removed="delete") | {"allow_destructive": True, "project_type": "hybrid"}
    rows = [
        [{"email": ANN}, {"email": BOB, "userId": "b"}],
        [{"email": ANN, "userId": "a"}, {"userId": "b"}],
        [{"email": ANN, "userId": "a"}, {"email": BOB, "userId": "b"}],
        [{"userId": "a"}, {"email": BOB, "userId": "b"}],
    ]
    for number, people_ in enumerate(rows, 1):
        project.load(version("users", number, people_), **options)
        assert (project.holds.exists(ANN), project.holds.exists(BOB)) == (True, True)
    project.load(version("users", 9, [{"email": BOB, "userId": "b"}]), **options)
    assert (project.holds.exists(ANN), project.holds.exists(BOB)) == (False, True)


def test_a_user_id_that_others_may_share_removes_nobody(project: Project) -> None:
    options = mirror("users", on_removed="delete") | {"allow_destructive": True, "placeholder_users": True}
    project.load(version("users", 1, [{"userId": "shared"}, {"email": ANN}]), **options)
    summary = project.load(version("users", 2, people(ANN)), **options)
    assert summary["users"]["not_removed"] == {"sharedUserId": 1}
    assert project.holds.user(userId="shared")


def test_clearing_makes_no_user_who_is_gone(project: Project) -> None:
    options = mirror("users", on_removed="clear")
    project.load(version("users", 1, people(ANN, BOB, plan="paid")), **options)
    project.holds.client.request("DELETE", "/api/users/{email}", path_params={"email": ANN})
    assert removals(project.load(version("users", 2, people(BOB, plan="paid")), **options)) == (1, 1, 0)
    assert not project.holds.exists(ANN)


# Anything.


@st.composite
def sources(draw: st.DrawFn) -> list[tuple[dict[str, Any], str | None, int]]:
    """Versions of a source: who is in with which age, what fails, and at which request."""
    ages = st.sampled_from([1, 2, "a text"])
    source = st.dictionaries(st.sampled_from(MANY[:6]), ages, max_size=6)
    faults = st.none() | st.sampled_from(["generic_error", "reset_before", "reset_after", "answer"])
    return draw(st.lists(st.tuples(source, faults, st.integers(0, 4)), min_size=1, max_size=6))


@settings(max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(versions=sources(), skip=st.booleans(), rows=st.integers(1, 4))
def test_after_a_complete_version_the_list_is_what_the_source_is(
    versions: list[tuple[dict[str, Any], str | None, int]], *, skip: bool, rows: int
) -> None:
    """Whatever failed before. Who is rejected stays on the list if he or she was on it, and else does not get there."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        load, client = (
            Loader(sandbox, Path(folder)),
            IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited()),
        )
        holds = Contents(client)
        load(stream("list_members", people("by.hand@example.com", list="VIP", age=1)))
        options = mirror(skip_unchanged=skip, allow_empty=True) | {"max_batch_rows": rows, "max_rejects": ALL}
        on_list: set[str] = set()
        number = 0
        for source, fault, after in versions:
            if fault:
                status = {"status": 400} if fault == "answer" else {}
                sandbox.inject(route="POST *", fault=fault, every=after + 1, **status)
            rows_ = [{"email": who, "age": age} for who, age in source.items()]
            done: bool | None = False
            while not done:
                number += done is False
                done = finished(load, version("list_members", number, rows_), options)
            good = {who for who, age in source.items() if age != "a text"}
            on_list = good | (on_list & source.keys())
            assert holds.members("VIP") - {"by.hand@example.com"} == on_list
            assert "by.hand@example.com" in holds.members("VIP")
        client.close()


def finished(load: Loader, messages: list[Message], options: dict[str, Any]) -> bool | None:
    """Whether all is done; if not, the next version goes on, or after a failure (None) this one."""
    try:
        counts = load(messages, **options).get("list_members", {"not_removed": {}, "reasons": {}})
    except (DeliveryFailedError, RemovalFailedError):
        return None
    return not counts["not_removed"] and not counts["reasons"].keys() - {"RequestFieldsTypesMismatched"}
