"""Which findings of a run are told, so that a pipeline that runs every five minutes does not send a message each time.

A condition is told when it begins, once a day while it lasts, and when all are over. One that comes back within an hour
of the last message about it waits until that hour has passed; if it is over by then, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from iterable_runs.alerts.conditions import RECOVERED, Finding

HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR


@dataclass(frozen=True)
class Told:
    """What is remembered of a condition. Moments are microseconds since 1970.

    Attributes:
        since: when it began; None if it does not hold.
        told_at: when a message about it was last sent; None if none was.
    """

    since: int | None
    told_at: int | None

    @property
    def is_open(self) -> bool:
        """Whether it holds, and a message has said so."""
        return self.since is not None and self.told_at is not None and self.told_at >= self.since

    def is_due(self, now: int) -> bool:
        """Whether a message about it is due, if it holds."""
        if self.told_at is None:
            return True
        return now - self.told_at >= (DAY if self.is_open else HOUR)


_NEVER: Final = Told(None, None)


@dataclass(frozen=True)
class Decision:
    """What is to be done at the end of a run.

    Attributes:
        findings: what the message is about; empty if it says that all is well again.
        sends: whether there is a message.
        after: condition -> what to remember, if there was nothing to send or it could not be sent.
        after_sending: the same, if it was sent.
    """

    findings: Sequence[Finding]
    sends: bool
    after: Mapping[str, Told]
    after_sending: Mapping[str, Told]


def decide(
    findings: Sequence[Finding], before: Mapping[str, Told], wanted: Collection[str], now: int, *, succeeded: bool
) -> Decision:
    """Decide what is told.

    Args:
        findings: what was found in the run.
        before: condition -> what is remembered of it.
        wanted: the conditions of `alert_on`.
        now: the end of the run.
        succeeded: whether it did everything. Another run is no proof that a condition is over.
    """
    found = {finding.condition for finding in findings}
    held = {name: told for name, told in before.items() if not succeeded or name in found}
    over = {name: Told(None, told.told_at) for name, told in before.items() if name not in held}
    for name in found:
        known = before.get(name, _NEVER)
        held[name] = Told(known.since if known.since is not None else now, known.told_at)
    if succeeded and not found and RECOVERED in wanted and any(told.is_open for told in before.values()):
        return Decision(findings, sends=True, after=before, after_sending=over)
    sends = any(held[name].is_due(now) for name in found)
    told = {name: Told(held[name].since, now) for name in found}
    return Decision(findings, sends, after=held | over, after_sending=held | over | told)
