"""How much of Iterable's limits a run of the target uses: `make bench-limits`. It takes minutes.

The server keeps the documented limits as the sandbox does, in real time, and answers after 200 ms. Otherwise it only
counts: the sandbox takes longer to store a record than the limits allow, so that the sandbox would be measured.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from benchmarks.measuring import run
from benchmarks.rows import CATALOG, LOADS, Load
from benchmarks.server import Handler, serve, serving
from benchmarks.subjects import targets
from iterable_api.limits import MAX_BODY_BYTES, MAX_CATALOG_ITEMS, limits_of
from iterable_sandbox.clock import Clock
from iterable_sandbox.limits import Buckets

LATENCY: Final = 0.2
RECORDS: Final = {"users": 100_000, "events": 100_000, "catalog_items": 50_000}
_SPAN: Final = "/span"


@dataclass(frozen=True)
class Span:
    """What the server saw of one run.

    Attributes:
        refused: requests that came too early.
        seconds: from the first request to the last answer.
    """

    requests: int
    refused: int
    bytes: int
    seconds: float


class LimitedHandler(Handler):
    """Takes its time, and refuses what is beyond the limits."""

    _buckets: ClassVar[Buckets] = Buckets(Clock())
    _seen: ClassVar[dict[str, float]] = {}

    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        """Tell what was seen since this was last asked, beside what the server tells anyway."""
        if self.path != _SPAN:
            super().do_GET()
            return
        with self.lock:
            seen = dict(self._seen)
            self._seen.clear()
        self.answer({**seen, "seconds": seen["last"] - seen["first"]})

    def do_POST(self) -> None:  # noqa: N802 (the library's name)
        """Take a request, or refuse it."""
        accepted = self._arrive()
        time.sleep(LATENCY)
        if accepted:
            super().do_POST()
        else:
            self.rfile.read(self._length)
            self.send_error(429)
        with self.lock:
            self._seen["last"] = time.monotonic()

    def _arrive(self) -> bool:
        with self.lock:
            fits = self._buckets.admit("POST", _template(self.path), "")
            self._seen.setdefault("first", time.monotonic())
            for what, more in (("requests", fits), ("refused", not fits), ("bytes", fits * self._length)):
                self._seen[what] = self._seen.get(what, 0) + more
        return fits

    @property
    def _length(self) -> int:
        return int(self.headers["Content-Length"])


def _template(path: str) -> str:
    return path.replace(CATALOG, "{catalogName}")


def _serve(pipe: Connection) -> None:
    serve(pipe, LimitedHandler)


def least_requests(stream: str, records: int, size: int) -> int:
    """So many requests hold all records, when each is full to the documented bound."""
    by_bytes = math.ceil(size / MAX_BODY_BYTES)
    return max(by_bytes, math.ceil(records / MAX_CATALOG_ITEMS)) if stream == "catalog_items" else by_bytes


def least_seconds(load: Load, requests: int) -> float:
    """What so many requests take at least: the limits, and the way of the last one."""
    return max(requests / limit.count * limit.seconds for limit in limits_of("POST", _template(load.path))) + LATENCY


def measure(stream: str, records: int, **settings: Any) -> Span:
    """Write so many records of one stream."""
    load = LOADS[stream]
    with serving(_serve) as server, TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        messages = folder / "messages.singer"
        with messages.open("wb") as file:
            file.writelines(load.blocks(records))
        command = targets.ours(server.url, load, folder, enforce_rate_limits=True, **settings)
        run(command, folder, messages)
        return _span(server.url)


def _span(url: str) -> Span:
    connection = HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", _SPAN)
    seen = json.loads(connection.getresponse().read())
    connection.close()
    return Span(seen["requests"], seen.get("refused", 0), seen["bytes"], seen["seconds"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each stream with full bodies, and with 1,000 records in each."""
    parser = argparse.ArgumentParser("make bench-limits", description=__doc__)
    parser.add_argument("--json", type=Path, help="where the results are written")
    options = parser.parse_args(arguments)
    results = [_result(stream, records, most) for stream, records in RECORDS.items() for most in (None, 1000)]
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


def _result(stream: str, records: int, most: int | None) -> dict[str, Any]:
    span = measure(stream, records, max_batch_rows=most)
    least = math.ceil(records / most) if most else least_requests(stream, records, span.bytes)
    allowed = least_seconds(LOADS[stream], least)
    result = {
        "stream": stream,
        "records": records,
        "max_batch_rows": most,
        "requests": span.requests,
        "least_requests": least,
        "refused": span.refused,
        "seconds": round(span.seconds, 2),
        "least_seconds": round(allowed, 2),
        "ratio": round(span.seconds / allowed, 3),
    }
    print("  ".join(f"{name} {value}" for name, value in result.items()))  # noqa: T201 (this is its output)
    return result


if __name__ == "__main__":
    main()
