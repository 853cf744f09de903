"""Policies of trying again: how long they wait, when they end, and that there is one table of them."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.waiting import retry_policy
from iterable_api.waiting.retry_policy import EXPORT_FILE, EXPORT_JOB_STATE, JUST_MADE, UNLIMITED, RetryPolicy

ROOT = Path(__file__).parent.parent.parent
POLICIES = {name: value for name, value in vars(retry_policy).items() if isinstance(value, RetryPolicy)}
TRIED = RetryPolicy(attempts=4, first_wait=1, longest_wait=3)


@given(
    attempts=st.integers(1, 2000),
    first=st.floats(0, 1000),
    more=st.floats(0, 1000),
    factor=st.floats(1, 1e300),
)
def test_waits_grow_from_the_first_to_the_longest(attempts: int, first: float, more: float, factor: float) -> None:
    waits = [*RetryPolicy(attempts, first, first + more, factor).waits()]
    assert len(waits) == attempts - 1
    assert waits[:1] == [first][: attempts - 1]
    assert all(first <= left <= right <= first + more for left, right in pairwise(waits))


@pytest.mark.parametrize(
    "senseless",
    [
        {"attempts": 0},
        {"attempts": -1},
        {"attempts": UNLIMITED},
        {"attempts": 2, "first_wait": 2, "longest_wait": 1},
        {"attempts": 2, "first_wait": -1, "longest_wait": 1},
        {"attempts": 2, "factor": 0.5},
    ],
)
def test_a_policy_that_makes_no_sense_or_has_no_end_cannot_be_made(senseless: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="retry policy"):
        RetryPolicy(**senseless)


def test_it_is_tried_as_often_as_the_policy_says_and_then_the_last_error_is_raised() -> None:
    naps: list[float] = []
    tries: list[int] = []

    def fail() -> None:
        tries.append(len(tries))
        raise KeyError(len(tries))

    with pytest.raises(KeyError, match="4"):
        TRIED.retrying(KeyError, sleep=naps.append)(fail)
    assert (len(tries), naps) == (4, [1, 2, 3])
    with pytest.raises(KeyError, match="5"):
        TRIED.retrying(ValueError, sleep=naps.append)(fail)
    assert naps == [1, 2, 3]


def test_a_policy_can_be_cut_to_fewer_attempts_and_not_to_more() -> None:
    assert TRIED.at_most(2).attempts == 2
    assert TRIED.at_most(9) == TRIED


def test_the_waits_are_those_that_the_places_are_known_to_need() -> None:
    assert [*JUST_MADE.waits()] == [0.5, 1, 2, 4, 8, 15]
    assert [*EXPORT_FILE.waits()] == [1, 5, 25, 30]
    assert [EXPORT_JOB_STATE.wait(retry) for retry in (1, 2, 9, 10, 10**6)] == [1, 2, 256, 300, 300]
    assert [EXPORT_JOB_STATE.is_over(hours * 3600) for hours in (23, 24, 25)] == [False, False, True]


def test_every_policy_of_the_table_is_used_somewhere_and_none_is_made_elsewhere() -> None:
    used, made = set[str](), set[str]()
    for package in ("iterable_api", "iterable_webhooks", "tap_iterable", "target_iterable"):
        for path in (ROOT / package).rglob("*.py"):
            nodes = [*ast.walk(ast.parse(path.read_text()))]
            if path.name != "retry_policy.py":
                used |= {node.id for node in nodes if isinstance(node, ast.Name)}
                made |= {
                    path.name
                    for node in nodes
                    if isinstance(node, ast.Call) and ast.unparse(node.func) == "RetryPolicy"
                }
    assert POLICIES.keys() <= used
    assert made == {"client.py"}, "its tries and waits are settings"
