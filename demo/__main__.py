"""`python -m demo`: run the main job and show what moved."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from demo.iterable import Seed
from demo.job import run
from demo.pipelines import PipelineFailedError
from demo.processes import exit_on_sigterm
from demo.report import show, tell


def main() -> int:
    """0 if every pair of counts agrees, 1 if one does not or a pipeline failed."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(".demo"), help="where everything is kept for the next run")
    parser.add_argument("--users", type=int, default=Seed.users)
    parser.add_argument("--events", type=int, default=Seed.events)
    options = parser.parse_args()
    exit_on_sigterm()
    console = Console()
    seed = Seed(users=options.users, events=options.events)
    try:
        result = run(options.folder.resolve(), seed, lambda text: console.print(f"· {text}"))
    except PipelineFailedError as error:
        console.print(str(error), style="red")
        return 1
    show("Out of Iterable", result.extracted, console)
    show("Into Iterable", result.activated, console)
    if result.insights:
        tell(result.insights, console)
    return 0 if all(line.agrees for line in (*result.extracted, *result.activated)) else 1


if __name__ == "__main__":
    sys.exit(main())
