"""Measuring several subjects one after the other, over and over, so that a busy moment of the machine hits them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.measuring import Cost, middle

Subject = Callable[[int], Cost]
"""Moves so many records, and fails if not all of them arrived."""

FEW: Final = 1000
"""So few records take no time: what they cost is the start."""
_NOISE_SECONDS: Final = 0.05
"""Starts differ by more than this. What records cost beyond them cannot be told when it is less."""


@dataclass(frozen=True)
class Figures:
    """The medians of one subject at one size.

    Attributes:
        rate: records per second of wall time, once started. None if there were too few records to tell.
        cpu_seconds_per_million: of a million records, once started. None if there were too few records to tell.
        start_seconds: what a run with hardly any records takes.
        first_record_seconds: until the first record left, of a tap.
    """

    records: int
    rate: float | None
    cpu_seconds_per_million: float | None
    peak_mb: float | None
    start_seconds: float
    seconds: float
    first_record_seconds: float | None


def compare(subjects: Mapping[str, Subject], records: int, runs: int) -> dict[str, Figures]:
    """The figures of each subject, by name."""
    costs = _costs(subjects, (FEW, records), runs)
    return {name: _figures(records, costs[name, FEW], costs[name, records]) for name in subjects}


def growth(subject: Subject, sizes: Sequence[int], runs: int) -> list[Figures]:
    """The figures of one subject at each size."""
    costs = _costs({"": subject}, (FEW, *sizes), runs)
    return [_figures(size, costs["", FEW], costs["", size]) for size in sizes]


def _costs(subjects: Mapping[str, Subject], sizes: Sequence[int], runs: int) -> dict[tuple[str, int], Cost]:
    """The medians of each subject at each size."""
    costs: dict[tuple[str, int], list[Cost]] = {(name, size): [] for name in subjects for size in sizes}
    for _ in range(runs):
        for (name, size), measured in costs.items():
            measured.append(subjects[name](size))
    return {key: middle(measured) for key, measured in costs.items()}


def _figures(records: int, few: Cost, many: Cost) -> Figures:
    more = records - FEW
    seconds, cpu_seconds = _beyond(many.seconds, few.seconds), _beyond(many.cpu_seconds, few.cpu_seconds)
    return Figures(
        records=records,
        rate=None if seconds is None else more / seconds,
        cpu_seconds_per_million=None if cpu_seconds is None else cpu_seconds / more * 1_000_000,
        peak_mb=many.peak_mb,
        start_seconds=few.seconds,
        seconds=many.seconds,
        first_record_seconds=many.first_record_seconds,
    )


def _beyond(many: float, few: float) -> float | None:
    """What the records cost; None if that is lost in the noise of starts."""
    return many - few if many - few > _NOISE_SECONDS else None
