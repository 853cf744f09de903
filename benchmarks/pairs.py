"""What an addition costs: runs with it and without it take turns, and each pair gives a ratio."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from benchmarks.comparing import Subject
from benchmarks.measuring import Cost


@dataclass(frozen=True)
class Ratios:
    """Medians over the pairs: what a run with the addition takes, as a multiple of one without it.

    Attributes:
        instructions: None unless they were counted.
        without_seconds: what a run without it takes.
    """

    records: int
    seconds: float
    cpu_seconds: float
    instructions: float | None
    without_seconds: float


def paired(without: Subject, with_it: Subject, records: int, runs: int) -> Ratios:
    """Compare two subjects. Which of the two is first changes from pair to pair."""
    pairs = [_pair(without, with_it, records, is_swapped=bool(number % 2)) for number in range(runs)]
    counted = [(one.instructions, other.instructions) for one, other in pairs]
    ratios = [other / one for one, other in counted if one is not None and other is not None]
    return Ratios(
        records,
        seconds=median(other.seconds / one.seconds for one, other in pairs),
        cpu_seconds=median(other.cpu_seconds / one.cpu_seconds for one, other in pairs),
        instructions=median(ratios) if ratios else None,
        without_seconds=median(one.seconds for one, _ in pairs),
    )


def _pair(without: Subject, with_it: Subject, records: int, *, is_swapped: bool) -> tuple[Cost, Cost]:
    if is_swapped:
        other = with_it(records)
        return without(records), other
    return without(records), with_it(records)
