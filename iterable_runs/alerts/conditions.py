"""The conditions of `alert_on`: a table of pure rules over the end of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from iterable_api.plugin.threshold import Threshold
from iterable_runs.alerts.ending import Ending
from iterable_runs.alerts.limits import COUNT, SPAN, LimitKind, Span
from iterable_runs.presentation import formats
from iterable_runs.presentation.escaping import safe
from iterable_runs.store.facts import StreamFacts

TAP: Final = "tap"
TARGET: Final = "target"
RECOVERED: Final = "recovered"
FAILURE: Final = "failure"


class Finding(NamedTuple):
    """A condition that holds.

    Attributes:
        condition: its name.
        headline: in a few words, for the title.
        sentence: what, where and how many. Nothing of it is personal.
    """

    condition: str
    headline: str
    sentence: str


@dataclass(frozen=True)
class Condition:
    """A condition.

    Attributes:
        find: the findings of a run. Its second argument is the limit; None for conditions without one.
        meaning: when it holds, in words.
        limit: what may stand behind a colon; None if nothing may.
        forms: how it can be written, where that is not its name alone.
        of: the plugins that have it.
    """

    find: Callable[[Ending, Any], Iterator[Finding]]
    meaning: str
    limit: LimitKind | None = None
    forms: Sequence[str] = ()
    of: tuple[str, ...] = (TAP, TARGET)


def _failure(ending: Ending, _: None) -> Iterator[Finding]:
    if ending.has_failed:
        yield Finding(FAILURE, "failed", f"The run failed: {safe(ending.end.error) or 'the log has the error'}")


def killed(heard_of_at: int) -> Finding:
    """The finding that the run before was killed, which it could not tell itself."""
    return Finding(
        FAILURE,
        "a run was killed",
        f"The run before was last heard of at {_at(heard_of_at)}, and has not said that it ends: it was killed, or its "
        "machine went down, or it could no longer reach the run history. This run goes on from the last state.",
    )


def _rejects(ending: Ending, limit: Threshold) -> Iterator[Finding]:
    for stream in ending.streams:
        totals = stream.totals
        if totals.rejected and limit.is_exceeded(totals.rejected, totals.read, minimum=0):
            yield Finding(
                "rejects",
                f"{formats.count_of(totals.rejected, 'record')} rejected",
                f"{totals.rejected:,} of {formats.count_of(totals.read, 'record')} of {safe(stream.name)} "
                f"{'was' if totals.rejected == 1 else 'were'} rejected{_commonest(stream)}.",
            )
        lines = totals.read + (totals.malformed or 0)
        if totals.malformed and limit.is_exceeded(totals.malformed, lines, minimum=0):
            yield Finding(
                "rejects",
                formats.count_of(totals.malformed, "malformed line"),
                f"{totals.malformed:,} of {formats.count_of(lines, 'line')} of {safe(stream.name)} "
                f"{'is' if totals.malformed == 1 else 'are'} malformed, and kept in `malformed_directory`.",
            )


def _commonest(stream: StreamFacts) -> str:
    if not stream.rejects:
        return ""
    code, reason = max(stream.rejects.items(), key=lambda item: item[1].count)
    fields = ", ".join(safe(field) for field in sorted(reason.fields)[:_MOST_FIELDS])
    often = "" if reason.count == stream.totals.rejected else f"most often ({reason.count:,}) "
    return f", {often}for {safe(code)}{f' ({fields})' if fields else ''}"


def _nothing_read(ending: Ending, _: None) -> Iterator[Finding]:
    if ending.has_succeeded and not ending.totals.read:
        streams = formats.count_of(len(ending.streams), "stream")
        yield Finding("nothing_read", "nothing read", f"The run has read nothing, in {streams}.")


def _late(ending: Ending, limit: Span) -> Iterator[Finding]:
    if ending.newest_at is not None and ending.end.at - ending.newest_at > limit.microseconds:
        age = formats.span((ending.end.at - ending.newest_at) / 1_000_000)
        yield Finding(
            "late",
            f"the newest row is {age} old",
            f"The newest row that was read is of {_at(ending.newest_at)}, {age} ago; {limit.text} is the limit.",
        )


def _removals_stopped(ending: Ending, _: None) -> Iterator[Finding]:
    for stream in ending.streams:
        if stream.removals_stopped:
            yield Finding(
                "removals_stopped",
                "removals stopped",
                f"{safe(stream.name)}: what has left the source was not removed: {safe(stream.removals_stopped)}",
            )


def _nothing(_ending: Ending, _: None) -> Iterator[Finding]:
    """That a pipeline has recovered follows from the alerts before, not from the run alone: see `memory`."""
    yield from ()


def _at(moment: int) -> str:
    return f"{formats.moment(datetime.fromtimestamp(moment / 1_000_000, UTC))} UTC"


_MOST_FIELDS: Final = 5

CONDITIONS: Final[Mapping[str, Condition]] = MappingProxyType(
    {
        FAILURE: Condition(_failure, "The run failed, or the one before was killed."),
        "rejects": Condition(
            _rejects,
            "Any record of a stream was rejected, more than 100, or more than 5 % of those read. Of the tap: lines of "
            "an export that are no records.",
            COUNT,
            ("rejects", "rejects:100", "rejects:5%"),
        ),
        "nothing_read": Condition(_nothing_read, "The run succeeded, and has read nothing in any stream."),
        "late": Condition(
            _late,
            "The newest row of all streams, in this run or those before, is older than that.",
            SPAN,
            ("late:26h", "late:90min", "late:2d"),
            (TAP,),
        ),
        "removals_stopped": Condition(
            _removals_stopped, "Members that have left the source of a mirrored stream were not removed.", of=(TARGET,)
        ),
        RECOVERED: Condition(_nothing, "A run succeeded, and nothing is left of what alerts have told before."),
    }
)


@dataclass(frozen=True)
class Wanted:
    """A condition with its limit, as a setting asks for it."""

    name: str
    limit: Any

    def find(self, ending: Ending) -> list[Finding]:
        """What it finds in a run."""
        return [*CONDITIONS[self.name].find(ending, self.limit)]


def conditions_of(plugin: str) -> list[str]:
    """The names of the conditions that a plugin has."""
    kind = plugin.partition("-")[0]
    return [name for name, condition in CONDITIONS.items() if kind in condition.of]


def parse_condition(text: str, plugin: str) -> Wanted:
    """Parse `failure`, `rejects:5%` and so on.

    Raises:
        ValueError: saying what it must be.
    """
    name, colon, rest = text.strip().partition(":")
    valid = conditions_of(plugin)
    if name not in valid:
        nearest = get_close_matches(name, valid, n=1, cutoff=0.5)
        hint = f" Did you mean {nearest[0]}?" if nearest else ""
        raise ValueError(f"has the unknown condition {text!r}.{hint} It can be {', '.join(valid)}")
    kind = CONDITIONS[name].limit
    if kind is None:
        if colon:
            raise ValueError(f"has {text!r}, but {name} takes no limit")
        return Wanted(name, None)
    if not colon:
        if kind.default is None:
            raise ValueError(f"has {text!r}, which needs {kind.examples}: {name}:26h")
        return Wanted(name, kind.default)
    try:
        return Wanted(name, kind.parse(rest))
    except ValueError as error:
        raise ValueError(f"has {text!r}: what follows the colon {error}") from None
