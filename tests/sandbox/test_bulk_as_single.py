"""A bulk request, which reads and writes all rows at once, has the effect of its rows one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iterable_api.facts.identity import PLACEHOLDER_DOMAIN, ProjectType
from iterable_sandbox.project.project import Project
from iterable_sandbox.rules.bulk_result import EVENT_BUCKETS, BulkResult
from iterable_sandbox.rules.field_types import RequestedFields, custom_event
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.wire.clock import StoppedClock
from iterable_sandbox.writes import events, lists, users

Optional = dict[str, st.SearchStrategy[Any]]

IDENTIFIERS: Optional = {
    "email": st.sampled_from(["ana@example.com", "Bo@example.com ", "gone@example.com", "nobody", None]),
    "userId": st.sampled_from(["a", "b", "gone", "ü", None]),
}
ODD: Optional = {
    "plan": st.sampled_from(["free", "gold", "null", "ключ", None]),
    "seen": st.sampled_from(["2026-09-01", "2026-09-01T10:00:00.000Z", None]),
    "size": st.sampled_from([1, 2**63, 10**20, None]),
    "price": st.sampled_from([1e16, 0.00001, 1.5, None]),
    "tags": st.lists(st.sampled_from(["a", None]), max_size=2),
    "address": st.fixed_dictionaries({}, optional={"city": st.sampled_from(["Kyiv", None]), "no.dot": st.just(1)}),
    "visits": st.lists(st.fixed_dictionaries({"n": st.sampled_from([1, None])}), max_size=2),
    "itblInternal.x": st.just("y"),
    "phoneNumber": st.sampled_from(["+380441234567", "none", None]),
    "emailListIds": st.sampled_from([[1000001], [1000002, 7], 1000001, [], None]),
}
"""Fields that are not what most are, but always fit their types."""

FIELDS = st.fixed_dictionaries({}, optional=ODD | IDENTIFIERS)
OPTIONS: Optional = {"preferUserId": st.booleans(), "mergeNestedObjects": st.booleans()}
USERS = st.lists(st.fixed_dictionaries({"dataFields": FIELDS}, optional=IDENTIFIERS | OPTIONS), max_size=8)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"eventName": st.sampled_from(["opened", "closed"]), "dataFields": st.fixed_dictionaries({}, optional=ODD)},
        optional=IDENTIFIERS
        | OPTIONS
        | {
            "id": st.sampled_from(["1", "2", "", None]),
            "createdAt": st.sampled_from([0, 9, 1_788_000_000_000, -(10**15), None]),
            "campaignId": st.sampled_from([7, None]),
        },
    ),
    max_size=8,
)
MADE = re.compile(rf"[0-9a-f-]{{36}}(?=@{PLACEHOLDER_DOMAIN})")
Write = Callable[[Project, Sequence[dict[str, Any]]], BulkResult]


def _project(settings: Settings) -> Project:
    store = Store()
    store.forgotten.add("email", "gone@example.com")
    store.forgotten.add("userId", "gone")
    for name in ("Readers", "Buyers"):
        store.lists.create(name, None, 0)
    return Project(settings, store, StoppedClock(datetime(2026, 9, 1, tzinfo=UTC)))


def _update(project: Project, rows: Sequence[dict[str, Any]]) -> BulkResult:
    result, _ = users.write_rows(
        project, rows, lambda row, fields: users.upsert(project, row, fields, source="API"), create=True
    )
    return result


def _subscribe(project: Project, rows: Sequence[dict[str, Any]]) -> BulkResult:
    target = project.store.lists.all()[0]

    def write(row: users.Row, fields: users.Row) -> None:
        lists.join(project, users.upsert(project, row, fields, source="API"), target, source="API")

    return users.write_rows(project, rows, write, create=True)[0]


def _track(project: Project, rows: Sequence[dict[str, Any]]) -> BulkResult:
    draft, result = project.field_draft(), BulkResult(EVENT_BUCKETS)
    with project.store.database.transaction(), project.user_resolver.prefetch(rows), events.prefetch(project, rows):
        asked = [RequestedFields(custom_event(row["eventName"]), row["dataFields"], create=True) for row in rows]
        admitted = draft.admit_all(asked)
        result.apply(partial(events.track, project), rows, admitted)
        draft.save()
    return result


def _content(project: Project) -> list[str]:
    """All that is stored; ids and addresses that are made where none came differ each time."""
    database = project.store.database
    shown = "iif(length(event_id) < 32, event_id, ''), json_remove(body, '$.id')"
    rows = [
        *database.rows("SELECT * FROM users ORDER BY id"),
        *database.rows(f"SELECT id, type, created_at, user, {shown} FROM events ORDER BY id"),  # noqa: S608 (constants)
        *database.rows("SELECT * FROM members ORDER BY list, user"),
        *database.rows("SELECT * FROM sqlite_sequence ORDER BY name"),
    ]
    return [MADE.sub("", str(row)) for row in rows]


def _agree(write: Write, settings: Settings, before: list[Any], rows: list[Any]) -> None:
    together, single = _project(settings), _project(settings)
    for project in (together, single):
        _update(project, before)
    result, results = write(together, rows), [write(single, [row]) for row in rows]
    assert (result.succeeded, result.failed) == (sum(t.succeeded for t in results), sum(t.failed for t in results))
    for name, values in result.failed_updates().items():
        assert values == [value for one in results for value in one.identifiers_in(name)]
    assert _content(together) == _content(single)
    for project in (together, single):
        project.store.close()


SETTINGS = [
    *(Settings(project_type=project_type) for project_type in ProjectType),
    Settings(type_clashes="row", opt_in_message_types=True, unknown_email_in_events="refuse"),
]
NAMES = [*ProjectType, "other settings"]
MOVED = [{"userId": "a"}, {"email": "ana@example.com", "userId": "b"}, {"userId": "a"}, {"userId": "b"}]


@pytest.mark.parametrize("settings", SETTINGS, ids=NAMES)
@given(before=USERS, rows=USERS)
@example(before=[{"email": "ana@example.com", "userId": "a"}], rows=MOVED)
@example(before=[{"email": "ana@example.com", "userId": "a"}, {"email": "bo@example.com", "userId": "a"}], rows=MOVED)
def test_users_are_updated_as_one_by_one(settings: Settings, before: list[Any], rows: list[Any]) -> None:
    _agree(_update, settings, before, rows)


@pytest.mark.parametrize("settings", SETTINGS, ids=NAMES)
@given(before=USERS, rows=USERS)
def test_users_are_subscribed_as_one_by_one(settings: Settings, before: list[Any], rows: list[Any]) -> None:
    _agree(_subscribe, settings, before, rows)


@pytest.mark.parametrize("settings", SETTINGS, ids=NAMES)
@given(before=USERS, rows=EVENTS)
def test_events_are_tracked_as_one_by_one(settings: Settings, before: list[Any], rows: list[Any]) -> None:
    _agree(_track, settings, before, rows)
