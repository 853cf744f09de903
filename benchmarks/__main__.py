"""`python -m benchmarks`: measure, show, and keep the results."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import batch, batch_in, webhooks
from benchmarks.arena import Arena, arena
from benchmarks.comparing import FEW, Subject, compare, growth
from benchmarks.measuring import counted, middle, run
from benchmarks.mirror import bench as mirror
from benchmarks.pairs import paired
from benchmarks.report import Report
from benchmarks.rows import Load
from benchmarks.scale import growth as scale
from benchmarks.segment import bench as segment
from benchmarks.subjects import taps, targets
from benchmarks.subjects.sandbox import ROUTES
from benchmarks.warehouse import bench as warehouse

Part = Callable[[Arena, argparse.Namespace, Report], None]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the arguments ask for."""
    options = _parser().parse_args(arguments)
    report = Report()
    with arena() as place:
        for part in options.parts or [part for part in PARTS if part not in _BY_NAME_ONLY]:
            PARTS[part](place, options, report)
    if options.json:
        report.write(options.json)


def _taps(place: Arena, options: argparse.Namespace, report: Report) -> None:
    subjects = {name: place.tap(tap) for name, tap in taps.TAPS.items()}
    subjects |= {peer: place.tap(place.peer(peer)) for peer in options.peer}
    report.comparison("Reading an export", compare(subjects, options.rows, options.runs))


def _batch(place: Arena, options: argparse.Namespace, report: Report) -> None:
    batch.measure(place, options.rows, options.runs, report)
    own = batch.subjects(place)
    _growth({f"batch files, {name}": own[name] for name in batch.FORMATS}, options, report)


def _batch_in(place: Arena, options: argparse.Namespace, report: Report) -> None:
    batch_in.measure(place, options.records, options.runs, report)
    _growth(
        {f"BATCH files into the target, {name}": it for name, it in batch_in.subjects(place).items()}, options, report
    )


def _targets(place: Arena, options: argparse.Namespace, report: Report) -> None:
    subjects = {name: place.target(target) for name, target in targets.TARGETS.items()}
    report.comparison("Writing events", compare(subjects, options.records, options.runs))


def _ledger(place: Arena, options: argparse.Namespace, report: Report) -> None:
    subjects = {"target-iterable, skip_unchanged": place.target(targets.WITH_LEDGER, "users")}
    subjects |= {name: place.target(target, "users") for name, target in targets.TARGETS.items()}
    report.comparison("Writing users with a ledger", compare(subjects, options.records, options.runs))


def _wide(place: Arena, options: argparse.Namespace, report: Report) -> None:
    """Users with ten of 400 columns."""
    named = {**targets.TARGETS, "target-iterable": targets.ROUTED}
    subjects = {name: place.target(target, "wide_users") for name, target in named.items()}
    report.comparison("Writing users with few of many fields", compare(subjects, options.records, options.runs))


def _lists(place: Arena, options: argparse.Namespace, report: Report) -> None:
    """Members of 5,000 lists, where no two records behind each other are about the same list."""
    subjects = {"target-iterable, members of 5,000 lists": place.target(targets.ours, "list_members")}
    report.comparison("Writing members of alternating lists", compare(subjects, options.records, options.runs))


def _requests(place: Arena, options: argparse.Namespace, report: Report) -> None:
    """Records that need a request each."""
    subjects = {
        "target-iterable, messages with a ledger": place.target(targets.ALLOWED_TO_SEND, "messages"),
        "target-iterable, carts": place.target(targets.ours, "carts"),
    }
    report.comparison("Writing records with a request each", compare(subjects, options.requests, options.runs))


def _history(place: Arena, options: argparse.Namespace, report: Report) -> None:
    """The run history, which is on by default, against none. With `--instructions`, these are counted."""

    def tap(export: taps.Export, folder: Path, **settings: str) -> list[str]:
        command = taps.ours(export, folder, **settings)
        return counted(command) if options.instructions else command

    def target(url: str, load: Load, folder: Path, **settings: str) -> list[str]:
        command = targets.ours(url, load, folder, **settings)
        return counted(command) if options.instructions else command

    without, with_it = place.tap(partial(tap, run_history="")), place.tap(tap)
    ratios = {"tap-iterable": paired(without, with_it, options.rows, options.runs)}
    without, with_it = place.target(partial(target, run_history="")), place.target(target)
    ratios["target-iterable"] = paired(without, with_it, options.records, options.runs)
    without = place.target(partial(target, run_history="", max_rejects="100%"), broken=True)
    with_it = place.target(partial(target, max_rejects="100%"), broken=True)
    ratios["target-iterable, every 20th record rejected"] = paired(without, with_it, options.records, options.runs)
    report.additions("What the run history costs", ratios)


