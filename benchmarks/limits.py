"""How much of Iterable's limits runs of the plugins use: `make bench-limits`. It takes a quarter of an hour.

The servers keep the documented limits in real time, and answer after 200 ms. One only counts, so that it is never
what is waited for; the other is the sandbox, which stores what it takes.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.arena import check
from benchmarks.limited import LATENCY, Limited, Span, counting, template
from benchmarks.limited_sandbox import limited_sandbox
from benchmarks.limited_tap import ROWS, STREAMS, export
from benchmarks.measuring import run
from benchmarks.rows import LOADS
from benchmarks.subjects import targets
from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import MAX_BODY_BYTES, MAX_CATALOG_ITEMS

RECORDS: Final = {"users": 100_000, "events": 100_000, "catalog_items": 50_000}
_PER_REQUEST: Final = 1000
_EXPORT: Final = "/api/export/data.json"
_Result = dict[str, Any]


def least_requests(stream: str, records: int, size: int) -> int:
    """So many requests hold all records, when each is full to the documented bound."""
    by_bytes = math.ceil(size / MAX_BODY_BYTES)
    return max(by_bytes, math.ceil(records / MAX_CATALOG_ITEMS)) if stream == "catalog_items" else by_bytes


def least_seconds(requests: Mapping[str, int]) -> float:
    """What so many requests of each stream take at least, one after the other: the limits, and the way of the last."""
    return sum(_seconds_within_limits(stream, count) for stream, count in requests.items()) + LATENCY


def _seconds_within_limits(stream: str, requests: int) -> float:
    limits = facts_of("POST", template(LOADS[stream].path)).limits
    return max(requests / limit.count * limit.seconds for limit in limits)


def least_seconds_of_exports(requests: int) -> float:
    """The same, but those that the limit lets through at once take no time: there are so few that they matter."""
    limits = facts_of("GET", _EXPORT).limits
    return max(max(requests - limit.count, 0) / limit.count * limit.seconds for limit in limits) + LATENCY


def write(server: Limited, records: Mapping[str, int], **settings: Any) -> Span:
    """Write so many records of each stream, one stream behind the other.

    Raises:
        RecordsMissingError: if they did not all arrive.
    """
    loads = [LOADS[stream] for stream in records]
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        messages = folder / "messages.singer"
        with messages.open("wb") as file:
            for load, count in zip(loads, records.values(), strict=True):
                file.writelines(load.blocks(count))
        command = targets.ours(server.url, loads[0], folder, enforce_rate_limits=True, **settings)
        run(command, folder, messages)
    span = server.span()
    check(sum(records.values()), span.records)
    return span


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the arguments ask for."""
    options = _parser().parse_args(arguments)
    results = []
    for part in options.parts or PARTS:
        for measured in PARTS[part](options):
            result = {"part": part, **measured}
            print("  ".join(f"{name} {value}" for name, value in result.items()))  # noqa: T201 (this is its output)
            results.append(result)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


def _targets(options: argparse.Namespace) -> Iterator[_Result]:
    """Each stream with full bodies, and with 1,000 records in each."""
    return (_written(counting, [stream], options.scale, most) for stream in RECORDS for most in (None, _PER_REQUEST))


def _sandbox(options: argparse.Namespace) -> Iterator[_Result]:
    """Each stream by itself, and all of them in one run."""
    runs = [*([stream] for stream in RECORDS), list(RECORDS)]
    return (_written(limited_sandbox, loads, options.scale, _PER_REQUEST) for loads in runs)


def _ledger(options: argparse.Namespace) -> Iterator[_Result]:
    """Users without a ledger and with one, one after the other, since only the difference counts.

    All users are new to it, so all of them are looked up, claimed, sent and kept.
    """
    settings: Mapping[str, Any]
    for settings in ({}, targets.SKIPPING):
        measured = _written(counting, ["users"], options.scale, _PER_REQUEST, **settings)
        yield {"ledger": bool(settings), **measured}


def _written(
    serving: Callable[[], AbstractContextManager[Limited]],
    loads: Sequence[str],
    scale: float,
    most: int | None,
    **settings: Any,
) -> _Result:
    """One run. Without `most` rows in a request it has one stream, of which all its bytes are."""
    records = {stream: max(1, round(RECORDS[stream] * scale)) for stream in loads}
    with serving() as server:
        span = write(server, records, max_batch_rows=most, **settings)
    least = {
        stream: math.ceil(count / most) if most else least_requests(stream, count, span.bytes)
        for stream, count in records.items()
    }
    allowed = least_seconds(least)
    return {
        "streams": ", ".join(loads),
        "records": sum(records.values()),
        "max_batch_rows": most,
        "requests": span.requests,
        "least_requests": sum(least.values()),
        "refused": span.refused,
        "seconds": round(span.seconds, 2),
        "least_seconds": round(allowed, 2),
        "ratio": round(span.seconds / allowed, 3),
    }


def _tap(options: argparse.Namespace) -> Iterator[_Result]:
    streams = STREAMS[: options.streams]
    with counting() as server, TemporaryDirectory(prefix="bench-") as folder:
        check(len(streams) * ROWS, export(server.url, streams, Path(folder)))
        span = server.span()
    allowed = least_seconds_of_exports(span.requests)
    yield {
        "streams": len(streams),
        "requests": span.requests,
        "refused": span.refused,
        "seconds": round(span.seconds, 2),
        "least_seconds": round(allowed, 2),
        "share": round(allowed / span.seconds, 3),
    }


PARTS: Final[dict[str, Callable[[argparse.Namespace], Iterator[_Result]]]] = {
    "target": _targets,
    "ledger": _ledger,
    "sandbox": _sandbox,
    "tap": _tap,
}
"""What writes to the server that counts, also with a ledger; what writes to the sandbox, and what reads."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make bench-limits", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; by default all")
    parser.add_argument("--scale", type=_positive, default=1.0, help="0.1 writes a tenth of the records")
    numbers = range(1, len(STREAMS) + 1)
    how_many = "how many streams the tap reads; by default all"
    parser.add_argument("--streams", type=int, choices=numbers, default=numbers[-1], metavar="NUMBER", help=how_many)
    parser.add_argument("--json", type=Path, help="where the results are written")
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not more than nothing")
    return number


if __name__ == "__main__":
    main()
