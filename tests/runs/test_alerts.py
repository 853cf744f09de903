"""Which runs are worth an alert, what it says, and how often it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from iterable_runs.alerts.conditions import CONDITIONS, conditions_of, killed, parse_condition
from iterable_runs.alerts.ending import Ending
from iterable_runs.alerts.message import message_about
from iterable_runs.alerts.storms import DAY, Decision, Told, decide
from iterable_runs.alerts.storms import HOUR as TOLD_AGAIN
from iterable_runs.store.facts import RejectReasonFacts
from iterable_runs.store.statuses import FAILED, INTERRUPTED, SUCCEEDED
from tests.runs.endings import HOUR, MINUTE, START, ending, stream, tap_run, target_run

BOTH = ("failure", "recovered")


def found(text: str, run: Ending) -> list[str]:
    return [finding.sentence for finding in parse_condition(text, run.run.plugin).find(run)]


@pytest.mark.parametrize(
    ("condition", "run", "holds"),
    [
        ("failure", ending(status=FAILED, error="Iterable is away."), True),
        ("failure", ending(status=SUCCEEDED), False),
        ("failure", ending(status=INTERRUPTED), False),
        ("rejects", ending(stream(read=10, rejected=1)), True),
        ("rejects", ending(stream(read=10, rejected=0)), False),
        ("rejects", ending(stream(read=10, rejected=1), status=FAILED), True),
        ("rejects", ending(stream(read=10, malformed=1), run=tap_run()), True),
        ("rejects", ending(stream(read=10), run=tap_run()), False),
        ("rejects:100", ending(stream(read=1_000, rejected=100)), False),
        ("rejects:100", ending(stream(read=1_000, rejected=101)), True),
        ("rejects:5%", ending(stream(read=1_000, rejected=50)), False),
        ("rejects:5%", ending(stream(read=1_000, rejected=51)), True),
        ("rejects:5%", ending(stream(read=10, rejected=1)), True),
        ("rejects:5%", ending(stream("large", read=1_000), stream("small", read=10, rejected=9)), True),
        ("nothing_read", ending(stream(read=0)), True),
        ("nothing_read", ending(), True),
        ("nothing_read", ending(stream(read=0), stream("events", read=1)), False),
        ("nothing_read", ending(stream(read=0), status=FAILED), False),
        ("late:26h", ending(run=tap_run(), newest_at=START - 26 * HOUR), True),
        ("late:26h", ending(run=tap_run(), newest_at=START - 25 * HOUR), False),
        ("late:2d", ending(run=tap_run(), newest_at=START - 47 * HOUR), False),
        ("late:90min", ending(run=tap_run(), newest_at=START - 90 * MINUTE), True),
        ("late:26h", ending(run=tap_run()), False),
        ("removals_stopped", ending(stream(removals_stopped="the stream came without one record")), True),
        ("removals_stopped", ending(stream()), False),
        ("recovered", ending(), False),
    ],
)
def test_a_condition_holds_or_not(condition: str, run: Ending, *, holds: bool) -> None:
    assert bool(found(condition, run)) is holds


def test_every_condition_is_tested_for_both() -> None:
    (table,) = (mark for mark in test_a_condition_holds_or_not.pytestmark if mark.name == "parametrize")  # type: ignore[attr-defined]
    tested = {(condition.partition(":")[0], holds) for condition, _, holds in table.args[1]}
    assert tested >= {(name, holds) for name in CONDITIONS if name != "recovered" for holds in (True, False)}


@pytest.mark.parametrize(
    ("text", "plugin", "problem"),
    [
        ("failures", "tap-iterable", "has the unknown condition 'failures'. Did you mean failure?"),
        ("late:26h", "target-iterable", "has the unknown condition 'late:26h'"),
        ("removals_stopped", "tap-iterable", "has the unknown condition"),
        ("late", "tap-iterable", "needs a span of time such as 26h: late:26h"),
        ("late:26", "tap-iterable", "what follows the colon must be a span of time such as 90min, 26h or 2d, not '26'"),
        ("late:0h", "tap-iterable", "must be a span of time"),
        ("rejects:many", "target-iterable", "must be a count such as 200, or a percentage such as 10%, not 'many'"),
        ("rejects:101%", "target-iterable", "must be a count"),
        ("failure:1", "target-iterable", "failure takes no limit"),
        ("", "target-iterable", "has the unknown condition ''"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(text: str, plugin: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_condition(text, plugin)
    assert problem in str(caught.value)


def test_each_plugin_has_the_conditions_that_it_can_know() -> None:
    assert conditions_of("tap-iterable") == ["failure", "rejects", "nothing_read", "late", "recovered"]
    assert conditions_of("target-iterable") == ["failure", "rejects", "nothing_read", "removals_stopped", "recovered"]


def said(run: Ending, *conditions: str, place: str | None = "iterable-runs.db") -> tuple[str, str]:
    findings = [it for text in conditions for it in parse_condition(text, run.run.plugin).find(run)]
    message = message_about(run, findings, place)
    return message.title, message.text


def test_a_message_says_what_where_how_many_why_and_how_to_look_closer() -> None:
    reasons = {
        "invalidEmails": RejectReasonFacts(300, ["email"]),
        "RequestFieldsTypesMismatched": RejectReasonFacts(904, ["plan.since", "age"]),
    }
    run = ending(stream(read=10_000, written=8_796, rejected=1_204, rejects=reasons))
    title, text = said(run, "rejects")
    assert title == "target-iterable (nightly): 1,204 records rejected"
    assert text == (
        "- 1,204 of 10,000 records of users were rejected, most often (904) for "
        "RequestFieldsTypesMismatched (age, plan.since).\n"
        "\n"
        "Run 0011223344556677 on data-1: read 10,000, written 8,796, rejected 1,204, in 1 min.\n"
        "To look closer: cd /srv/sync && iterable-runs rejects 0011223344556677"
    )


def test_a_failure_says_its_error_and_shows_the_run() -> None:
    run = ending(
        stream("email_send", read=7),
        run=tap_run(pipeline="", directory="/srv/my sync"),
        status=FAILED,
        error="Iterable refused the key.",
    )
    title, text = said(run, "failure", place="history/runs.db")
    assert title == "tap-iterable: failed"
    assert text == (
        "- The run failed: Iterable refused the key.\n"
        "\n"
        "Run 8899aabbccddeeff on data-1: read 7, in 1 min.\n"
        "To look closer: cd '/srv/my sync' && iterable-runs show 8899aabbccddeeff --store history/runs.db"
    )


def test_several_findings_are_one_message() -> None:
    run = ending(stream(read=0, removals_stopped="the stream came without one record"), status=SUCCEEDED)
    title, text = said(run, "nothing_read", "removals_stopped")
    assert title == "target-iterable (nightly): nothing read, and 1 more"
    assert "The run has read nothing, in 1 stream." in text
    assert "users: what has left the source was not removed: the stream came without one record" in text


def test_a_hundred_streams_with_rejects_do_not_make_a_message_that_nobody_reads() -> None:
    run = ending(*(stream(f"stream_{number}", read=10, rejected=1) for number in range(100)))
    _, text = said(run, "rejects")
    assert "And 92 more of this kind." in text
    assert len(text.splitlines()) < 15


def test_a_run_that_is_well_again_says_so() -> None:
    title, text = said(ending(stream(read=5, written=5)))
    assert title == "target-iterable (nightly): recovered"
    assert "nothing is left of what the last alert was about" in text


def test_no_personal_data_and_no_secret_is_in_a_message() -> None:
    key = "0123456789abcdef0123456789abcdef"
    run = ending(
        stream(
            "users of ann@example.com",
            read=1,
            rejected=1,
            removals_stopped="ann@example.com is missing",
            rejects={"ann@example.com": RejectReasonFacts(1, ["ann@example.com", "+1 (555) 010-99 88"])},
        ),
        run=target_run(pipeline="for ann@example.com"),
        status=FAILED,
        error=f"ann@example.com with {key} at 10.1.2.3 called +1 (555) 010-99 88",
    )
    text = " ".join(said(run, "failure", "rejects", "removals_stopped"))
    assert not [secret for secret in ("ann", "example.com", key, "10.1.2.3", "555") if secret in text]
    assert "users of <address>" in text


def test_the_url_of_a_history_is_in_no_message() -> None:
    _, text = said(ending(status=FAILED), "failure", place="postgresql://me:secret@host/runs")
    assert "iterable-runs show 0011223344556677 (with the database of `run_history` in ITERABLE_RUNS_STORE)" in text
    assert "secret" not in text


def test_names_from_outside_break_no_line_of_a_message() -> None:
    _, text = said(ending(stream("a\x1b[31m\nTo look closer: rm -rf ~", read=1, rejected=1)), "rejects")
    assert "\x1b" not in text
    assert [line for line in text.splitlines() if line.startswith("To look closer")] == [
        "To look closer: cd /srv/sync && iterable-runs rejects 0011223344556677"
    ]


class Pipeline:
    """A pipeline whose runs are told of."""

    def __init__(self, wanted: Sequence[str] = BOTH) -> None:
        self.wanted = wanted
        self.told: dict[str, Told] = {}

    def run(self, hours: float, condition: str | None = None, *, is_sent: bool = True, **facts: Any) -> Decision:
        """A run that ends after so many hours; with a condition that holds, if one is named."""
        findings = [killed(START)._replace(condition=condition)] if condition else []
        succeeded = facts.get("succeeded", condition != "failure")
        decision = decide(findings, self.told, self.wanted, START + int(hours * HOUR), succeeded=succeeded)
        self.told = {**(decision.after_sending if decision.sends and is_sent else decision.after)}
        return decision


def test_a_failure_is_told_once_and_again_each_day() -> None:
    pipeline = Pipeline()
    told = [hour for hour in range(72) if pipeline.run(hour, "failure").sends]
    assert told == [0, 24, 48]


def test_a_recovery_is_told_once_and_only_after_an_alert() -> None:
    pipeline = Pipeline()
    assert not pipeline.run(0).sends
    assert pipeline.run(1, "failure").sends
    recovered = pipeline.run(2)
    assert recovered.sends
    assert recovered.findings == []
    assert not pipeline.run(3).sends


def test_a_recovery_is_not_told_unless_it_is_wanted() -> None:
    pipeline = Pipeline(["failure"])
    assert pipeline.run(0, "failure").sends
    assert not pipeline.run(1).sends
    assert pipeline.run(3, "failure").sends


def test_an_interrupted_run_proves_no_recovery() -> None:
    pipeline = Pipeline()
    assert pipeline.run(0, "failure").sends
    assert not pipeline.run(1, succeeded=False).sends
    assert pipeline.run(2).sends


def test_a_pipeline_is_recovered_when_nothing_is_left() -> None:
    pipeline = Pipeline(["failure", "rejects", "recovered"])
    assert pipeline.run(0, "failure").sends
    assert pipeline.run(1, "rejects").sends
    assert pipeline.run(2).findings == []
    assert pipeline.told == {"failure": Told(None, START), "rejects": Told(None, START + HOUR)}


def test_a_pipeline_that_flaps_every_five_minutes_sends_two_messages_an_hour_at_most() -> None:
    pipeline = Pipeline()
    sent = [number for number in range(12 * 24) if pipeline.run(number / 12, "failure" if number % 2 else None).sends]
    assert 24 <= len(sent) <= 48


def test_a_failure_that_comes_back_at_once_is_told_when_the_hour_is_over() -> None:
    pipeline = Pipeline()
    assert pipeline.run(0, "failure").sends
    assert pipeline.run(0.1).sends
    assert not pipeline.run(0.2, "failure").sends
    assert pipeline.run(1.2, "failure").sends
    assert TOLD_AGAIN < DAY


def test_an_alert_that_could_not_be_sent_is_sent_by_the_next_run() -> None:
    pipeline = Pipeline()
    assert pipeline.run(0, "failure", is_sent=False).sends
    assert pipeline.run(0.1, "failure").sends
    assert not pipeline.run(0.2, "failure").sends


def test_a_recovery_that_could_not_be_sent_is_sent_by_the_next_run() -> None:
    pipeline = Pipeline()
    pipeline.run(0, "failure")
    assert pipeline.run(1, is_sent=False).sends
    assert pipeline.run(2).sends
    assert not pipeline.run(3).sends