def _tap_growth(place: Arena, options: argparse.Namespace, report: Report) -> None:
    _growth({"tap-iterable": place.tap(taps.ours)}, options, report)


def _target_growth(place: Arena, options: argparse.Namespace, report: Report) -> None:
    subjects = {
        "target-iterable": place.target(targets.ours),
        "target-iterable, skip_unchanged": place.target(targets.WITH_LEDGER, "users"),
        "target-iterable, every 20th record rejected": place.target(targets.WITH_REJECTS, broken=True),
    }
    _growth(subjects, options, report)


def _sandbox_growth(_place: Arena, options: argparse.Namespace, report: Report) -> None:
    _growth({f"the sandbox's {path}": subject for path, subject in ROUTES.items()}, options, report)


def _growth(subjects: Mapping[str, Subject], options: argparse.Namespace, report: Report) -> None:
    for name, subject in subjects.items():
        report.growth(f"Growth of {name}", growth(subject, options.sizes, options.growth_runs))


def _webhooks(place: Arena, options: argparse.Namespace, report: Report) -> None:
    for store, figures in webhooks.measure(place.folder, webhooks.Run(options.seconds), options.runs).items():
        report.webhooks(store, figures, webhooks.ratio(figures))


def _scale(place: Arena, options: argparse.Namespace, report: Report) -> None:
    scale.bench(place, options.requests_of_a_project, report)


def _starts(place: Arena, options: argparse.Namespace, report: Report) -> None:
    measured = {
        name: middle([run(command, place.folder) for _ in range(options.runs)]).seconds
        for name, command in _STARTS.items()
    }
    report.seconds("Start-up", measured)


_STARTS: Final = {
    f"{name} {flag}": (*program, flag)
    for name, program in (("tap-iterable", taps.PROGRAM), ("target-iterable", targets.PROGRAM))
    for flag in ("--version", "--about")
}
PARTS: Final[dict[str, Part]] = {
    "tap": _taps,
    "batch": _batch,
    "batch-in": _batch_in,
    "target": _targets,
    "ledger": _ledger,
    "wide": _wide,
    "lists": _lists,
    "requests": _requests,
    "segment": segment.measure,
    "history": _history,
    "start": _starts,
    "tap-growth": _tap_growth,
    "target-growth": _target_growth,
    "sandbox-growth": _sandbox_growth,
    "webhooks": _webhooks,
    "warehouse": warehouse.measure,
    "mirror": mirror.measure,
    "scale": _scale,
}

_BY_NAME_ONLY: Final = ("warehouse", "scale")
"""Parts that take a quarter of an hour, and need databases and a package index."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    parts = f"of {', '.join(PARTS)}; by default all but {', '.join(_BY_NAME_ONLY)}"
    parser.add_argument("parts", nargs="*", metavar="part", help=parts)
    parser.add_argument("--rows", type=_size, default=200_000, help="rows that taps read")
    parser.add_argument("--records", type=_size, default=100_000, help="records that targets write")
    parser.add_argument("--requests", type=_size, default=6_000, help="records that need a request each")
    parser.add_argument("--requests-of-a-project", type=_count, default=120, help="of the part scale; five a second")
    parser.add_argument("--runs", type=_count, default=5, help="runs of each subject; medians count")
    parser.add_argument("--instructions", action="store_true", help="count those of the part history, by valgrind")
    parser.add_argument("--seconds", type=_count, default=2, help="how long each receiver of webhooks is sent to")
    parser.add_argument("--sizes", type=_sizes, default=(10_000, 100_000), help="sizes of the growth curves: 10000,...")
    parser.add_argument("--growth-runs", type=_count, default=1, help="runs at each size of the growth curves")
    parser.add_argument("--peer", action="append", default=[], help="another tap's command; {url} is the API's")
    parser.add_argument("--build", type=Path, help="a folder with another build and its .venv, for the part mirror")
    parser.add_argument("--mirror-sizes", type=_sizes, default=(), help="sizes of all mirrors, in place of their own")
    parser.add_argument(
        "--other", default="", help="the command of another build of target-iterable, for the part segment"
    )
    parser.add_argument("--json", type=Path, help="where the results are written")
    return parser


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(map(_size, text.split(",")))


def _size(text: str) -> int:
    """What so many records cost beyond the start is measured, so they must be more than those of a mere start."""
    return _count(text, FEW + 1)


def _count(text: str, least: int = 1) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text} is not a number from {least} on")
    return int(text)


if __name__ == "__main__":
    main()
