"""The main job as `make demo` runs it, on a smaller project."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from demo.iterable import API_KEY, Seed, sandbox
from demo.job import Result, run
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from tests.target.loading import Contents

pytestmark = pytest.mark.more

SEED = Seed(users=300, events=3_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def first(folder: Path) -> Result:
    return run(folder, SEED, lambda _: None)


@pytest.fixture(scope="module")
def second(folder: Path, first: Result) -> Result:
    assert first
    return run(folder, SEED, lambda _: None)


def test_every_row_of_every_stream_arrives_in_postgresql(first: Result) -> None:
    extracted = first.extracted
    assert [line.stream for line in extracted if not line.agrees] == []
    assert sum(line.in_iterable > 0 for line in extracted) >= 12 + 6
    assert {line.stream: line.in_postgres for line in extracted}["users"] == SEED.users


def test_everything_that_sql_picked_is_accepted_and_is_there(first: Result) -> None:
    for line in first.activated:
        assert line.in_postgres > 0
        assert line.in_iterable == line.in_postgres == line.moved == line.accepted
        assert line.rejected == 0


def test_the_models_answer_five_questions(folder: Path, first: Result) -> None:
    answers = {insight.question: insight.answer for insight in first.insights}
    assert len(answers) == 5
    assert all(any(character.isdigit() for character in answer) for answer in answers.values())
    with sandbox(folder / "iterable.db", SEED) as project:
        opens, by_bots = project.exported("emailOpen"), project.exported("emailOpen", lambda event: event["isBot"])
    assert answers["Opens by programs"] == f"{by_bots} of {opens} e-mail opens"


def test_a_second_run_moves_only_what_is_new(first: Result, second: Result) -> None:
    extracted, activated, _ = second
    assert all(line.agrees for line in (*extracted, *activated))
    moved = {line.stream: line.moved for line in extracted}
    assert moved["email_send"] == moved["purchase"] == 0
    written = {line.stream: line.accepted for line in first.activated}
    assert moved["custom_event"] == written["activation-events"]
    # The row at the bookmark is read again: Singer's bookmarks are inclusive.
    assert [line.accepted for line in activated] == [1, 1, 1, 1]


def test_no_column_that_serves_the_pipeline_alone_becomes_a_field(folder: Path, second: Result, tmp_path: Path) -> None:
    assert second
    with sandbox(tmp_path / "seeded.db", SEED) as seeded, sandbox(folder / "iterable.db", SEED) as written:
        before, after = (_looked_at(project.url) for project in (seeded, written))
        audience = [event for event in after.events() if event["eventName"] == "audienceEntered"]
        assert after.field_types().keys() - before.field_types().keys() == {"buyerTier", "totalSpent", "lastPurchaseAt"}
        assert {name for item in after.items("bestsellers").values() for name in item} == {"name", "price", "unitsSold"}
        assert not [event for event in audience if "version" in event]


def _looked_at(url: str) -> Contents:
    return Contents(IterableClient(API_KEY, api_url=url, limiter=Unlimited()))


@pytest.fixture
def interrupted(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    command = [sys.executable, "-m", "demo", "--folder", str(tmp_path), "--users", "100", "--events", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        yield process, tmp_path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_process_behind(
    interrupted: tuple[subprocess.Popen[str], Path], number: int
) -> None:
    process, folder = interrupted
    assert process.stdout is not None
    for line in process.stdout:
        if "meltano run" in line:
            break
    started = psutil.Process(process.pid).children(recursive=True)
    assert started
    os.kill(process.pid, number)
    assert process.wait(60) != 0
    _, alive = psutil.wait_procs([*started, *_mentioning(folder)], timeout=30)
    assert alive == []


def _mentioning(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in " ".join(process.info["cmdline"] or [])
    ]


def test_the_exit_code_tells_when_a_pipeline_fails(tmp_path: Path) -> None:
    # A database that no sandbox made: seeding is skipped, and serving it fails.
    (tmp_path / "iterable.db").write_text(json.dumps("not a database"))
    command = [sys.executable, "-m", "demo", "--folder", str(tmp_path)]
    assert subprocess.run(command, capture_output=True, timeout=120, check=False).returncode != 0
