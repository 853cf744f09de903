"""`iterable-sandbox` as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

COMMAND = [sys.executable, "-m", "iterable_sandbox.cli"]
KEY = "0123456789abcdef0123456789abcdef"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its URL, once it said that it listens."""
    command = [*COMMAND, "serve", "--port", "0", "--api-key", KEY, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Iterable sandbox listening on http://127.0.0.1:"), line
        try:
            yield process, line.split()[-1]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_served_sandbox_ends_quietly_when_asked_even_while_somebody_is_connected(number: signal.Signals) -> None:
    with serving() as (process, url), requests.Session() as session:
        assert session.get(f"{url}/api/lists", headers={"Api-Key": KEY}, timeout=10).json() == {"lists": []}
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
        assert (process.returncode, output, errors) == (0, "", "")


def test_a_seeded_file_is_served_and_what_is_written_stays_in_it(tmp_path: Path) -> None:
    database = str(tmp_path / "project.db")
    seeded = run("seed", "--database", database, "--users", "20", "--events", "300", "--days", "5")
    assert (seeded.returncode, seeded.stdout.startswith(f"{database}: 20 users, 3")) == (0, True)
    for expected in (8, 9):
        with serving("--database", database) as (process, url):
            headers = {"Api-Key": KEY}
            assert len(requests.get(f"{url}/api/lists", headers=headers, timeout=10).json()["lists"]) == expected
            requests.post(f"{url}/api/lists", json={"name": "New"}, headers=headers, timeout=10)
            process.terminate()
            process.wait(timeout=10)


def test_limits_are_kept_unless_they_are_switched_off() -> None:
    for arguments, expected in (((), 429), (("--no-limits",), 200)):
        with serving(*arguments) as (_, url):
            params = {"dataTypeName": "user"}
            answers = [
                requests.get(f"{url}/api/export/data.json", params=params, headers={"Api-Key": KEY}, timeout=10)
                for _ in range(6)
            ]
            assert answers[-1].status_code == expected


def test_faults_settings_and_the_time_are_given_at_the_start() -> None:
    faults = ('{"fault": "gateway", "route": "GET /api/lists"}', '{"fault": "rate_limit", "retry_after": 3}')
    options = ("--fault", faults[0], "--fault", faults[1], "--settings", '{"unknown_user_id": "error"}')
    with serving(*options, "--now", "2026-11-01") as (_, url):
        headers = {"Api-Key": KEY}
        answers = [requests.get(f"{url}/api/lists", headers=headers, timeout=10) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [502, 429, 200]
        assert requests.get(f"{url}/api/users/byUserId/x", headers=headers, timeout=10).status_code == 400
        now = requests.get(f"{url}/_sandbox/clock", timeout=10).json()["now"]
        assert now.startswith("2026-11-01T00:0")


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("--fault", '{"fault": "cut"}', "cut.bytes: Field required"),
        ("--settings", '{"nothing": 1}', "nothing: no setting that can be changed"),
    ],
)
def test_an_option_that_cannot_be_read_is_a_clear_error(option: str, value: str, problem: str) -> None:
    refused = run("serve", "--port", "0", option, value)
    assert (refused.returncode, problem in refused.stderr) == (1, True)


def test_seeding_a_filled_database_is_a_clear_error(tmp_path: Path) -> None:
    arguments = ("seed", "--database", str(tmp_path / "project.db"), "--users", "5", "--events", "10")
    assert run(*arguments).returncode == 0
    again = run(*arguments)
    assert again.returncode == 1
    assert "there is a project in it already" in again.stderr


def test_a_file_of_another_project_type_is_a_clear_error(tmp_path: Path) -> None:
    database = str(tmp_path / "project.db")
    run("seed", "--database", database, "--users", "5", "--events", "10", "--project-type", "hybrid")
    refused = run("serve", "--database", database, "--project-type", "email")
    assert refused.returncode == 1
    assert "hybrid, not email" in refused.stderr


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("This is not a database. " * 100)
    refused = run("serve", "--database", str(path))
    assert refused.returncode == 1
    assert "Cannot open" in refused.stderr


def test_a_port_that_is_taken_is_a_clear_error() -> None:
    with serving() as (_, url):
        refused = run("serve", "--port", url.rpartition(":")[2])
        assert refused.returncode == 1
        assert "Cannot listen on 127.0.0.1" in refused.stderr


def test_the_version_is_that_of_the_distribution() -> None:
    assert run("--version").stdout.startswith("iterable-sandbox, version ")
