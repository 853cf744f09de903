"""The setting `stream_maps`: all forms of null, and what is wrong by its path."""

from __future__ import annotations

from typing import Any

import pytest

from iterable_api.plugin.stream_maps import normalised, problems

NULLS = pytest.mark.parametrize("null", [None, "__NULL__"])


@NULLS
def test_streams_columns_and_else_may_be_null_in_either_form(null: str | None) -> None:
    maps = {"a": null, "b*": {"x": null, "y": "z", "__else__": null}, "__else__": null}
    assert list(problems(maps)) == []
    assert normalised(maps) == maps


@NULLS
def test_options_that_are_null_are_as_if_they_were_not_there(null: str | None) -> None:
    maps = {"a": {"__alias__": null, "__source__": null, "__filter__": null, "x": "y"}}
    assert list(problems(maps)) == []
    assert normalised(maps) == {"a": {"x": "y"}}


@NULLS
def test_key_properties_that_are_null_are_none_at_all(null: str | None) -> None:
    maps = {"a": {"__key_properties__": null}}
    assert list(problems(maps)) == []
    assert normalised(maps, ["id"]) == {"a": {"__key_properties__": []}}


@NULLS
def test_a_map_that_leaves_out_other_columns_keeps_the_key(null: str | None) -> None:
    maps = {"a": {"__else__": null, "x": "y"}, "b": {"__else__": null, "id": "id + 1"}, "c": {"x": "y"}}
    assert normalised(maps, ["id", "no-name"]) == {
        "a": {"id": "id", "__else__": null, "x": "y"},
        "b": {"id": "id + 1", "__else__": null},
        "c": {"x": "y"},
    }
    other_key = {"a": {"__else__": null, "__key_properties__": ["x"], "x": "y"}}
    assert normalised(other_key, ["id"]) == other_key


@pytest.mark.parametrize(
    ("maps", "told"),
    [
        ({"__else__": "drop"}, "`stream_maps.__else__` can only be __NULL__, which leaves out all streams"),
        ({"__filter__": "x"}, "`stream_maps.__filter__` is no option"),
        ({"a": "drop"}, "`stream_maps.a` must be an object of columns and expressions, or __NULL__ to leave"),
        ({"a": False}, "`stream_maps.a` must be an object"),
        ({"a": ["x"]}, "`stream_maps.a` must be an object"),
        ({"a": {"__else__": "x"}}, "`stream_maps.a.__else__` can only be __NULL__, which leaves out all columns"),
        ({"a": {"__key_properties__": "id"}}, "`stream_maps.a.__key_properties__` must be an array of names"),
        ({"a": {"__key_properties__": [1]}}, "`stream_maps.a.__key_properties__` must be an array of names"),
        ({"a": {"__alias__": 1}}, "`stream_maps.a.__alias__` must be a text"),
        ({"a": {"__filter__": True}}, "`stream_maps.a.__filter__` must be a text"),
        ({"a": {"x": 5}}, "`stream_maps.a.x` must be a text: an expression, or __NULL__ to drop the column"),
        ({"a": {"x": " "}}, "`stream_maps.a.x` must be a text"),
        ({"a": {"x": {"y": "z"}}}, "`stream_maps.a.x` must be a text"),
    ],
)
def test_what_no_map_can_be_is_told_by_its_path(maps: dict[str, Any], told: str) -> None:
    (problem,) = problems(maps)
    assert problem.startswith(told)


def test_no_maps_have_no_problems() -> None:
    assert (list(problems(None)), normalised(None)) == ([], {})
