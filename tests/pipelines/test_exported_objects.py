"""Objects that Meltano exports as flat settings, put together again."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meltano.core.utils import flatten, to_env_var

from iterable_api.plugin import environment

SETTINGS: dict[str, dict[str, Any]] = {"streams": {"type": "object"}}
NAMES = st.text(st.sampled_from("ab*-_ü"), min_size=1, max_size=3)
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.text(max_size=2), max_size=2)
OBJECTS = st.dictionaries(NAMES, st.recursive(VALUES, lambda inner: st.dictionaries(NAMES, inner, max_size=3)))


@given(OBJECTS)
def test_objects_that_meltano_exports_flat_are_nested_again(routes: dict[str, Any]) -> None:
    flat = flatten(routes, "dot")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for path, value in flat.items():
            monkeypatch.setenv(to_env_var("target_iterable", "streams", path), json.dumps(value))
        monkeypatch.setenv("TARGET_ITERABLE_STREAMS", json.dumps(flat))
        environment.nest_objects("target-iterable", SETTINGS)
        assert json.loads(os.environ["TARGET_ITERABLE_STREAMS"]) == routes


@given(OBJECTS)
def test_an_object_that_a_user_wrote_into_a_variable_stays_as_it_is(routes: dict[str, Any]) -> None:
    dotted = {f"{name}.x": value for name, value in routes.items()}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TARGET_ITERABLE_STREAMS", json.dumps(dotted))
        environment.nest_objects("target-iterable", SETTINGS)
        assert json.loads(os.environ["TARGET_ITERABLE_STREAMS"]) == dotted


def test_a_dot_behind_a_backslash_is_part_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_ITERABLE_STREAMS", json.dumps({r"crm\.users.object": "users"}))
    monkeypatch.setenv(to_env_var("target_iterable", "streams", r"crm\.users.object"), "users")
    environment.nest_objects("target-iterable", SETTINGS)
    assert json.loads(os.environ["TARGET_ITERABLE_STREAMS"]) == {"crm.users": {"object": "users"}}
