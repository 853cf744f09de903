"""Measures how fast Segment calls are written, beside another build of the target if there is one."""

from __future__ import annotations

import argparse
import shlex
from functools import partial
from typing import Any, Final

from benchmarks.arena import Arena
from benchmarks.comparing import Subject, compare
from benchmarks.report import Report
from benchmarks.segment.calls import CALLS, CallLoad
from benchmarks.subjects import targets

_ORDERS: Final = "order"


def measure(place: Arena, options: argparse.Namespace, report: Report) -> None:
    """Measure each load, in turns with the other build. Orders are sent one by one, so there are fewer of them."""
    for load in CALLS:
        records = options.requests if load.stream.startswith(_ORDERS) else options.records
        report.comparison(
            f"Segment: {load.stream}", compare(subjects(place, load, options.other), records, options.runs)
        )


def subjects(place: Arena, load: CallLoad, other: str = "") -> dict[str, Subject]:
    """This build, and the one whose command `other` is."""
    settings: dict[str, Any] = {"streams": {load.stream: load.route}}
    own = {"target-iterable": place.writing(partial(targets.ours, **settings), load)}
    if not other:
        return own
    return own | {other: place.writing(partial(targets.ours, program=shlex.split(other), **settings), load)}
