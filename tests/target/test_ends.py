"""The end of a mirrored stream: what is declared counts, what is guessed needs more, and a dead tap removes nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.plugin.threshold import Threshold
from target_iterable.config.setting_error import SettingError
from target_iterable.mirror.completeness import DECLARED, Completeness, is_unfinished
from target_iterable.mirror.mirror import RemovalPolicy
from tests.target.conftest import Project
from tests.target.loading import STATE, Message, stream
from tests.target.test_mirror import ALL, activate, mirror, people
from tests.target.test_removal_stops import MANY, stopped

BEHIND: Message = {"type": "STATE", "value": STATE}
NEW = [f"new{number}@example.com" for number in range(16)]


def people_at(version: int, *addresses: str) -> list[Message]:
    """Records of a version."""
    return [one | {"version": version} for one in stream("list_members", people(*addresses))[1:]]


def source(*addresses: str) -> list[Message]:
    return [*stream("list_members", people(*addresses)), BEHIND]


def test_a_tap_that_dies_behind_a_state_removes_none_of_those_it_has_not_read(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    route = mirror(complete_at_end=True, max_removals="20%")
    project.load.cut_off(source(*MANY), **route)
    assert stopped(project.load.cut_off(source(*MANY[:84]), **route)) == ("fewer_than_usual", 16)
    assert project.holds.members("VIP") == set(MANY)
    assert "far fewer came than usual, so the tap may have ended too early. 16 of 100 did not come." in caplog.text
    whole = project.load.cut_off(source(*MANY[1:]), **route)
    assert (whole["list_members"]["removed"], stopped(whole)) == (1, (None, None))


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000], ids=["ms", "us", "ns"])
def test_whoever_left_is_removed_at_the_end_in_whatever_unit_versions_were_counted_before(
    project: Project, unit: int
) -> None:
    early = [activate("list_members", 1_900_000_000_000 * unit), *people_at(1_900_000_000_000 * unit, *MANY[:10])]
    project.load(stream("list_members", [])[:1] + early, **mirror())
    done = project.load.cut_off(source(*MANY[1:10]), **mirror(complete_at_end=True))["list_members"]
    assert (done["removed"], done["removals"]["not_done"]) == (1, None)
    assert project.holds.members("VIP") == set(MANY[1:10])
    again = project.load.cut_off(source(*MANY[2:10]), **mirror(complete_at_end=True))["list_members"]
    assert again["removed"] == 1


@pytest.mark.parametrize("came", [*range(0, 90, 10), 89])
def test_wherever_the_tap_dies_far_from_its_end_nothing_is_removed(project: Project, came: int) -> None:
    route = mirror(complete_at_end=True)
    project.load.cut_off(source(*MANY), **route)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("target_iterable.runs.real_run.RealRun.fatal_stops", ())
        project.load.cut_off(source(*MANY[:came]), **route)
    assert project.holds.members("VIP") == set(MANY)


def test_a_source_that_has_changed_without_shrinking_is_a_whole_one(project: Project) -> None:
    route = mirror(complete_at_end=True)
    project.load.cut_off(source(*MANY), **route)
    summary = project.load.cut_off(source(*MANY[16:], *NEW), **route)
    assert (summary["list_members"]["removed"], stopped(summary)) == (16, (None, None))


def test_a_dry_run_knows_what_has_come_new_and_says_where_the_real_one_would_stop(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    route = mirror(complete_at_end=True)
    planning = {"dry_run": True, "dry_run_path": str(tmp_path / "plan")}
    project.load.cut_off(source(*MANY), **route)
    project.load.cut_off(source(*MANY[16:], *NEW), **route, **planning)
    assert "would stop" not in capsys.readouterr().err
    project.load.cut_off(source(*MANY[16:]), **route, **planning)
    assert "The real run would stop. Stream 'list_members': Nothing is removed (fewer_than_usual)" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("most", "came", "is_whole"), [(16, 84, True), (15, 84, False), ("16%", 84, True), (0, 99, False)]
)
def test_how_much_a_source_may_shrink_is_a_setting(
    project: Project, most: str | int, came: int, *, is_whole: bool
) -> None:
    project.load.cut_off(source(*MANY), **mirror(complete_at_end=True))
    summary = project.load.cut_off(source(*MANY[:came]), **mirror(complete_at_end=True, max_shrinkage=most))
    assert (summary["list_members"]["removed"] == 100 - came) == is_whole


@pytest.mark.parametrize("end", [True, "declared"])
def test_an_end_that_is_declared_counts_however_much_has_left(project: Project, end: object) -> None:
    route = mirror(complete_at_end=end)
    declared = activate("list_members", DECLARED)
    project.load.cut_off([*source(*MANY), declared], **route)
    summary = project.load.cut_off([*stream("list_members", people(*MANY[:50])), declared], **route)
    assert (summary["list_members"]["removed"], stopped(summary)) == (50, (None, None))
    assert project.holds.members("VIP") == set(MANY[:50])


def test_what_comes_behind_a_declared_end_takes_it_back(project: Project) -> None:
    route = mirror(complete_at_end="declared")
    declared = activate("list_members", DECLARED)
    project.load.cut_off([*source(*MANY), declared], **route)
    summary = project.load.cut_off([*source(*MANY[:50]), declared, *source(MANY[50])], **route)
    assert stopped(summary) == ("end_not_declared", 49)


def test_versions_of_the_tap_itself_declare_nothing(project: Project) -> None:
    route = mirror(complete_at_end="declared")
    project.load.cut_off([*source(*MANY), activate("list_members", DECLARED)], **route)
    summary = project.load.cut_off([*source(*MANY[:50]), activate("list_members", 1795904441)], **route)
    assert stopped(summary) == ("end_not_declared", 50)


@pytest.mark.parametrize(
    ("route", "message"),
    [
        ({"complete_at_end": "always"}, "`streams.list_members.complete_at_end` has the unknown value 'always'"),
        ({"max_shrinkage": 3}, "`streams.list_members.max_shrinkage` makes sense with `complete_at_end: true` only"),
        ({"max_shrinkage": 3, "complete_at_end": "declared"}, "makes sense with `complete_at_end: true` only"),
        ({"max_shrinkage": "few", "complete_at_end": True}, "`streams.list_members.max_shrinkage` must be a count"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused(project: Project, route: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        project.load([], **mirror(**route))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"bookmarks": {"s": {}}}, False),
        ({"bookmarks": {"s": {"replication_key_value": 1}}}, False),
        ({"bookmarks": {"s": {"replication_key_signpost": 1}}}, True),
        ({"bookmarks": {"other": {"progress_markers": {}}}}, False),
        ({"bookmarks": {"s": {"partitions": [{"context": {}}, {"progress_markers": {}}]}}}, True),
        ({"currently_syncing": "other"}, False),
        ({"currently_syncing": None}, False),
    ],
)
def test_a_state_may_say_that_its_tap_is_still_reading(state: object, *, expected: bool) -> None:
    assert is_unfinished(state, "s") == expected


_json = st.recursive(
    st.none() | st.integers() | st.sampled_from(["s", "bookmarks"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["bookmarks", "s", "partitions"]), inner),
)


@given(_json)
def test_a_state_may_be_anything(state: object) -> None:
    assert is_unfinished(state, "s") in {True, False}


_steps = st.lists(st.sampled_from(["record", "state", "early", "declared"]), max_size=8)


@given(_steps, st.booleans(), st.booleans())
def test_a_stream_is_complete_at_its_end_only_if_that_is_declared_or_may_be_guessed(
    steps: list[str],
    strict: bool,  # noqa: FBT001 (an example)
    empty: bool,  # noqa: FBT001 (an example)
) -> None:
    terms = RemovalPolicy("remove", True, Threshold.parse(ALL), True, strict, allows_empty=empty)  # noqa: FBT003
    reading = Completeness("s", terms, 5)
    for step in steps:
        if step == "record":
            reading.record_rows(None, 1, is_named=True)
        elif step == "state":
            reading.record_state({})
        else:
            assert not reading.record_activation(DECLARED if step == "declared" else 7)
    behind = steps[len(steps) - steps[::-1].index("record") :] if "record" in steps else steps
    is_known = "declared" in behind or (not strict and "state" in behind)
    assert (reading.complete_at_end is not None) == (is_known and ("record" in steps or empty))
