"""Random records, random bad ones among them, random failures on the way: the project ends as a model says."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Container
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from tests.target.loading import Contents, Loader, Message, stream

FORGOTTEN = "forgotten@example.com"
BANNED = "banned"
CLASH = "a text"

anybody = st.sampled_from([f"{n}@example.com" for n in range(20)] + ["nobody", "", None, FORGOTTEN])
typed = st.sampled_from([*range(20), CLASH])
texts = st.text("abc")
RECORDS = {
    "users": st.fixed_dictionaries({"email": anybody, "age": typed, "plan": texts}),
    "events": st.fixed_dictionaries(
        {
            "email": anybody,
            "eventName": st.sampled_from(["seen", "bought", "seen", "bought", BANNED]),
            "price": typed,
            "place": texts,
        }
    ),
    "list_members": st.fixed_dictionaries(
        {"email": anybody, "list": st.sampled_from(["VIP", "Press"]), "score": typed}
    ),
    "catalog_items": st.fixed_dictionaries(
        {
            "catalogName": st.just("Things"),
            "itemId": st.sampled_from(["a", "b", "c", "d", "e", "no id"]),
            "colour": texts,
        }
    ),
}
sizes = st.integers(0, 30)
loads = st.fixed_dictionaries(
    {
        name: sizes.flatmap(partial(lambda records, size: st.lists(records, min_size=size, max_size=size), records))
        for name, records in RECORDS.items()
    }
)
faults = st.lists(
    st.sampled_from(
        [
            {"fault": "rate_limit"},
            {"fault": "rate_limit", "plain": True, "retry_after": 0},
            {"fault": "generic_error"},
            {"fault": "gateway", "status": 502},
            {"fault": "gateway", "status": 503},
            {"fault": "gateway", "status": 504},
            {"fault": "reset_before"},
            {"fault": "reset_after"},
            {"fault": "cut", "bytes": 9},
            {"fault": "end_early", "bytes": 9},
            {"fault": "end_early", "bytes": 0},
            {"fault": "slow", "bytes": 40, "seconds": 0.001},
            {"fault": "answer", "status": 413},
            {"fault": "answer", "status": 400, "body": {"msg": "", "code": "BatchTooLarge", "params": None}},
            {"fault": "answer", "status": 408},
        ]
    ),
    max_size=4,
)
projects = st.fixed_dictionaries(
    {
        "type_clashes": st.sampled_from(["batch", "row"]),
        "count_disallowed": st.booleans(),
        "catalog_status": st.sampled_from([200, 202]),
    }
)
runs = st.fixed_dictionaries(
    {
        "max_batch_rows": st.integers(2, 12),
        "max_in_flight": st.integers(1, 6),
        "on_type_clash": st.sampled_from(["reject", "drop_field"]),
    }
)
OPTIONS: dict[str, Any] = {"max_rejects": "100%", "streams": {"list_members": {"fields": {"n": "list_n"}}}}

_FIRST: list[Message] = [
    *stream("users", [{"email": "first@example.com", "age": 1, "plan": "x"}]),
    *stream("events", [{"email": "first@example.com", "eventName": name, "price": 1} for name in ("seen", "bought")]),
    *stream("list_members", [{"email": "first@example.com", "list": name, "score": 1} for name in ("VIP", "Press")]),
    *stream("catalog_items", [{"catalogName": "Things", "itemId": "first"}]),
]


@pytest.fixture(autouse=True, scope="module")
def _no_waiting() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        quick = partial(IterableClient, first_wait=0.001, longest_wait=0.002)
        patch.setattr("target_iterable.runs.real_run.IterableClient", quick)
        yield


def rejects(directory: Path) -> dict[str, dict[int, str]]:
    """Stream -> number of the record -> code."""
    found: dict[str, dict[int, str]] = {name: {} for name in RECORDS}
    for file in directory.glob("*.singer"):
        for message in map(json.loads, file.read_text().splitlines()):
            if message["type"] == "RECORD":
                found[message["stream"]][message["record"]["n"]] = message["reject"]["code"]
    return found


@settings(max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(loads, faults, projects, runs)
def test_the_project_ends_as_a_model_says(
    load_of: dict[str, list[dict[str, Any]]], plan: list[dict[str, Any]], knobs: dict[str, Any], run: dict[str, Any]
) -> None:
    given_ = {name: [{**record, "n": n} for n, record in enumerate(rows)] for name, rows in load_of.items()}
    with Sandbox(disallowed_events=frozenset({BANNED}), **knobs) as sandbox, tempfile.TemporaryDirectory() as folder:
        load = Loader(sandbox, Path(folder))
        client = IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())
        load(_FIRST)
        client.post_json("/api/users/forget", {"email": FORGOTTEN})
        planned = [sandbox.inject(route="POST *", **fault) for fault in plan]
        summary = load([message for name, rows in given_.items() for message in stream(name, rows)], **OPTIONS, **run)
        refused = rejects(load.rejects_directory)
        too_large = sum(fault.struck for fault in planned if fault.as_json().get("status") in (400, 413))
        bad = {
            name: {
                row["n"] for row in rows if _is_bad(row) or (run["on_type_clash"] == "reject" and CLASH in row.values())
            }
            for name, rows in given_.items()
        }
        _check_verdicts(summary, bad, refused, too_large)
        _check_requests(summary, given_, run["max_batch_rows"], len(plan) + 4 * too_large)
        _check_contents(Contents(client), {name: _accepted(rows, refused[name]) for name, rows in given_.items()})
        client.close()


def _check_verdicts(
    summary: dict[str, Any], bad: dict[str, set[int]], refused: dict[str, dict[int, str]], too_large: int
) -> None:
    """Every record has its one verdict, and those that are bad are rejected, with nobody else."""
    for name, counts in summary.items():
        assert counts["read"] == counts["written"] + counts["rejected"]
        assert counts["reasons"] == Counter(refused[name].values())
        fallen = {number for number, code in refused[name].items() if code == "tooLarge"}
        assert refused[name].keys() - fallen == bad[name] - fallen
    assert sum(code == "tooLarge" for codes in refused.values() for code in codes.values()) <= too_large


def _is_bad(record: dict[str, Any]) -> bool:
    return (
        "@" not in (record.get("email", "@") or "")
        or record.get("email") == FORGOTTEN
        or record.get("eventName") == BANNED
        or record.get("itemId") == "no id"
    )


def _accepted(records: list[dict[str, Any]], refused: Container[int]) -> list[dict[str, Any]]:
    """The records that are not rejected, without what may have been left out of them."""
    kept = [record for record in records if record["n"] not in refused]
    return [{name: value for name, value in record.items() if value != CLASH} for record in kept]


def _check_requests(
    summary: dict[str, Any], given_: dict[str, list[dict[str, Any]]], rows: int, because_of_faults: int
) -> None:
    """No more than two requests for each batch that the limits and the order of each identity ask for."""
    drains = ceil(sum(map(len, given_.values())) / (10 * rows)) + 1
    for name, counts in summary.items():
        once = ("email", "itemId") if name != "events" else ()
        lists = len({record.get("list") for record in given_[name]})
        longest = max(Counter(tuple(record.get(key) for key in once) for record in given_[name]).values(), default=0)
        batches = lists * ceil(len(given_[name]) / rows) + (longest if once else 0) + lists * drains
        assert counts["requests"] <= 2 * batches + because_of_faults


def _check_contents(holds: Contents, accepted: dict[str, list[dict[str, Any]]]) -> None:
    """The last record about each thing won, and each event happened once."""
    for user in {user["email"]: user for user in accepted["users"]}.values():
        profile = holds.user(email=user["email"])
        assert {name: profile[name] for name in user} == user
    for member in {member["email"]: member for member in accepted["list_members"]}.values():
        profile = holds.user(email=member["email"])
        assert (profile.get("score", CLASH), profile["list_n"]) == (member.get("score", ANY), member["n"])
    for name in ("VIP", "Press"):
        assert holds.members(name) == {"first@example.com"} | {
            member["email"] for member in accepted["list_members"] if member["list"] == name
        }
    items = {item["itemId"]: {"colour": item["colour"], "n": item["n"]} for item in accepted["catalog_items"]}
    assert holds.items("Things") == {"first": {}, **items}
    names = ("email", "eventName", "price", "place", "n")
    events = [{name: event[name] for name in names if name in event} for event in holds.events() if "n" in event]
    assert sorted(events, key=lambda event: event["n"]) == accepted["events"]
