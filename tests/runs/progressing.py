"""`python -m tests.runs.progressing PLUGIN`: a process that shows the progress of a run, step by step.

It reads a step from each line of standard input, and writes `done` to standard output after each: `log TEXT`, `error
TEXT` (to the standard error itself), `snapshot SECONDS NAME=READ[/SHARE] ...`, and `end`.
"""

from __future__ import annotations

import logging
import sys

from iterable_runs.progress.observer import ProgressObserver
from iterable_runs.store.facts import RunEnd, StreamFacts
from iterable_runs.store.statuses import SUCCEEDED
from iterable_runs.store.totals import Totals
from iterable_runs.store.writer import News
from tests.runs.endings import START, target_run


def _stream(word: str) -> StreamFacts:
    name, _, rest = word.partition("=")
    read, _, share = rest.partition("/")
    return StreamFacts(
        name, Totals(read=int(read), requests=int(read != "0")), share_done=float(share) if share else None
    )


def main() -> None:
    """Take the steps."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s", level=logging.INFO)
    observer = ProgressObserver()
    observer.on_start(target_run(plugin=sys.argv[1]))
    for line in sys.stdin:
        step, _, rest = line.rstrip("\n").partition(" ")
        if step == "log":
            logging.getLogger("a.library").info(rest)
        elif step == "error":
            sys.stderr.write(f"{rest}\n")
        elif step == "snapshot":
            seconds, *streams = rest.split()
            observer.on_snapshot(News(START + int(seconds) * 1_000_000, [_stream(word) for word in streams]))
        elif step == "end":
            observer.on_end(News(START, [], end=RunEnd(SUCCEEDED, 0, "", START)))
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
