"""Runs say why missing members of a mirrored stream stay: the reason, their number, and what to do."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from target_iterable.core.removal_stops import CONFIGURATION, REASONS
from target_iterable.delivery.errors import DeliveryFailedError, TooManyRejectsError
from target_iterable.mirror.errors import RemovalsStoppedError, TooManyRemovalsError
from tests.target.conftest import Project
from tests.target.interrupting import Interrupting, Moment
from tests.target.loading import STATE, Message, stream
from tests.target.test_mirror import ALL, ANN, BOB, CAT, VIPS, activate, mirror, people, version
from tests.target.test_mirror_runs import started
from tools.generated import ROOT

MANY = [f"{number}@example.com" for number in range(100)]
AT_END: dict[str, Any] = {"complete_at_end": True}
WHOLE: dict[str, Any] = {**AT_END, "max_shrinkage": ALL}


def stopped(summary: dict[str, Any]) -> tuple[str | None, int | None]:
    (counts,) = summary.values()
    return counts["removals"]["not_done"], counts["removals"]["would_have_left"]


def early(number: int, records: Sequence[dict[str, Any]]) -> list[Message]:
    """As Singer's SDK writes a version."""
    schema, *rest = version("list_members", number, records, done=False)
    return [schema, activate("list_members", number), *rest]


def test_every_reason_is_in_the_documentation() -> None:
    page = (ROOT / "docs" / "mirroring.md").read_text()
    assert [code for code in REASONS if f"| `{code}` |" not in page] == []


# An empty source.

EMPTY: dict[str, tuple[list[Message], dict[str, Any]]] = {
    "a version without records": (version("list_members", 6, []), {}),
    "a version that came early, without records": (early(6, []), {}),
    "only a schema": (stream("list_members", []), {}),
    "only a schema at the end": (stream("list_members", []), AT_END),
}


