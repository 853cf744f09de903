"""What Meltano shows of the log of tap and target: levels, and the sentence at the end."""

from __future__ import annotations

import re

import pytest

from tests.pipelines.conftest import Pipeline

pytestmark = pytest.mark.more

RUN = ("run", "--full-refresh", "tap-iterable", "target-iterable")
LINE = re.compile(r"^\S+ \[(\w+) *\] ((?:tap|target)-iterable) +(.*)$", re.MULTILINE)


def lines(log: str) -> list[tuple[str, str, str]]:
    """Level, plugin and text of each line of a plugin."""
    return [(level, plugin, text) for level, plugin, text in LINE.findall(log)]


def test_a_good_run_ends_with_what_it_did(pipeline: Pipeline) -> None:
    log = pipeline.project.meltano_says(*RUN)
    ends = {plugin: (level, text) for level, plugin, text in lines(log)}
    assert ends["tap-iterable"][0] == ends["target-iterable"][0] == "info"
    assert re.fullmatch(r"Done in .*: read \d+, windows 1\.", ends["tap-iterable"][1])
    assert re.fullmatch(r"Done in .*: read (\d+), written \1\.", ends["target-iterable"][1])
    assert "Skipping deselected" not in log
    assert len(log.splitlines()) < 50


def test_the_level_of_meltano_is_that_of_the_plugins_and_a_variable_makes_one_plugin_quieter(
    pipeline: Pipeline,
) -> None:
    rejecting = {"TARGET_ITERABLE_STREAMS": '{"users": {"object": "users"}}', "TARGET_ITERABLE_MAX_REJECTS": "100%"}
    quiet = lines(pipeline.project.meltano_says("--log-level=warning", *RUN, **rejecting))
    assert {(level, plugin) for level, plugin, _ in quiet} == {("warning", "target-iterable")}
    assert "Rejects are in " in quiet[-1][2]
    mixed = lines(pipeline.project.meltano_says(*RUN, TAP_ITERABLE_LOGLEVEL="WARNING"))
    assert {plugin for _, plugin, _ in mixed} == {"target-iterable"}
    assert "info" in {level for level, _, _ in mixed}


def test_a_failing_run_ends_with_the_sentence_that_says_why(pipeline: Pipeline) -> None:
    failed = lines(pipeline.project.refused(*RUN, TARGET_ITERABLE_API_KEY="0" * 32))
    level, plugin, text = failed[-1]
    assert (level, plugin) == ("error", "target-iterable")
    assert "Check `api_key`, and `region`" in text
    ends = {plugin: text for _, plugin, text in lines(pipeline.project.refused(*RUN, TAP_ITERABLE_API_KEY="0" * 32))}
    assert "The key may not read the stream users" in ends["tap-iterable"]
