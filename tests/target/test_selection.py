"""`drop` and `keep_only`: which columns travel, and which members of their objects."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.exceptions import ConfigValidationError

from target_iterable.records.column_mapping import ColumnMapping
from target_iterable.records.column_selection import ColumnSelection
from tests.target.conftest import Project
from tests.target.loading import stream

ANN: dict[str, Any] = {"email": "ann@example.com", "plan": "gold", "loaded_at": "x", "score_a": 1, "score_b": 2}
DEEP: dict[str, Any] = {
    "a": {"b": {"c": 1, "d": 2}, "e": None, "f": []},
    "items": [{"price": 1, "cost": 2}, 7, None],
    "text": '{"b": 1.50, "c": 2}',
    "plain": "b",
}


def left(record: dict[str, Any], drop: Sequence[str] = (), keep_only: Sequence[str] = ()) -> dict[str, Any]:
    """What travels of a record; the record stays as it is."""
    before = copy.deepcopy(record)
    row = ColumnMapping({}, {}, selection=ColumnSelection(drop, keep_only)).row(record)
    assert record == before
    return row


@pytest.mark.parametrize(("fields", "made"), [({}, set()), ({"": "named"}, {"named"})], ids=["left out", "renamed"])
def test_a_column_without_a_name_becomes_no_field_without_one(
    project: Project, caplog: pytest.LogCaptureFixture, fields: dict[str, str], made: set[str]
) -> None:
    before = {*project.holds.field_types()}
    project.load(stream("users", [{"email": "ann@example.com", "": "text"}]), streams={"users": {"fields": fields}})
    assert {*project.holds.field_types()} - before == made
    assert ("has no name, and is left out" in caplog.text) is not made.issuperset({"named"})


@pytest.mark.parametrize(
    ("options", "travel"),
    [
        ({}, {"email", "plan", "loaded_at", "score_a", "score_b"}),
        ({"drop": ["loaded_at"]}, {"email", "plan", "score_a", "score_b"}),
        ({"drop": ["score_*", "*_at"]}, {"email", "plan"}),
        ({"drop": ["SCORE_*", "plan "]}, {"email", "plan", "loaded_at", "score_a", "score_b"}),
        ({"keep_only": ["email", "score_?"]}, {"email", "score_a", "score_b"}),
        ({"keep_only": ["email", "score_*"], "drop": ["score_b"]}, {"email", "score_a"}),
        ({"drop": ["*"]}, set()),
    ],
)
def test_globs_say_which_columns_travel(options: dict[str, list[str]], travel: set[str]) -> None:
    assert left(ANN, **options).keys() == travel


@pytest.mark.parametrize(
    ("options", "row"),
    [
        ({"drop": ["a.b"]}, DEEP | {"a": {"e": None, "f": []}}),
        ({"drop": ["a.*.c"]}, DEEP | {"a": {"b": {"d": 2}, "e": None, "f": []}}),
        ({"drop": ["*.c"]}, DEEP | {"text": '{"b":1.50}'}),
        ({"drop": ["items.cost"]}, DEEP | {"items": [{"price": 1}, 7, None]}),
        ({"keep_only": ["a.b.c", "plain"]}, {"a": {"b": {"c": 1}}, "plain": "b"}),
        ({"keep_only": ["items.price"]}, {"items": [{"price": 1}, None]}),
        ({"keep_only": ["text.b"]}, {"text": '{"b":1.50}'}),
        ({"keep_only": ["plain.b"]}, {}),
        ({"keep_only": ["a"], "drop": ["a.b.d", "a.f"]}, {"a": {"b": {"c": 1}, "e": None}}),
        # Without a dot, a glob is about columns alone; between two of them, about names of one depth.
        ({"drop": ["*c", "a.x", "a.*c"]}, DEEP),
    ],
)
def test_a_dot_leads_into_objects_and_into_texts_that_are_json(options: dict[str, list[str]], row: Any) -> None:
    assert left(DEEP, **options) == row


def test_a_column_with_a_dot_in_its_name_is_a_column() -> None:
    assert left({"a.b": 1, "a.c": 2}, drop=["a.b"]) == {"a": {"c": 2}}
    assert left({"a.b": 1, "a.c": 2}, keep_only=["a.*"]) == {"a": {"b": 1, "c": 2}}


names = st.text("ab_*", min_size=1, max_size=3)


@given(st.dictionaries(names, st.integers()), st.lists(names, max_size=3), st.lists(names, max_size=3))
def test_a_column_travels_if_it_is_kept_and_not_dropped(
    record: dict[str, int], drop: list[str], keep_only: list[str]
) -> None:
    def fits(name: str, globs: list[str]) -> bool:
        return any(fnmatchcase(name, glob) for glob in globs)

    wanted = {name for name in record if (not keep_only or fits(name, keep_only)) and not fits(name, drop)}
    assert left(record, drop=drop, keep_only=keep_only).keys() == wanted


@given(
    st.recursive(
        st.none() | st.integers() | st.text("ab", max_size=2),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    )
)
def test_a_text_that_is_json_is_trimmed_like_the_object(value: Any) -> None:
    for options in ({"drop": ["x.a", "x.b.*"]}, {"keep_only": ["x.a.b", "x.c"]}, {"keep_only": ["x"], "drop": ["*.a"]}):
        row = left({"x": value}, **options)
        if isinstance(value, dict | list):
            assert json.loads(left({"x": json.dumps(value)}, **options)["x"]) == row["x"]
        if isinstance(value, dict) and "drop" in options:
            assert row["x"].keys() == value.keys() - {"a"}


# Against Iterable.


def users(*records: dict[str, Any], **types: Any) -> list[dict[str, Any]]:
    return stream("users", records, **types)


def test_a_column_that_is_dropped_is_no_field_for_ever(project: Project) -> None:
    project.load(users(ANN), streams={"users": {"drop": ["loaded_*"], "fields": {"plan": "level"}}})
    assert {"level", "score_a", "score_b"} <= project.holds.field_types().keys()
    assert not {"loaded_at", "plan"} & project.holds.field_types().keys()


def test_many_records_at_a_time_are_as_free_of_it_as_one(project: Project) -> None:
    records = [{**ANN, "email": f"{n}@example.com"} for n in range(50)]
    types = {name: {"type": ["string", "integer", "null"]} for name in ANN}
    assert project.load(users(*records, **types), streams={"users": {"keep_only": ["email", "plan"]}})
    before = project.holds.field_types().keys()
    assert "plan" in before
    assert not {"loaded_at", "score_a", "score_b"} & before


def test_what_iterable_sets_itself_is_dropped_beside_and_in_the_object(project: Project) -> None:
    record = {"email": "ann@example.com", "itblInternal": {}, "dataFields": {"itblInternal": {"x": 1}, "plan": "gold"}}
    assert project.load(users(record))["users"]["reasons"] == {"reservedField": 1}
    for column in (record["dataFields"], json.dumps(record["dataFields"])):
        drop = ["itblInternal", "dataFields.itblInternal"]
        done = project.load(users({**record, "dataFields": column}), streams={"users": {"drop": drop}})
        assert done["users"]["written"] == 1
    assert project.holds.user(email="ann@example.com")["plan"] == "gold"


def test_records_without_their_identifier_are_refused_in_words(project: Project) -> None:
    done = project.load(users(ANN), streams={"users": {"drop": ["email"]}})
    assert done["users"]["reasons"] == {"missingIdentity": 1}
    assert "it has no email" in project.load.refusals[0]["reason"]


def test_the_key_of_a_stream_counts_although_it_stays_here(project: Project) -> None:
    items = stream("catalog_items", [{"sku": "A-1", "name": "Mug", "cost": 3}], ["sku"])
    route = {"catalog": "Products", "drop": ["sku", "cost"]}
    assert project.load(items, streams={"catalog_items": route})["catalog_items"]["written"] == 1
    assert project.holds.items("Products") == {"A-1": {"name": "Mug"}}


def test_no_type_is_given_to_a_field_that_stays_here(project: Project) -> None:
    number = {"type": "number"}
    value = {"type": "object", "properties": {"price": number, "cost": number}}
    items = stream(
        "catalog_items", [{"itemId": "A-1", "value": {"price": 2, "cost": 1}, "tax": 1}], value=value, tax=number
    )
    route = {"catalog": "Products", "define_field_types": True, "drop": ["value.cost", "tax"]}
    project.load(items, streams={"catalog_items": route})
    assert project.holds.mappings("Products").keys() == {"price"}


def test_fields_of_a_user_who_has_left_are_cleared_only_where_they_travelled(project: Project) -> None:
    project.load(users({"email": "ann@example.com", "note": "by hand"}))
    route = {"mode": "mirror", "on_removed": "clear", "complete_at_end": True, "max_removals": "100%", "drop": ["note"]}
    for who in ("ann@example.com", "bob@example.com"):
        project.load(users({"email": who, "plan": "gold", "note": "x"}), streams={"users": route})
    profile = project.holds.user(email="ann@example.com")
    assert (profile.get("plan"), profile["note"]) == (None, "by hand")


def test_null_still_drops_where_it_arrives(project: Project) -> None:
    project.load(users(ANN), streams={"users": {"fields": {"loaded_at": None, "plan": "level"}}})
    assert not {"loaded_at", "plan"} & project.holds.field_types().keys()


def test_numbers_in_a_trimmed_text_keep_every_digit() -> None:
    text = '{"n": 1.10, "big": 12345678901234567890.123, "c": 1}'
    assert left({"x": text}, drop=["x.c"]) == {"x": '{"n":1.10,"big":12345678901234567890.123}'}
    assert left({"x": {"n": Decimal("1.10"), "c": 1}}, drop=["x.c"]) == {"x": {"n": Decimal("1.10")}}


@pytest.mark.parametrize(
    ("route", "message"),
    [
        ({"fields": {"column": ""}}, r"`streams.users.fields.column` names no field.*`drop`"),
        ({"fields": {"column": "  "}}, r"`streams.users.fields.column` names no field"),
        ({"fields": {"column": ".b"}}, r"`streams.users.fields.column` names no field"),
        ({"fields": {"column": "a."}}, r"`streams.users.fields.column` names no field"),
        ({"fields": {"column": "a..b"}}, r"`streams.users.fields.column` names no field"),
        ({"defaults": {"": 1}}, r"`streams.users.defaults` has a column without a name"),
        ({"keep_only": []}, r"`streams.users.keep_only` is empty"),
        ({"drop": "column"}, r"is not of type.*\['drop'\]"),
        ({"drop": [""]}, r"non-empty.*\['drop'\]|too short.*\['drop'\]"),
        ({"drop": [None]}, r"is not of type.*\['drop'\]"),
        ({"fields": {"plan": "level"}, "drop": ["pl*"]}, r"`streams.users.fields` names the column 'plan'.*leaves out"),
        ({"fields": {"plan": "level"}, "keep_only": ["email"]}, r"`streams.users.fields` names the column 'plan'"),
        ({"defaults": {"plan": "free"}, "drop": ["plan"]}, r"`streams.users.defaults` names the column 'plan'"),
    ],
)
def test_what_makes_no_sense_is_refused_at_the_start_by_name(
    project: Project, route: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigValidationError) as raised:
        project.load(users(ANN), streams={"users": route})
    assert re.search(message, " ".join(raised.value.errors))
    assert project.sandbox.requests("POST /api/*") == []


def test_what_fits_no_column_is_told(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    route = {"drop": ["loaded", "plan", "dataFields.x"], "keep_only": ["email", "nmae"]}
    project.load(users({**ANN, "dataFields": {}}), streams={"users": route})
    told = [record.message for record in caplog.records if "matches no column" in record.message]
    assert told == [
        "`streams.users.drop` has 'loaded', which matches no column of the schema. Did you mean 'loaded_at'?",
        "`streams.users.keep_only` has 'nmae', which matches no column of the schema.",
    ]


def test_a_stream_map_drops_a_column_without_null(project: Project) -> None:
    maps = {"users": {"plan": "__NULL__", "loaded_at": "__NULL__"}}
    assert project.load(users(ANN), stream_maps=maps)["users"]["written"] == 1
    assert not {"loaded_at", "plan"} & project.holds.field_types().keys()
