"""The bench of limits counts what servers saw of whole runs. How long they took decides nothing here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from benchmarks.arena import RecordsMissingError
from benchmarks.limited import Limited, counting
from benchmarks.limited_sandbox import API_KEY, limited_sandbox
from benchmarks.limits import RECORDS, least_requests, least_seconds, least_seconds_of_exports, main, write
from benchmarks.rows import CATALOG, LOADS

pytestmark = pytest.mark.more

FEW = 12
MANY = 30


def _at_once(ask: Callable[[], int]) -> Counter[int]:
    """The answers to so many requests that no machine is slow enough to keep to four a minute with them."""
    with ThreadPoolExecutor(MANY) as pool:
        return Counter(pool.map(lambda _: ask(), range(MANY)))


def test_each_part_measures_whole_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "results.json"
    main(["--scale", "0.0001", "--streams", "2", "--json", str(kept)])
    results = json.loads(kept.read_text())
    assert [(one["part"], one["streams"], one.get("max_batch_rows")) for one in results] == [
        *(("target", stream, most) for stream in RECORDS for most in (None, 1000)),
        *[("ledger", "users", 1000)] * 2,
        *(("sandbox", stream, 1000) for stream in [*RECORDS, "users, events, catalog_items"]),
        ("tap", 2, None),
    ]
    assert all(one["refused"] == 0 and one["seconds"] > 0 for one in results)
    assert [one["requests"] for one in results] == [1] * 11 + [3, 2]
    assert [one["ledger"] for one in results if one["part"] == "ledger"] == [False, True]
    assert "part tap  streams 2" in capsys.readouterr().out


@pytest.mark.parametrize("stream", RECORDS)
def test_the_sandbox_tells_what_was_written(stream: str) -> None:
    with limited_sandbox() as server:
        span = write(server, {stream: FEW}, max_batch_rows=5)
        assert (span.records, span.requests + span.refused) == (FEW, 3)
        state = requests.get(f"{server.url}/_sandbox/state", timeout=10).json()
    stored = {
        "users": state["users"],
        "events": state["events"].get("customEvent"),
        "catalog_items": sum(catalog["items"] for catalog in state["catalogs"]),
    }
    assert stored[stream] == FEW


def test_the_sandbox_tells_what_it_refused() -> None:
    def forget(server: Limited) -> int:
        body, headers = {"email": "a@example.com"}, {"Api-Key": API_KEY}
        return requests.post(f"{server.url}/api/users/forget", json=body, headers=headers, timeout=60).status_code

    with limited_sandbox() as server:
        statuses = _at_once(lambda: forget(server))
        span = server.span()
    assert (span.requests, span.refused) == (statuses[200], statuses[429])
    assert sum(statuses.values()) == MANY


def test_exports_beyond_the_limit_are_refused() -> None:
    with counting() as server:
        url = f"{server.url}/rows/3/api/export/data.json"
        statuses = _at_once(lambda: requests.get(url, timeout=60).status_code)
        span = server.span()
    assert (span.requests, span.refused) == (statuses[200], statuses[429])
    assert span.requests >= 4
    assert span.refused > 0


def test_a_run_that_loses_records_is_an_error() -> None:
    @contextmanager
    def losing() -> Iterator[Limited]:
        with counting() as server:
            yield replace(server, span=lambda: replace(server.span(), records=FEW - 1))

    with losing() as server, pytest.raises(RecordsMissingError, match=f"instead of {FEW}"):
        write(server, {"users": FEW})


def test_so_many_requests_hold_all_records() -> None:
    assert least_requests("users", 100_000, 8_000_001) == 3
    assert least_requests("catalog_items", 2001, 10) == 3


def test_limits_say_what_requests_take_at_least() -> None:
    assert least_seconds({"users": 100}) == pytest.approx(20.2)
    assert CATALOG in LOADS["catalog_items"].path
    assert least_seconds({"catalog_items": 50}) == pytest.approx(0.7)
    assert least_seconds_of_exports(53) == pytest.approx(735.2)
    assert least_seconds_of_exports(2) == pytest.approx(0.2)


@pytest.mark.parametrize("arguments", [["--scale", "0"], ["--scale", "much"], ["--streams", "0"], ["--streams", "99"]])
def test_sizes_that_measure_nothing_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
