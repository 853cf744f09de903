"""How a run stands: a word and a sign for each status, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from iterable_runs.store.statuses import FAILED, INTERRUPTED, RUNNING, SUCCEEDED


@dataclass(frozen=True)
class Status:
    """A status as it is shown.

    Attributes:
        kind: its name in URLs, classes and JSON.
        sign: a sign that goes with the word.
        word: the status in a word or two.
        note: a few words more, for the list.
        advice: what it means and what to do, for the run's own page; empty where nothing is to be done.
        is_bad: whether somebody should look.
    """

    kind: str
    sign: str
    word: str
    note: str = ""
    advice: str = ""
    is_bad: bool = False

    @property
    def is_running(self) -> bool:
        """Whether the run still goes on."""
        return self.kind == RUNNING


REJECTS: Final = "rejects"
KILLED: Final = "killed"
SILENCE: Final = timedelta(seconds=60)
"""A run that notes nothing for so long, and has not said that it ends, was killed. Runs note something every few."""

STATUSES: Final[Mapping[str, Status]] = MappingProxyType(
    {
        status.kind: status
        for status in (
            Status(RUNNING, "▶", "running"),
            Status(SUCCEEDED, "✓", "succeeded"),
            Status(
                REJECTS,
                "!",
                "succeeded, with rejects",
                advice="The run has done its work, but some records were rejected. Look at the reasons below, fix the "
                "cause, and replay the rejects.",
            ),
            Status(
                FAILED,
                "✗",
                "failed",
                advice="The run ended with an error. Nothing is lost: the next run goes on from the last state. Fix "
                "the cause first; docs/troubleshooting.md has every error by its text.",
                is_bad=True,
            ),
            Status(
                INTERRUPTED,
                "■",
                "interrupted",
                advice="Somebody, or a scheduler, has asked the run to end (Ctrl-C or SIGTERM). The next run goes on "
                "from the last state.",
            ),
            Status(
                KILLED,
                "✗",
                "killed",
                note="no longer heard of",
                advice="The run has noted nothing for some time and has not said that it ends: it was killed (for "
                "example for its memory), or its machine went down, or it can no longer reach the run history. The "
                "next run goes on from the last state.",
                is_bad=True,
            ),
        )
    }
)
