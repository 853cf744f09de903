"""A step without an orchestrator: what the example for Airflow, or a script, calls."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from singer_iterable.running.plugins import Command
from singer_iterable.running.state_stores import state_store
from singer_iterable.running.steps import Step, StepFailedError, run_step
from tests.dagster.projects import Loaded

pytestmark = pytest.mark.more


def step(north: Loaded, **settings: object) -> Step:
    tap = {
        "api_key": north.sandbox.api_key,
        "api_url": north.sandbox.url,
        "enforce_rate_limits": False,
        "max_tries": 1,
        "start_date": "2026-10-05",
        "end_date": "2026-10-09",
        **settings,
    }
    loader = {"sqlalchemy_url": north.variables["WAREHOUSE_URL"], "default_target_schema": north.schema}
    return Step(Command("tap-iterable", tap), Command("target-postgres", loader), "north/sends", ["email_send"])


def test_numbers_are_known_in_a_relative_folder_and_behind_a_link_and_nothing_is_left(north: Loaded) -> None:
    (north.folder / "real").mkdir()
    (north.folder / "link").symlink_to(north.folder / "real")
    for folder in (Path("link/run"), Path("run")):
        with closing(state_store(str(north.folder / "states.db"))) as store:
            ended = run_step(step(north), store, folder, attempt="1")
            assert store.read("north/sends") is None
        assert ended.extracted is not None
        assert ended.extracted.totals.read == sum(north.happened("emailSend", "2026-10-05", "2026-10-08").values())
        assert not folder.exists()
        assert ended.folder is None


def test_another_try_goes_on_where_the_loader_had_come_to_and_a_new_attempt_reads_everything(north: Loaded) -> None:
    windows = "GET /api/export/data.json"
    broken = step(north, window_days=1)
    # The third of four windows is not answered.
    fault = north.sandbox.inject("gateway", route=windows, where={"startDateTime": "2026-10-07 00:00:00"}, times=None)
    with closing(state_store(str(north.folder / "states.db"))) as store:
        with pytest.raises(StepFailedError) as raised:
            run_step(broken, store, Path("run"), attempt="1", secrets=[north.sandbox.api_key])
        assert raised.value.is_worth_a_retry
        assert fault.struck == 1
        kept = store.read("north/sends")
        assert kept is not None
        assert "2026-10-07" in json.dumps(kept)
        north.sandbox.project.faults.clear()
        north.sandbox.project.log.clear()
        again = run_step(broken, store, Path("run"), attempt="1")
        assert again.extracted is not None
        # It looks back by a quarter of a day, so the window before comes once more, in part.
        assert len(north.sandbox.requests(windows)) < 4
        assert north.loaded("email_send") == north.happened("emailSend", "2026-10-05", "2026-10-08")
