"""Patterns of a schema are checked in bounded time, or left out with a sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_iterable.schemas.patterns import matcher
from tests.target.conftest import Project
from tests.target.loading import stream
from tests.target.validity import is_valid

LETTERS = {"properties": {"a": {"type": ["string", "null"], "pattern": "^[a-z]+$", "format": "date-time"}}}


@pytest.mark.parametrize(
    ("schema", "record", "expected"),
    [
        (LETTERS, {"a": "abc"}, True),
        (LETTERS, {"a": "ab1"}, False),
        (LETTERS, {"a": None}, True),
        ({"properties": {"a": {"items": {"pattern": "x"}}}}, {"a": ["ax", "b"]}, False),
        ({"properties": {"a": {"items": {"pattern": "x"}}}}, {"a": ["ax", 5]}, True),
        ({"properties": {"a": {"propertyNames": {"pattern": "^x"}}}}, {"a": {"y": 1}}, False),
        ({"properties": {"pattern": {"type": "string"}}}, {"pattern": "("}, True),
        ({"patternProperties": {"^n_": {"type": "integer"}}}, {"n_a": 1, "b": "x"}, True),
        ({"patternProperties": {"^n_": {"type": "integer"}}}, {"n_a": "x"}, False),
        ({"patternProperties": {"^n_": {}}, "additionalProperties": False}, {"n_a": 1}, True),
        ({"patternProperties": {"^n_": {}}, "additionalProperties": False}, {"n_a": 1, "b": 1}, False),
        ({"patternProperties": {"^n_": {}}, "additionalProperties": {"type": "null"}}, {"b": None, "n_b": 1}, True),
        ({"patternProperties": {"^n_": {}}, "unevaluatedProperties": False}, {"b": 1}, True),
    ],
)
def test_a_pattern_says_which_records_are_valid(schema: dict[str, Any], record: dict[str, Any], expected: bool) -> None:  # noqa: FBT001
    assert is_valid({"properties": {}} | schema, record) is expected


@given(st.text("ab ", max_size=8), st.sampled_from(["^a+$", "b", "^(a|b)*$", "a{2,3}", r"^\S+ \S+$", "[^a]", "(?i)A"]))
def test_a_text_has_a_pattern_where_python_finds_it(text: str, pattern: str) -> None:
    assert matcher(pattern)(text) is (re.search(pattern, text) is not None)


@pytest.mark.parametrize("pattern", ["^(?!x).*$", r"(a)\1", "(?<=a)b", "(?:a{1000}){1000}"])
def test_a_pattern_whose_time_cannot_be_bounded_is_left_out_and_told_once(
    project: Project, caplog: pytest.LogCaptureFixture, pattern: str
) -> None:
    matcher.cache_clear()
    rows = [{"email": f"{n}@example.com", "a": "xx"} for n in range(3)]
    schema = {"type": "string", "pattern": pattern, "enum": ["xx", "y"]}
    for _ in range(2):
        assert project.load(stream("users", rows, a=schema))["users"]["written"] == 3
    (told,) = [message for message in caplog.messages if "is not checked" in message]
    assert repr(pattern) in told


def test_records_that_break_a_pattern_are_rejected(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    rows = [{"email": "a@example.com", "code": "ab"}, {"email": "b@example.com", "code": "Zebra 5"}]
    counts = project.load(stream("users", rows, code={"type": "string", "pattern": "^[a-z]*$"}))["users"]
    assert (counts["written"], counts["reasons"]) == (1, {"invalidRecord": 1})
    assert "column 'code' holds a string that does not keep to `pattern`" in caplog.text
    assert "Zebra" not in caplog.text


def test_python_is_never_asked_about_a_pattern(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pattern stands for one with which Python would not come to an end."""
    pattern, names = "^(a|aa)+$", "^(b|bb)+$"
    search, compile_ = re.search, re.compile

    def searching(given: Any, *rest: Any) -> Any:
        assert str(given) not in (pattern, names)
        return search(given, *rest)

    def compiling(given: Any, *rest: Any) -> Any:
        return object() if given in (pattern, names) else compile_(given, *rest)

    monkeypatch.setattr(re, "search", searching)
    monkeypatch.setattr(re, "compile", compiling)
    rows = [
        {"email": "a@example.com", "code": "aaa", "inner": {"b": 1}},
        {"email": "b@example.com", "code": "b", "inner": {}},
    ]
    inner: dict[str, Any] = {"patternProperties": {names: {"type": "integer"}}, "additionalProperties": False}
    counts = project.load(stream("users", rows, code={"type": "string", "pattern": pattern}, inner=inner))["users"]
    assert (counts["written"], counts["rejected"]) == (1, 1)
