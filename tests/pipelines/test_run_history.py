"""Runs of Meltano are in the history under the name of their pipeline."""

from __future__ import annotations

import pytest

from tests.pipelines.conftest import Pipeline
from tests.runs.commands import PLACE, asked

pytestmark = pytest.mark.more


def test_runs_of_meltano_are_named_by_their_pipeline_and_an_empty_setting_turns_the_history_off(
    pipeline: Pipeline,
) -> None:
    place = str(pipeline.project.folder / PLACE)
    pipeline.project.meltano("run", "tap-iterable", "target-iterable", "--full-refresh")
    target, tap = sorted(asked(place, "list", "--number", "2"), key=lambda run: str(run["plugin"]), reverse=True)
    assert (tap["pipeline"], target["pipeline"]) == ("dev:tap-iterable", "dev:tap-iterable-to-target-iterable")
    assert (tap["kind"], target["kind"]) == ("succeeded", "succeeded")
    assert tap["directory"] == target["directory"] == str(pipeline.project.folder)
    assert tap["totals"]["read"] == target["totals"]["read"] == target["totals"]["written"] > 0
    assert asked(place, "list", "--pipeline", "dev:tap-iterable", "--number", "1") == [tap]
    before = len(asked(place, "list"))
    off = {"TAP_ITERABLE_RUN_HISTORY": "", "TARGET_ITERABLE_RUN_HISTORY": ""}
    pipeline.project.meltano("run", "tap-iterable", "target-iterable", **off)
    assert len(asked(place, "list")) == before
