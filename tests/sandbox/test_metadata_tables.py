"""Metadata tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def put(http: Http, path: str, value: Any) -> int:
    return http.send("PUT", f"/api/metadata/{path}", {"value": value}).status_code


def keys(http: Http, table: str) -> list[str]:
    results = http.get(f"/api/metadata/{table}").json()["results"]
    return [entry["key"] for entry in results]


def test_a_value_comes_back_with_its_size_and_time() -> None:
    with opened(clock=StoppedClock(NOW)) as http:
        assert put(http, "Rates/EUR", {"rate": 0.92}) == 200
        entry = {"table": "Rates", "key": "EUR", "size": 13, "lastModified": int(NOW.timestamp() * 1000)}
        assert http.get("/api/metadata").json() == {"results": [{"name": "Rates"}]}
        assert http.get("/api/metadata/Rates").json() == {"results": [entry]}
        assert http.get("/api/metadata/Rates/EUR").json() == entry | {"value": {"rate": 0.92}}


def test_tables_are_the_same_in_any_case_and_keys_are_not(http: Http) -> None:
    put(http, "Rates/a", {"n": 1})
    put(http, "RATES/A", {"n": 2})
    put(http, "rates/a", {"n": 3})
    assert http.get("/api/metadata").json() == {"results": [{"name": "Rates"}]}
    values = {key: http.get(f"/api/metadata/rAtEs/{key}").json()["value"]["n"] for key in "aA"}
    assert values == {"a": 3, "A": 2}


def test_keys_come_in_pages_by_marker() -> None:
    with opened(metadata_page=3) as http:
        for number in range(7):
            put(http, f"t/k{number}", {})
        found, marker, pages = [], "", 0
        while marker is not None:
            page = http.get("/api/metadata/t", nextMarker=marker).json()
            found += [entry["key"] for entry in page["results"]]
            marker, pages = page.get("nextMarker"), pages + 1
        assert (found, pages) == ([f"k{number}" for number in range(7)], 3)


def test_a_full_last_page_has_no_marker() -> None:
    with opened(metadata_page=3) as http:
        for number in range(3):
            put(http, f"t/k{number}", {})
        assert "nextMarker" not in http.get("/api/metadata/t").json()


def test_keys_and_tables_can_be_deleted(http: Http) -> None:
    for path in ("a/x", "a/y", "b/z"):
        put(http, path, {})
    assert http.send("DELETE", "/api/metadata/a/x").status_code == 200
    assert keys(http, "a") == ["y"]
    assert http.get("/api/metadata/a/x").status_code == 404
    assert http.send("DELETE", "/api/metadata/a").status_code == 200
    assert http.get("/api/metadata").json() == {"results": [{"name": "b"}]}
    assert keys(http, "a") == []


@pytest.mark.parametrize("path", ["a-b/x", "a/b.c", "a/b%20c"])
def test_names_and_keys_are_alphanumeric(http: Http, path: str) -> None:
    assert put(http, path, {}) == 400
    assert http.get("/api/metadata").json() == {"results": []}


@pytest.mark.parametrize("value", [5, None, {"text": "x" * 30_000}])
def test_a_value_is_an_object_of_thirty_kilobytes_at_most(http: Http, value: Any) -> None:
    assert put(http, "a/b", value) == 400
