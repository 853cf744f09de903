"""Reasons why members that have left the source of a mirrored stream stay in Iterable, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, NamedTuple


class RunEnding(Enum):
    """End of a run. The values are codes of `REASONS`; the one of a complete run is empty."""

    COMPLETE = ""
    """All of the input was read and delivered."""
    INTERRUPTED = "interrupted"
    POSTPONED = "postponed"
    FAILED = "failed"


EMPTY_SOURCE: Final = "empty_source"
UNNAMED_RECORDS: Final = "unnamed_records"
NOBODY_NAMED: Final = "nobody_named"
ONLY_TOMBSTONES: Final = "only_tombstones"
NO_VERSION: Final = "no_version"
EARLY_VERSION: Final = "early_version"
OLDER_VERSION: Final = "older_version"
NO_STATE: Final = "no_state"
UNFINISHED_STATE: Final = "unfinished_state"
END_NOT_DECLARED: Final = "end_not_declared"
FEWER_THAN_USUAL: Final = "fewer_than_usual"
TOO_MANY: Final = "too_many"
DAILY_CAP: Final = "daily_cap"
STREAM_ABSENT: Final = "not_come"

_SET_COMPLETE_AT_END: Final = "If the tap always reads the whole stream, set `complete_at_end` of the route."
_NEXT_RUN: Final = "The next complete run goes on."


class _StopReason(NamedTuple):
    cause: str
    remedy: str


REASONS: Final[Mapping[str, _StopReason]] = MappingProxyType(
    {
        EMPTY_SOURCE: _StopReason(
            "the stream came without one record",
            "Look whether the source is right. If it may be empty, set `allow_empty` of the route.",
        ),
        STREAM_ABSENT: _StopReason("the stream did not come", "Look whether the tap still has it under this name."),
        UNNAMED_RECORDS: _StopReason(
            "of some records nobody can say what they are about, so they may be about what seems to have left",
            "See the rejects.",
        ),
        NOBODY_NAMED: _StopReason(
            "no record names what it is about", "Look whether the column with the identity has another name now."
        ),
        ONLY_TOMBSTONES: _StopReason(
            "only rows came that the source has deleted, which says nothing about all others", "That may well be right."
        ),
        NO_VERSION: _StopReason("no ACTIVATE_VERSION came", _SET_COMPLETE_AT_END),
        EARLY_VERSION: _StopReason(
            "ACTIVATE_VERSION came before the records of its version, as from all taps of Singer's SDK, so it does "
            "not say that all of them have come",
            _SET_COMPLETE_AT_END,
        ),
        OLDER_VERSION: _StopReason(
            "the version is not newer than the last one that was complete",
            "Look whether the tap gives each version a higher number.",
        ),
        NO_STATE: _StopReason(
            "no STATE came behind the last record, so the tap may have ended too early",
            "If it has not, let it declare its end: see docs/mirroring.md.",
        ),
        UNFINISHED_STATE: _StopReason(
            "the last STATE says that the tap was still reading the stream", "Look at the tap's log."
        ),
        END_NOT_DECLARED: _StopReason(
            "the tap has not declared its end, as `complete_at_end: declared` asks for", "Look at the tap's log."
        ),
        FEWER_THAN_USUAL: _StopReason(
            "far fewer came than usual, so the tap may have ended too early",
            "If the source is right, raise `max_shrinkage` of the route for one run, or let the tap declare its end: "
            "see docs/mirroring.md.",
        ),
        TOO_MANY: _StopReason(
            "that is more than `max_removals` allows", "If the source is right, raise it for one run."
        ),
        DAILY_CAP: _StopReason("Iterable takes no more removals today", _NEXT_RUN),
        RunEnding.INTERRUPTED.value: _StopReason("the run was asked to end", _NEXT_RUN),
        RunEnding.POSTPONED.value: _StopReason("Iterable takes no more records today", _NEXT_RUN),
        RunEnding.FAILED.value: _StopReason("the run has failed", "Fix the cause and run again."),
    }
)
CONFIGURATION: Final = frozenset({NO_VERSION, EARLY_VERSION})
"""Codes of reasons that hold in each run until the settings change."""
_EXPECTED: Final = frozenset({ONLY_TOMBSTONES})
"""Codes of reasons that are nothing out of the ordinary: they are in the summary, not in the log."""

_TOLD_BY_THE_END: Final = frozenset({RunEnding.INTERRUPTED.value, RunEnding.FAILED.value})
"""Codes of reasons that say no more than how the run has ended."""


@dataclass(frozen=True)
class RemovalStop:
    """Fact that missing members were not removed, or not all of them.

    Attributes:
        code: key of `REASONS`.
        missing: number of members that did not come; None if it is unknown.
        total: number of members; None if it is unknown.
        is_logged: whether the log has it already.
    """

    code: str
    missing: int | None = None
    total: int | None = None
    is_logged: bool = False

    @property
    def matters(self) -> bool:
        """Whether a member stays that would have been removed, as far as known."""
        return self.missing != 0

    @property
    def is_worth_telling(self) -> bool:
        """Whether somebody should hear of it beside how the run has ended."""
        return self.matters and self.code not in _EXPECTED | _TOLD_BY_THE_END

    @property
    def should_log(self) -> bool:
        """Whether it is to be logged now."""
        return not self.is_logged and self.code not in _EXPECTED and (self.matters or self.code in CONFIGURATION)

    def __str__(self) -> str:
        cause, remedy = REASONS[self.code]
        count = "" if self.missing is None else f"{self.missing:,} of {self.total:,} did not come. "
        return f"Nothing is removed ({self.code}): {cause}. {count}{remedy}"

    def as_dict(self) -> dict[str, Any]:
        """Return its members in the summary."""
        return {"not_done": self.code, "would_have_left": self.missing}
