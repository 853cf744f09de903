"""Two targets that write into one project at the same time share its limits, and a ledger."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.target.conftest import NewProject
from tests.target.loading import Message, stream
from tests.target.test_command_line import COMMAND, settings

PLANS = ("A", "B")
OWN = {"A": range(20), "B": range(40, 60)}
COMMON = range(20, 40)
SKIPPING = {"users": {"skip_unchanged": True}}


def users(plan: str, numbers: range) -> list[dict[str, Any]]:
    return [{"email": f"{number}@example.com", "plan": plan} for number in numbers]


def work(plan: str) -> list[Message]:
    """Users of its own, users that the other writes too, and events that are all the other's, too."""
    events = [{"email": f"{number}@example.com", "eventName": "seen"} for number in COMMON]
    return [*stream("users", users(plan, COMMON) + users(plan, OWN[plan])), *stream("events", events)]


def started(folder: Path, plan: str, **config: Any) -> subprocess.Popen[str]:
    folder.mkdir()
    config |= {"streams": SKIPPING, "max_batch_rows": 10, "rejects_path": str(folder / "rejects")}
    process = subprocess.Popen(
        [COMMAND, "--config", settings(folder, **config)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write("\n".join(map(json.dumps, work(plan))))
    process.stdin.close()
    return process


def test_two_targets_at_once_stay_under_the_limits_and_leave_a_ledger_that_is_right(
    new_project: NewProject, database: str, tmp_path: Path
) -> None:
    project = new_project(limits=True)
    # Whose request comes first hears of it last, most likely when the other has overwritten the users, and is done.
    project.sandbox.inject("slow", route="POST /api/users/bulkUpdate", seconds=2)
    shared = {"rate_limit_store": database, "ledger": database}
    reach = {"api_key": project.sandbox.api_key, "api_url": project.sandbox.url}
    for process in [started(tmp_path / plan, plan, **reach, **shared) for plan in PLANS]:
        assert process.wait(60) == 0
        assert process.stderr is not None
        process.stderr.close()
    assert {entry.status for entry in project.sandbox.requests()} == {200}
    assert len(project.sandbox.requests("POST /api/users/bulkUpdate")) == 8
    has = {f"{number}@example.com": project.holds.user(email=f"{number}@example.com")["plan"] for number in range(60)}
    assert len(project.holds.events()) == len(COMMON)
    accepted = stream("users", [user for plan in PLANS for user in users(plan, OWN[plan])])
    others = stream("users", [user for plan in PLANS for user in users(plan, range(60)) if has[user["email"]] != plan])
    asking = {"streams": SKIPPING, "ledger": database, "dry_run": True, "dry_run_path": str(tmp_path / "plan")}
    assert project.load(accepted, **asking)["users"]["written"] == 0
    assert project.load(others, **asking)["users"]["unchanged"] == 0
