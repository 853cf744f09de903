"""Random records, random bad ones among them, random failures on the way: the project ends as a model says."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iterable_api.client import IterableClient
from iterable_api.limits import Unlimited
from iterable_sandbox.server import Sandbox
from tests.target.loading import Contents, Loader, Message, stream

people = st.sampled_from([f"{n}@example.com" for n in range(6)])
bad_people = st.sampled_from(["nobody", "", None])
typed = st.one_of(st.integers(0, 99), st.integers(0, 99), st.just("a text"))
users = st.fixed_dictionaries({"email": people | people | people | bad_people, "age": typed, "plan": st.text("abc")})
events = st.fixed_dictionaries(
    {"email": people, "eventName": st.sampled_from(["seen", "bought"]), "price": typed, "place": st.text("abc")}
)
faults = st.lists(
    st.sampled_from(
        [
            {"fault": "rate_limit"},
            {"fault": "generic_error"},
            {"fault": "gateway", "status": 503},
            {"fault": "reset_before"},
            {"fault": "reset_after"},
            {"fault": "cut", "bytes": 9},
            {"fault": "end_early", "bytes": 9},
            {"fault": "answer", "status": 413},
            {"fault": "answer", "status": 408},
        ]
    ),
    max_size=4,
)

_TYPES: list[Message] = [
    *stream("users", [{"email": "first@example.com", "age": 1, "plan": "x"}]),
    *stream("events", [{"email": "first@example.com", "eventName": name, "price": 1} for name in ("seen", "bought")]),
]


@pytest.fixture(autouse=True, scope="module")
def _no_waiting() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        quick = partial(IterableClient, first_wait=0.001, longest_wait=0.002)
        patch.setattr("target_iterable.real_run.IterableClient", quick)
        yield


def numbered(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**record, "n": n} for n, record in enumerate(records)]


def rejects(directory: Path) -> dict[str, dict[int, str]]:
    """Stream -> number of the record -> code."""
    found: dict[str, dict[int, str]] = {"users": {}, "events": {}}
    for file in directory.glob("*.singer"):
        for message in map(json.loads, file.read_text().splitlines()):
            if message["type"] == "RECORD":
                found[message["stream"]][message["record"]["n"]] = message["reject"]["code"]
    return found


@settings(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(users, max_size=25), st.lists(events, max_size=40), faults, st.integers(2, 12), st.integers(1, 6))
def test_the_project_ends_as_a_model_says(
    people: list[dict[str, Any]], things: list[dict[str, Any]], plan: list[dict[str, Any]], rows: int, width: int
) -> None:
    people, things = numbered(people), numbered(things)
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        load = Loader(sandbox, Path(folder))
        load(_TYPES)
        planned = [sandbox.inject(route="POST *", **fault) for fault in plan]
        options = {"max_batch_rows": rows, "max_in_flight": width, "max_rejects": "100%"}
        summary = load([*stream("users", people), *stream("events", things)], **options)
        client = IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())
        refused, holds = rejects(load.rejects_directory), Contents(client)
        too_large = sum(fault.struck for fault in planned if fault.shown().get("status") == 413)
        _check_verdicts(summary, {"users": people, "events": things}, refused, too_large)
        _check_users(holds, [record for record in people if record["n"] not in refused["users"]])
        _check_events(holds, [record for record in things if record["n"] not in refused["events"]])
        batches = ceil(len(things) / rows) + ceil((len(people) + len(things)) / (10 * rows)) + 1
        assert summary["events"]["requests"] <= 2 * batches + 4 * too_large
        client.close()


def _check_verdicts(
    summary: dict[str, Any], given_: dict[str, list[dict[str, Any]]], refused: dict[str, dict[int, str]], too_large: int
) -> None:
    """Every record has its one verdict, and those that are bad are rejected, with nobody else."""
    for name, counts in summary.items():
        assert counts["read"] == counts["written"] + counts["rejected"] == len(given_[name])
        assert counts["reasons"] == Counter(refused[name].values())
        bad = {record["n"] for record in given_[name] if _is_bad(record)}
        fallen = {number for number, code in refused[name].items() if code == "tooLarge"}
        assert refused[name].keys() - fallen == bad - fallen
    assert sum(code == "tooLarge" for codes in refused.values() for code in codes.values()) <= too_large


def _is_bad(record: dict[str, Any]) -> bool:
    return "@" not in (record["email"] or "") or "a text" in (record.get("age"), record.get("price"))


def _check_users(holds: Contents, accepted: list[dict[str, Any]]) -> None:
    """The last record about each user won."""
    for record in {record["email"]: record for record in accepted}.values():
        profile = holds.user(email=record["email"])
        assert {name: profile[name] for name in record} == record


def _check_events(holds: Contents, accepted: list[dict[str, Any]]) -> None:
    """Each event happened once."""
    stored = [event for event in holds.events() if event["email"] != "first@example.com"]
    names = ("email", "eventName", "price", "place", "n")
    assert sorted(({name: event[name] for name in names} for event in stored), key=lambda event: event["n"]) == accepted
