"""`python -m benchmarks.scale`: the soak, and how time grows with projects."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from benchmarks.scale import growth
from benchmarks.scale.soak import Plan, soak


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the arguments ask for."""
    options = _parser().parse_args(arguments)
    options.run(options)


def _soak(options: argparse.Namespace) -> None:
    outcome = soak(Plan(**{field.name: getattr(options, field.name) for field in fields(Plan)}))
    print(outcome)  # noqa: T201 (this is its output)
    if options.json:
        options.json.write_text(json.dumps(asdict(outcome), indent=2) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.scale", description=__doc__)
    parts = parser.add_subparsers(required=True)
    part = parts.add_parser("soak", help="kill workers, restart the database, and check what is left")
    part.set_defaults(run=_soak)
    plan = Plan()
    growing = parts.add_parser("growth", help="the time for 1 to 8 projects on 1 to 8 workers")
    growing.set_defaults(run=lambda options: growth.main(options.requests, options.json))
    growing.add_argument("--requests", type=int, default=120, help="of each project; five a second")
    growing.add_argument("--json", type=Path, help="where the points are written")
    for name in (
        "processes",
        "projects",
        "events",
        "users",
        "chunk",
        "seed",
        "kill_after_states",
        "most_rows",
        "most_buffered",
    ):
        part.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(plan, name))
    part.add_argument("--kill-every", type=float, default=plan.kill_every, help="seconds between two kills")
    part.add_argument("--json", type=Path, help="where the outcome is written")
    return parser


if __name__ == "__main__":
    main()
