"""A bad record costs one more request, and every record gets a result of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_iterable.field_types.registry import FieldTypes
from target_iterable.requests.batching import AdaptiveBatchSize
from tests.scripted_server import Answer, answer_json, cut_short, hang_up
from tests.target.bulk_server import ENDPOINT, Bulk, bulk, rejected, written
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream


@pytest.fixture
def server() -> Iterator[Bulk]:
    with bulk() as running:
        yield running


@pytest.mark.parametrize("bad", [1, 50, 200])
def test_a_thousand_users_with_type_clashes_need_two_requests(project: Project, bad: int) -> None:
    rows = [{"email": f"{n}@example.com", "age": "old" if n % (1000 // bad) == 1 else n} for n in range(1000)]
    users = project.load(stream("users", rows), max_rejects=bad)["users"]
    assert (users["requests"], users["written"]) == (2, 1000 - bad)
    assert users["reasons"] == {"RequestFieldsTypesMismatched": bad}
    assert project.holds.user(email="999@example.com")["age"] == 999


def test_several_fields_of_any_depth_clash_in_one_go(project: Project) -> None:
    good: dict[str, Any] = {"home": {"zip": "3011"}, "scores": [1, 2], "since": "2024-01-01", "vip": True}
    bad: list[dict[str, Any]] = [
        {"home": {"zip": 3011}},
        {"scores": [1, "two"]},
        {"since": "long ago"},
        {"vip": "yes"},
    ]
    rows = [{"email": f"{n}@example.com", **good, **[good, *bad][n % 5]} for n in range(20)]
    users = project.load(stream("users", rows))["users"]
    assert (users["requests"], users["written"], users["rejected"]) == (2, 4, 16)


def test_a_type_that_was_learnt_costs_no_request_any_more(project: Project) -> None:
    rows = [{"email": f"{n}@example.com", "age": "old" if n % 2 else n} for n in range(10)]
    users = project.load(stream("users", rows), max_batch_rows=2, max_in_flight=1)["users"]
    assert (users["requests"], users["written"], users["rejected"]) == (6, 5, 5)


def test_two_first_values_of_a_new_field_clash_only_with_each_other(project: Project) -> None:
    rows = [{"email": "a@example.com", "size": 5}, {"email": "b@example.com", "size": "large"}]
    users = project.load(stream("users", rows))["users"]
    assert (users["written"], users["reasons"]) == (1, {"RequestFieldsTypesMismatched": 1})
    assert project.holds.user(email="a@example.com")["size"] == 5


def test_types_of_events_are_kept_per_name(project: Project) -> None:
    def event(name: str, number: int, price: Any) -> dict[str, Any]:
        return {"email": f"{number}@example.com", "eventName": name, "price": price}

    project.load(stream("events", [event("bought", 0, 5), event("seen", 0, "5 CHF")]))
    rows = [event("bought", n, "5 CHF" if n < 30 else n) for n in range(100)]
    rows += [event("seen", n, "7 CHF") for n in range(100)]
    events = project.load(stream("events", rows), max_rejects="50%")["events"]
    assert (events["requests"], events["written"], events["rejected"]) == (2, 170, 30)


@pytest.mark.parametrize(("decimals", "kept"), [("refuse", 8), ("accept", 9)])
def test_decimals_are_refused_among_whole_numbers_only_where_iterable_does(
    new_project: NewProject, decimals: str, kept: int
) -> None:
    project = new_project(decimals_into_long=decimals)
    rows = [{"email": f"{n}@example.com", "age": {1: "x", 2: 1.5}.get(n, n)} for n in range(10)]
    assert project.load(stream("users", rows))["users"]["written"] == kept


def misplaced(rows: list[Any]) -> Answer | None:
    """Refuses texts in `flag`, and names the first row of all instead of theirs: so a recorded mock does."""
    if any(isinstance(row["dataFields"].get("flag"), str) for row in rows):
        params = {"obj.users[0].dataFields.flag": "Boolean value expected"}
        return answer_json(400, {"msg": "Invalid JSON body", "code": "BadJsonBody", "params": params})
    return None


def test_an_index_is_not_believed_and_all_rows_with_the_same_fault_are_found(server: Bulk) -> None:
    result = server.deliver([{"flag": "yes" if n in (3, 7) else True} for n in range(10)], misplaced)
    assert rejected(result) == {3: "BadJsonBody", 7: "BadJsonBody"}
    assert (written(result), len(server.sent)) == (server.taken, 2)


def nameless(rows: list[Any]) -> Answer | None:
    """Refuses rows with `bad`, and says nothing of which they are."""
    if any(row["dataFields"].get("bad") for row in rows):
        return answer_json(400, {"msg": "Something is wrong", "code": "BadParams", "params": None})
    return None


@pytest.mark.parametrize(("bad", "bound"), [(1, 2), (2, 2), (10, 2)])
def test_a_thousand_rows_are_bisected_within_the_bound_when_nothing_is_named(
    server: Bulk, bad: int, bound: int
) -> None:
    culprits = {n * (1000 // bad) + 7 for n in range(bad)}
    result = server.deliver([{"bad": n in culprits} for n in range(1000)], nameless)
    assert set(rejected(result)) == culprits
    assert written(result) == server.taken == set(range(1000)) - culprits
    assert len(server.sent) <= 1 + bound * bad * math.ceil(math.log2(1000 / bad) + 1)
    assert all([n] in server.sent for n in culprits), "a row is sent alone before it is rejected"


def test_a_clash_that_no_row_bears_out_is_bisected(server: Bulk) -> None:
    clash = {"expectedType": "date", "incomingTypes": ["string"], "category": "user"}
    params = {"validationErrors": {"nowhere": clash}}
    answer = answer_json(400, {"msg": "", "code": "RequestFieldsTypesMismatched", "params": params})
    result = server.deliver([{"bad": n == 5} for n in range(16)], lambda rows: answer if nameless(rows) else None)
    assert (rejected(result), written(result)) == ({5: "RequestFieldsTypesMismatched"}, set(range(16)) - {5})


@pytest.mark.parametrize(("status", "code"), [(413, ""), (400, "BatchTooLarge")])
def test_a_batch_that_is_too_large_is_halved_and_the_size_is_remembered(server: Bulk, status: int, code: str) -> None:
    def refuse(rows: list[Any]) -> Answer | None:
        return answer_json(status, {"msg": "", "code": code, "params": None}) if len(rows) > 300 else None

    assert len(written(server.deliver([{} for _ in range(1000)], refuse))) == 1000
    assert len(server.sent) <= 1 + 3 + 6
    assert len(written(server.deliver([{} for _ in range(1000)], refuse))) == 1000
    assert max(map(len, server.sent)) <= 300


def test_a_row_that_is_too_large_for_iterable_is_rejected_alone(server: Bulk) -> None:
    def refuse(rows: list[Any]) -> Answer | None:
        return Answer(413) if any(row["dataFields"].get("large") for row in rows) else None

    result = server.deliver([{"large": "x" * 9000 if n == 2 else ""} for n in range(8)], refuse)
    assert (rejected(result), written(result)) == ({2: "tooLarge"}, set(range(8)) - {2})


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (answer_json(401, {"msg": "", "code": "BadApiKey"}), "401"),
        (answer_json(403, {"msg": "", "code": "Forbidden"}), "403"),
        (answer_json(404, {"error": "NotFound", "code": "error.catalogs.notFound"}), "404"),
        (answer_json(400, {"msg": "error.lists.invalidListId(9)", "code": "Success"}), "invalidListId"),
        (answer_json(502, {}), "502"),
        (Answer(200, b"<html>"), "not JSON instead of a JSON object with the numbers"),
    ],
)
def test_what_is_not_the_fault_of_a_row_ends_the_delivery_at_once(server: Bulk, answer: Answer, match: str) -> None:
    result = server.deliver([{} for _ in range(8)], lambda _: answer)
    assert match in str(result.error)
    assert (result.results.written, result.results.rejected) == ([], [])
    assert len(server.sent) <= 3


def test_a_refusal_of_every_row_ends_the_delivery(server: Bulk) -> None:
    result = server.deliver([{"bad": True} for _ in range(1000)], nameless)
    assert result.error is not None
    assert len(server.sent) < 130


def test_responses_that_explain_nothing_end_the_delivery(server: Bulk) -> None:
    result = server.deliver([{} for _ in range(1000)], lambda _: answer_json(200, {"successCount": 0, "failCount": 0}))
    assert "does not say whether" in str(result.error)
    assert result.results.written == []
    assert len(server.sent) < 130


@pytest.mark.parametrize("fault", [hang_up, cut_short])
def test_rows_that_must_not_be_sent_twice_are_rejected_when_their_result_is_unknown(server: Bulk, fault: Any) -> None:
    once = replace(ENDPOINT, repeatable=False)
    result = server.deliver([{} for _ in range(4)], lambda _: Answer(fault=fault), once)
    assert rejected(result) == dict.fromkeys(range(4), "unconfirmed")
    assert len(server.sent) == 1


def test_only_rows_without_a_result_are_sent_again(server: Bulk) -> None:
    def refuse(rows: list[Any]) -> Answer | None:
        if len(rows) == 8:
            names = {"invalidEmails": ["3@example.com"]}
            return answer_json(200, {"successCount": 6, "failCount": 2, "failedUpdates": names})
        return None

    result = server.deliver([{} for _ in range(8)], refuse)
    assert rejected(result) == {3: "invalidEmails"}
    assert server.sent[1:] == [[0, 1, 2, 4, 5, 6, 7]]


def faults(rows: list[Any]) -> Answer | None:
    """Refuses texts in `typed` by name, texts in `flag` with a wrong place, `bad` without a name, and many rows."""
    if len(rows) > 20:
        return Answer(413)
    if any(isinstance(row["dataFields"].get("typed"), str) for row in rows):
        clash = {"expectedType": "long", "incomingTypes": ["string", "keyword"], "category": "user"}
        params = {"validationErrors": {"typed": clash}}
        return answer_json(500, {"msg": "", "code": "RequestFieldsTypesMismatched", "params": params})
    return misplaced(rows) or nameless(rows)


_KINDS: dict[str, dict[str, Any]] = {"good": {}, "typed": {"typed": "x"}, "flag": {"flag": "x"}, "bad": {"bad": True}}


@settings(max_examples=60)
@given(kinds=st.lists(st.sampled_from(list(_KINDS)), min_size=1, max_size=60))
def test_whichever_rows_are_wrong_each_row_gets_its_result(kinds: list[str]) -> None:
    server = _shared()
    server.isolator.batch_size, server.isolator.types = AdaptiveBatchSize(1000), FieldTypes()
    result = server.deliver([_KINDS[kind] for kind in kinds], faults)
    bad = {number for number, kind in enumerate(kinds) if kind != "good"}
    if result.error is None:
        assert set(rejected(result)) == bad
        assert written(result) == server.taken == set(range(len(kinds))) - bad
        assert len(result.results.rejected) == len(bad)
    else:
        assert kinds.count("bad") >= 50
    unnamed = kinds.count("bad")
    assert len(server.sent) <= 12 + 2 * unnamed * 7


_RUNNING: list[Bulk] = []


@pytest.fixture(scope="module", autouse=True)
def _one_server_for_all_examples() -> Iterator[None]:
    with bulk() as running:
        _RUNNING.append(running)
        yield


def _shared() -> Bulk:
    return _RUNNING[0]
