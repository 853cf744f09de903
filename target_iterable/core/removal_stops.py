"""Why what has left the source of a mirrored stream stays in Iterable: each reason once, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, NamedTuple


class RunEnding(Enum):
    """How a run has ended; the values are codes of `REASONS`."""

    WHOLE = ""
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
    why: str
    to_do: str


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
"""Reasons that will hold in each run until the settings change."""
_EXPECTED: Final = frozenset({ONLY_TOMBSTONES})
"""Reasons that are nothing out of the ordinary, so that only the summary has them."""


@dataclass(frozen=True)
class RemovalStop:
    """That nothing was removed, or not all of it.

    Attributes:
        code: of `REASONS`.
        missing: how many things did not come that the stream has put into Iterable; None if that is not known.
        total: how many it has put there; None if that is not known.
        is_told: whether the log has it already.
    """

    code: str
    missing: int | None = None
    total: int | None = None
    is_told: bool = False

    @property
    def matters(self) -> bool:
        """Whether something stays that would have been removed, as far as is known."""
        return self.missing != 0

    @property
    def is_to_tell(self) -> bool:
        """Whether the log should have it now."""
        return not self.is_told and self.code not in _EXPECTED and (self.matters or self.code in CONFIGURATION)

    def __str__(self) -> str:
        why, to_do = REASONS[self.code]
        count = "" if self.missing is None else f"{self.missing:,} of {self.total:,} did not come. "
        return f"Nothing is removed ({self.code}): {why}. {count}{to_do}"

    def as_dict(self) -> dict[str, Any]:
        """For the summary."""
        return {"not_done": self.code, "would_have_left": self.missing}