@pytest.mark.parametrize(("messages", "route"), EMPTY.values(), ids=EMPTY)
def test_an_empty_source_fails_the_run_by_default_and_removes_nothing(
    project: Project, messages: list[Message], route: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    project.load(version("list_members", 5, people(ANN, BOB)), **mirror())
    with pytest.raises(
        RemovalsStoppedError, match=r"'list_members': .*empty_source.* 2 of 2 did not come.*allow_empty"
    ):
        project.load(messages, **mirror(**route))
    assert stopped(project.load.streams) == ("empty_source", 2)
    assert project.holds.members("VIP") == {ANN, BOB}
    assert "without one record. 2 of 2 did not come." in caplog.text
    assert project.load.states == [STATE]


@pytest.mark.parametrize(
    ("messages", "route"), [EMPTY[name] for name in EMPTY if name != "only a schema"], ids=["version", "early", "end"]
)
def test_a_source_that_may_be_empty_empties_the_list_if_that_many_may_go(
    project: Project, messages: list[Message], route: dict[str, Any]
) -> None:
    project.load(version("list_members", 5, people(ANN, BOB)), **mirror())
    with pytest.raises(TooManyRemovalsError):
        project.load(messages, **mirror(allow_empty=True, max_removals="99%", **route))
    assert project.holds.members("VIP") == {ANN, BOB}
    summary = project.load(messages, **mirror(allow_empty=True, **route))
    assert (summary["list_members"]["removed"], stopped(summary)) == (2, (None, None))
    assert project.holds.members("VIP") == set()


def test_a_source_that_may_be_empty_needs_a_sign_of_its_end_all_the_same(project: Project) -> None:
    project.load(version("list_members", 5, people(ANN, BOB)), **mirror())
    allowed = mirror(allow_empty=True)
    assert stopped(project.load(stream("list_members", []), **allowed)) == ("no_version", 2)
    assert stopped(project.load(version("list_members", 5, []), **allowed)) == ("older_version", 2)
    died = project.load.cut_off(stream("list_members", []), **mirror(allow_empty=True, **AT_END))
    assert stopped(died) == ("no_state", 2)
    declared = mirror(allow_empty=True, complete_at_end="declared")
    assert stopped(project.load(stream("list_members", []), **declared)) == ("end_not_declared", 2)
    assert project.holds.members("VIP") == {ANN, BOB}


def test_an_empty_source_of_which_nothing_is_in_iterable_is_no_failure(project: Project) -> None:
    summary = project.load(version("list_members", 1, []), **mirror())
    assert stopped(summary) == ("empty_source", 0)


def test_a_dry_run_says_that_the_real_one_would_fail_at_an_empty_source(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.load(version("list_members", 5, people(ANN, BOB)), **mirror())
    planning = {"dry_run": True, "dry_run_path": str(tmp_path / "plan")}
    project.load(version("list_members", 6, []), **mirror(), **planning)
    assert (
        "The real run would fail. Stream 'list_members': Nothing is removed (empty_source)" in capsys.readouterr().err
    )


# Other reasons.

NOT_DONE: dict[str, tuple[str, list[Message], dict[str, Any]]] = {
    "a version that came before its records": ("early_version", early(6, people(ANN)), {}),
    "records of another version": (
        "early_version",
        [*version("list_members", 6, people(ANN), done=False), activate("list_members", 7)],
        {},
    ),
    "no version": ("no_version", stream("list_members", people(ANN)), {}),
    "an older version": ("older_version", version("list_members", 4, people(ANN)), {}),
    "the same version once more": ("older_version", version("list_members", 5, people(ANN)), {}),
    "nobody is named": ("nobody_named", version("list_members", 6, [{"email": None}]), {}),
    "a tap that is still reading": (
        "unfinished_state",
        [
            *stream("list_members", people(ANN)),
            {"type": "STATE", "value": {"bookmarks": {"list_members": {"progress_markers": {}}}}},
        ],
        WHOLE,
    ),
    "an older tap that is still reading": (
        "unfinished_state",
        [*stream("list_members", people(ANN)), {"type": "STATE", "value": {"currently_syncing": "list_members"}}],
        WHOLE,
    ),
    "a partition that is still read": (
        "unfinished_state",
        [
            *stream("list_members", people(ANN)),
            {
                "type": "STATE",
                "value": {"bookmarks": {"list_members": {"partitions": [{"starting_replication_value": 1}]}}},
            },
        ],
        WHOLE,
    ),
    "no state": ("no_state", stream("list_members", people(ANN)), WHOLE),
    "an end that is not declared": (
        "end_not_declared",
        [*stream("list_members", people(ANN)), {"type": "STATE", "value": STATE}],
        {"complete_at_end": "declared"},
    ),
}


@pytest.mark.parametrize(("code", "messages", "route"), NOT_DONE.values(), ids=NOT_DONE)
def test_what_is_not_removed_is_counted_with_the_reason(
    project: Project, caplog: pytest.LogCaptureFixture, code: str, messages: list[Message], route: dict[str, Any]
) -> None:
    project.load(version("list_members", 5, people(ANN, BOB, CAT)), **mirror())
    came = 0 if code == "nobody_named" else 1
    assert stopped(project.load.cut_off(messages, **mirror(**route))) == (code, 3 - came)
    assert project.holds.members("VIP") == {ANN, BOB, CAT}
    (line,) = (record for record in caplog.records if "Nothing is removed" in record.message)
    assert line.levelname == "WARNING"
    assert f"({code})" in line.message
    assert f" {3 - came} of 3 did not come. " in line.message
    assert line.message.endswith(REASONS[code].remedy)


@pytest.mark.parametrize(("code", "messages", "route"), NOT_DONE.values(), ids=NOT_DONE)
def test_a_run_can_fail_at_what_is_not_removed(
    project: Project, code: str, messages: list[Message], route: dict[str, Any]
) -> None:
    project.load(version("list_members", 5, people(ANN, BOB, CAT)), **mirror())
    with pytest.raises(RemovalsStoppedError, match=code):
        project.load.cut_off(messages, **mirror(**route), on_removals_stopped="fail")


def test_a_run_does_not_fail_where_nothing_is_missing(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    options: dict[str, Any] = mirror() | {"on_removals_stopped": "fail"}
    project.load(version("list_members", 5, people(ANN, BOB)), **options)
    assert stopped(project.load(version("list_members", 4, people(ANN, BOB)), **options)) == ("older_version", 0)
    assert "Nothing is removed" not in caplog.text


@pytest.mark.parametrize("messages", [early(1, people(ANN)), stream("list_members", people(ANN))])
def test_a_way_that_can_never_remove_anything_is_told_in_the_first_run(
    project: Project, caplog: pytest.LogCaptureFixture, messages: list[Message]
) -> None:
    code, missing = stopped(project.load(messages, **mirror()))
    assert (code in CONFIGURATION, missing) == (True, 0)
    assert "set `complete_at_end` of the route" in caplog.text


def test_too_many_removals_are_in_the_summary(project: Project) -> None:
    project.load(version("list_members", 5, people(*MANY)), **mirror())
    with pytest.raises(TooManyRemovalsError):
        project.load(version("list_members", 6, people(*MANY[30:])), **mirror(max_removals="20%"))
    assert stopped(project.load.streams) == ("too_many", 30)


def test_a_run_that_failed_says_that_nothing_was_removed(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    project.load(version("list_members", 5, people(ANN, BOB)), **mirror())
    project.sandbox.inject(route="POST /api/lists/subscribe", fault="generic_error", times=10)
    with pytest.raises(DeliveryFailedError):
        project.load(version("list_members", 6, people(CAT)), **mirror(), max_tries=1)
    assert stopped(project.load.streams) == ("failed", None)
    assert "Nothing is removed (failed): the run has failed." in caplog.text


def test_too_many_rejects_say_that_nothing_was_removed(project: Project) -> None:
    project.load(version("list_members", 5, people(ANN, BOB, age=1)), **mirror())
    with pytest.raises(TooManyRejectsError):
        project.load(version("list_members", 6, people(CAT, age="a text")), **mirror(), max_rejects=0)
    assert stopped(project.load.streams) == ("failed", None)


def test_a_run_that_is_asked_to_end_says_that_nothing_was_removed(project: Project, tmp_path: Path) -> None:
    project.load(version("list_members", 5, people(ANN, BOB)), **mirror())
    summary_path = {"summary_path": str(tmp_path / "summary.json")}
    with Interrupting.proxy(project.sandbox.url, 1, Moment.BEFORE, signal.SIGTERM) as proxy:
        messages = [*stream("list_members", people(CAT)), {"type": "STATE", "value": STATE}]
        assert started(project, tmp_path, proxy, messages, **mirror(**AT_END), **summary_path) == 0
    assert stopped(project.load.streams) == ("interrupted", None)


def test_a_mirrored_stream_that_did_not_come_is_told_with_what_it_has(
    project: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    streams = {"shop": VIPS, "never": VIPS, "club*": VIPS}
    project.load([*version("shop", 1, people(ANN, BOB)), *version("club", 1, people(CAT))], streams=streams)
    summary = project.load(stream("users", people(CAT)), streams=streams, on_removals_stopped="fail")
    assert stopped({"shop": summary["shop"]}) == ("not_come", 2)
    assert "shop: Nothing is removed (not_come): the stream did not come. 2 of 2 did not come." in caplog.text
    assert summary.keys() == {"users", "shop"}
    planned = project.load([], streams=streams, dry_run=True, dry_run_path=str(tmp_path / "plan"))
    assert stopped(planned) == ("not_come", 2)


def test_a_mirror_that_only_counts_stops_at_nothing(project: Project) -> None:
    options = mirror("users", on_removed="nothing")
    project.load(version("users", 1, people(ANN, BOB)), **options)
    assert stopped(project.load(version("users", 2, []), **options)) == (None, None)


def test_streams_that_are_no_mirrors_have_no_removals(project: Project) -> None:
    assert project.load(stream("users", people(ANN)))["users"]["removals"] is None


def test_names_that_cannot_be_read_are_counted_and_the_others_are_removed(project: Project, tmp_path: Path) -> None:
    project.load(version("list_members", 1, people(ANN, BOB, CAT)), **mirror())
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.begin() as connection:
        change = "UPDATE iterable_members SET sealed = x'00' WHERE key = (SELECT min(key) FROM iterable_members)"
        assert connection.execute(text(change)).rowcount == 1
    engine.dispose()
    summary = project.load(version("list_members", 2, people("new@example.com")), **mirror())
    counts = summary["list_members"]
    assert (counts["removed"], counts["not_removed"]) == (2, {"unreadableName": 1})
    assert len(project.holds.members("VIP")) == 2
    (entry,) = (entry for entry in project.load.audited if entry["outcome"] == "rejected")
    assert (entry["code"], entry["identity"]) == ("unreadableName", [])
