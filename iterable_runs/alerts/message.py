"""The one message about a run: title and text."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from iterable_api.storage.paths import sqlite_file
from iterable_runs.alerts.conditions import FAILURE, RECOVERED, Finding
from iterable_runs.alerts.ending import Ending
from iterable_runs.presentation import formats
from iterable_runs.presentation.escaping import printable, safe
from iterable_runs.presentation.totals import columns_of
from iterable_runs.store.facts import RunStart
from iterable_runs.store.places import DEFAULT_PLACE

_MOST_SENTENCES: Final = 8
"""A run may have hundreds of streams with rejects; a message that nobody reads says less than a short one."""
_COUNTS: Final = ("read", "written", "unchanged", "rejected", "removed", "malformed")


@dataclass(frozen=True)
class Message:
    """What is sent.

    Attributes:
        kind: how services that have colours show it.
    """

    title: str
    text: str
    kind: Literal["failure", "warning", "success"]


def message_about(ending: Ending, findings: Sequence[Finding], place: str | None) -> Message:
    """The message about what was found in a run; without findings, that it is well again.

    Args:
        ending: the run.
        findings: what was found.
        place: the run history; None if there is none.
    """
    run, totals = ending.run, ending.totals
    is_about_rejects = bool(findings and totals.rejected) and all(it.condition == "rejects" for it in findings)
    lines = [
        *_sentences(findings),
        "",
        f"Run {run.id} on {safe(run.host)}: {_counts(ending)}.",
        _advice(run, place, f"{'rejects' if is_about_rejects else 'show'} {run.id}"),
    ]
    return Message(_title(run, findings), "\n".join(lines), _kind(findings))


def message_about_killed(run: RunStart, finding: Finding, place: str) -> Message:
    """The message of a run about the one before it, which was killed."""
    lines = [*_sentences([finding]), "", _advice(run, place, "list --status killed")]
    return Message(_title(run, [finding]), "\n".join(lines), "failure")


def _title(run: RunStart, findings: Sequence[Finding]) -> str:
    headlines = [*dict.fromkeys(finding.headline for finding in findings)] or [RECOVERED]
    more = f", and {len(headlines) - 1} more" if len(headlines) > 1 else ""
    return f"{run.plugin}{f' ({safe(run.pipeline)})' if run.pipeline else ''}: {headlines[0]}{more}"


def _kind(findings: Sequence[Finding]) -> Literal["failure", "warning", "success"]:
    if not findings:
        return "success"
    return "failure" if any(finding.condition == FAILURE for finding in findings) else "warning"


def _sentences(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        yield "The run has succeeded, and nothing is left of what the last alert was about."
    for finding in findings[:_MOST_SENTENCES]:
        yield f"- {finding.sentence}"
    if len(findings) > _MOST_SENTENCES:
        yield f"- And {len(findings) - _MOST_SENTENCES:,} more of this kind."


def _counts(ending: Ending) -> str:
    totals = ending.totals
    counts = [
        f"{column.title.lower()} {column.text(totals)}"
        for column in columns_of(ending.run.plugin)
        if column.name in _COUNTS and column.value(totals) is not None
    ]
    took = formats.span((ending.end.at - ending.run.started_at) / 1_000_000)
    return ", ".join([*counts, f"in {took}"])


def _advice(run: RunStart, place: str | None, command: str) -> str:
    """The command that shows more. A URL of a database is never in it."""
    if place is None:
        return "To look closer, see the log of the run. With `run_history` it would leave more."
    path = sqlite_file(place)
    if path is None:
        return f"To look closer: iterable-runs {command} (with the database of `run_history` in ITERABLE_RUNS_STORE)"
    store = "" if path == DEFAULT_PLACE else f" --store {shlex.quote(path)}"
    return printable(f"To look closer: cd {shlex.quote(run.directory)} && iterable-runs {command}{store}")
