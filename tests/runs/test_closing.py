"""The last line of a run says what it did, and what to look at."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest

from iterable_runs.recording.closing import log_closing
from iterable_runs.store.facts import RejectReasonFacts, RunEnd, RunStart, StreamFacts
from iterable_runs.store.statuses import FAILED, INTERRUPTED, SUCCEEDED
from iterable_runs.store.totals import Totals

GOOD = StreamFacts("users", Totals(read=8, written=8, unchanged=0, rejected=0))
BAD = StreamFacts(
    "events",
    Totals(read=5, written=3, unchanged=0, rejected=2),
    rejects_path="rejects/events.singer",
    rejects={"reservedField": RejectReasonFacts(2)},
)
STOPPED = StreamFacts("lists", Totals(read=1, written=1), removals_stopped="too many have left")


def closing(
    caplog: pytest.LogCaptureFixture,
    streams: Sequence[StreamFacts],
    *,
    plugin: str = "target-iterable",
    end: tuple[str, int] = (SUCCEEDED, 0),
    dry_run: bool = False,
) -> list[tuple[str, str]]:
    run = RunStart("1", plugin, "0", "", "host", "/", started_at=0, dry_run=dry_run)
    with caplog.at_level(logging.INFO):
        log_closing(run, RunEnd(*end, error="", at=3_200_000), streams)
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_a_good_run_says_how_long_it_took_and_how_much_it_moved(caplog: pytest.LogCaptureFixture) -> None:
    assert closing(caplog, [GOOD]) == [("INFO", "Done in 3.2 s: read 8, written 8.")]


def test_rejects_are_a_warning_that_names_stream_file_and_command(caplog: pytest.LogCaptureFixture) -> None:
    said = (
        "Done in 3.2 s: read 13, written 11, rejected 2. Look at events: `iterable-runs show` says why. "
        "Rejects are in rejects/events.singer: fix the cause, and send them by `target-iterable --input FILE`."
    )
    assert closing(caplog, [GOOD, BAD]) == [("WARNING", said)]


def test_removals_that_were_stopped_are_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    [(level, said)] = closing(caplog, [STOPPED])
    assert level == "WARNING"
    assert "What has left the source of lists was not removed: a warning above says why." in said


def test_malformed_lines_are_a_warning_of_the_tap(caplog: pytest.LogCaptureFixture) -> None:
    streams = [StreamFacts("email_open", Totals(read=7, windows=1, malformed=1))]
    [(level, said)] = closing(caplog, streams, plugin="tap-iterable")
    assert level == "WARNING"
    assert said.startswith("Done in 3.2 s: read 7, windows 1, malformed lines 1. Look at email_open: `iterable-runs")


def test_a_dry_run_says_last_that_nothing_was_written(caplog: pytest.LogCaptureFixture) -> None:
    [(_, said)] = closing(caplog, [GOOD], dry_run=True)
    assert said.startswith("Dry run, done in 3.2 s, and nothing was written to Iterable: read 8")


def test_an_interrupted_run_says_that_the_next_one_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    [(_, said)] = closing(caplog, [GOOD], end=(INTERRUPTED, 0))
    assert said.startswith("Interrupted after 3.2 s; the next run goes on from the state of this one: read 8")


def test_a_failed_run_leaves_the_last_line_to_its_error(caplog: pytest.LogCaptureFixture) -> None:
    for status in (FAILED, INTERRUPTED):
        assert closing(caplog, [BAD], end=(status, 1)) == []
