"""Runs of a mirror that are killed while they store what they know of its members."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.target.conftest import Project
from tests.target.test_command_line import settings as settings_file
from tests.target.test_mirror import mirror, people, version

pytestmark = pytest.mark.more

_KILLED = """
import os, signal, sys
from target_iterable.mirror.member_log import MemberLog
from target_iterable.mirror import log_replay, member_log, membership_table
from target_iterable.target import TargetIterable

membership_table._SMALL_MEMBERS, member_log._ENTRIES_PER_PART = 0, 0
fold, remaining = MemberLog.{method}, {remaining}

def killing(log, *arguments):
    global remaining
    remaining -= 1
    if remaining < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return fold(log, *arguments)

MemberLog.{method} = killing
TargetIterable.cli()
"""


@pytest.mark.parametrize(
    ("method", "remaining"),
    [
        ("append", 0),
        ("append", 1),
        ("fold", 0),
        ("fold", 1),
        ("fold", 20),
        ("fold", 40),
        ("complete", 0),
        ("start_run", 0),
    ],
)
def test_a_run_that_is_killed_while_it_stores_members_is_gone_on_with(
    project: Project, tmp_path: Path, method: str, remaining: int
) -> None:
    many = [f"{number}@example.com" for number in range(400)]  # some in each part
    project.load(version("list_members", 1, people(*many)), **mirror())
    values = {"ledger": str(tmp_path / "ledger.db"), "rejects_path": str(tmp_path / "rejects")}
    reach = {"api_key": project.sandbox.api_key, "api_url": project.sandbox.url, "enforce_rate_limits": False}
    config = settings_file(tmp_path, **values, **reach, **mirror())
    source = [*many[5:], "new@example.com"]
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED.format(method=method, remaining=remaining), "--config", config],
        input="".join(json.dumps(message) + "\n" for message in version("list_members", 2, people(*source))),
        text=True,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert project.holds.members("VIP") >= {*many[5:]}
    # What has come in the killed run only leaves with the next version.
    project.load(version("list_members", 3, people(*many[6:])), **mirror())
    assert project.holds.members("VIP") == {*many[6:]}
