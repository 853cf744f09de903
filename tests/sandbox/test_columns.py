"""Checks by column, for many rows at once, give the same results as checks row by row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from iterable_api.facts.limits import MAX_CATALOG_ITEM_BYTES
from iterable_sandbox.project.project import Project
from iterable_sandbox.routes.content import catalog_items
from iterable_sandbox.routes.table import Call
from iterable_sandbox.rules.field_types import USER, FieldDraft, RequestedFields, custom_event
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.wire.body_schema import (
    BOOLEAN,
    DECIMAL,
    NUMBER,
    OBJECT,
    STRING,
    BodySchema,
    array_of,
    object_of,
    violations,
)
from iterable_sandbox.wire.clock import Clock
from iterable_sandbox.wire.json_text import without_nulls
from iterable_sandbox.wire.responses import RefusedError

SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, 7, 1.5, 2**63, -(2**63), 10**400])
    | st.sampled_from(
        ["", "x", "ü", "2026-09-01", "2026-09-01 10:00:00 +00:00", "2026-09-01T10:00:00.000Z", "2026-13-01"]
    )
)
NAMES = st.sampled_from(["a", "b", "a.b", "home_geo_location", "ключ", ""])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=3)
        | st.fixed_dictionaries({"lat": st.sampled_from([1, 2.5]), "lon": st.just(3)})
    ),
    max_leaves=6,
)
FIELDS = st.dictionaries(NAMES, VALUES, max_size=4)
OWNERS = st.sampled_from([USER, custom_event("opened"), custom_event("closed")])
ASKED = st.lists(
    st.builds(RequestedFields, OWNERS, FIELDS, st.sampled_from([None, True, False]), st.booleans()), max_size=8
)

ROW = object_of(
    required=("name",), name=STRING, at=NUMBER, price=DECIMAL, on=BOOLEAN, fields=OBJECT, tags=array_of(STRING)
)
ROWS = st.lists(
    st.fixed_dictionaries({}, optional={name: SCALARS | st.lists(SCALARS, max_size=2) | FIELDS for name in ROW.fields})
    | SCALARS,
    max_size=5,
)


def fitting(shape: BodySchema) -> st.SearchStrategy[Any]:
    """Values that nearly always are as `shape` wants them."""
    right = {
        "string": st.text(max_size=3),
        "number": st.integers(-(2**63), 2**63),
        "decimal": st.floats(allow_nan=False) | st.integers(),
        "boolean": st.booleans(),
        "object": FIELDS,
        "array": st.lists(st.text(max_size=3), max_size=2),
    }
    return right[shape.kind] | st.none()


FITTING = st.lists(st.fixed_dictionaries({name: fitting(shape) for name, shape in ROW.fields.items()}), max_size=5)


@given(ROWS | FITTING)
def test_what_is_wrong_with_an_array_is_what_is_wrong_with_its_items(rows: list[Any]) -> None:
    one_by_one = [found for index, row in enumerate(rows) for found in violations(ROW, row, f"obj[{index}]")]
    assert list(violations(array_of(ROW), rows)) == one_by_one


def _inner_nulls_gone(fields: Mapping[str, Any]) -> bool:
    return all(without_nulls(value) == value for value in fields.values())


def _outcome(draft: FieldDraft) -> Any:
    try:
        draft.check()
    except RefusedError as refusal:
        return refusal.response.body
    return None


@pytest.mark.parametrize(
    "settings",
    [Settings(), Settings(unknown_fields="drop"), Settings(decimals_into_long="accept"), Settings(max_user_fields=2)],
    ids=["as seen", "new fields dropped", "decimals into longs", "few fields"],
)
@given(before=ASKED, rows=ASKED)
@example(
    before=[RequestedFields(USER, {"a": {"b": [1]}}, create=True)],
    rows=[RequestedFields(USER, {"a": {"b": [[2], None]}}, create=None)],
)
@example(
    before=[RequestedFields(USER, {"a": "2026-09-01"}, create=True)],
    rows=[RequestedFields(USER, {"a": "2026-09-01T10:00:00.000Z"}, create=None)],
)
@example(
    before=[RequestedFields(USER, {"a": [{"b": 1}]}, create=True)],
    rows=[RequestedFields(USER, {"a": [{"b": 2}, {"b": None}, None]}, create=None)],
)
def test_fields_are_admitted_as_one_by_one(
    settings: Settings, before: list[RequestedFields], rows: list[RequestedFields]
) -> None:
    stores = Store(), Store()
    for store in stores:
        first = FieldDraft(store, settings)
        for row in before:
            first.admit(row._replace(create=True))
        first.save()
    together, single = (FieldDraft(store, settings) for store in stores)
    admitted = [single.admit(row) for row in rows]
    assert together.admit_all(rows) == admitted
    assert all(row.merge or _inner_nulls_gone(fields) for row, fields in zip(rows, admitted, strict=True))
    assert [*together.created] == [*single.created]
    assert [*together.filtered] == [*single.filtered]
    assert _outcome(together) == _outcome(single)
    for draft in (together, single):
        draft.save()
    assert stores[0].fields.all() == stores[1].fields.all()
    for store in stores:
        store.close()


ITEMS = st.dictionaries(
    st.sampled_from(["one", "two", "three", "bad id", "ключ", "x" * 300]),
    st.dictionaries(st.sampled_from(["a", "b", "a.b", 'a."b', 'a.\\"b', "ü"]), VALUES | st.text(max_size=9), max_size=3)
    | SCALARS
    | st.sampled_from([{"t": character * (MAX_CATALOG_ITEM_BYTES - 8)} for character in ("x", "xx", "ü")])
    | st.sampled_from([{"t": 'so. he said ": so'}, {"t": ["a.b", {"c": "d.e"}]}, {"n": 1e16}, {"n": None}]),
    max_size=4,
)


def _written(project: Project, documents: dict[str, Any], *, whole: bool) -> bool:
    path, body = {"catalogName": "Things"}, {"documents": documents, "replaceUploadedFieldsOnly": not whole}
    try:
        catalog_items.bulk_create_items(Call(project, path, QueryParams(), body, "", ""))
    except RefusedError:
        return False
    return True


def _is_allowed(item_id: str, value: Any) -> bool:
    """The documented limits, in other words."""
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    named = re.fullmatch(r"[A-Za-z0-9-]{1,255}", item_id) is not None
    return (
        named
        and isinstance(value, dict)
        and size <= MAX_CATALOG_ITEM_BYTES
        and not any("." in n for n in _names(value))
    )


def _names(value: Any) -> Iterator[str]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from (str(name), *_names(one))


def _project() -> Project:
    store = Store()
    store.catalogs.create("Things")
    return Project(Settings(), store, Clock())


@given(before=ITEMS, items=ITEMS, whole=st.booleans())
@example(before={}, items={"one": {"t": "."}, "two": {"t": ["a.b", {"c.d": 1}]}}, whole=True)
@example(before={}, items={"one": {'a.\\"b': 1}, "two": {"t": 1}}, whole=True)
def test_items_of_catalogs_are_checked_and_stored_as_one_by_one(
    before: dict[str, Any], items: dict[str, Any], *, whole: bool
) -> None:
    together, single = _project(), _project()
    for project in (together, single):
        for item_id, value in before.items():
            _written(project, {item_id: value}, whole=True)
    earlier = _stored(together)
    written = _written(together, items, whole=whole)
    each = {item_id: _written(single, {item_id: value}, whole=whole) for item_id, value in items.items()}
    if whole:
        assert each == {item_id: _is_allowed(item_id, value) for item_id, value in items.items()}
    assert written == all(each.values())
    assert _stored(together) == (_stored(single) if written else earlier)
    for project in (together, single):
        project.store.close()


def _stored(project: Project) -> list[Any]:
    return project.store.database.rows("SELECT catalog, id, body FROM items ORDER BY id")
