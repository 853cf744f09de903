"""A bulk request, which reads and writes for all of its rows at once, does what its rows would do one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iterable_api.identity import ProjectType
from iterable_sandbox.clock import StoppedClock
from iterable_sandbox.field_types import custom_event
from iterable_sandbox.project import Project
from iterable_sandbox.settings import Settings
from iterable_sandbox.store import Store
from iterable_sandbox.tally import EVENT_BUCKETS, Tally
from iterable_sandbox.writes import events, lists, users

IDENTIFIERS = {
    "email": st.sampled_from(["ana@example.com", "Bo@example.com ", "gone@example.com", None]),
    "userId": st.sampled_from(["a", "b", "gone", None]),
}
FIELDS = st.fixed_dictionaries({}, optional={"plan": st.sampled_from(["free", "gold"])} | IDENTIFIERS)
USERS = st.lists(st.fixed_dictionaries({"dataFields": FIELDS}, optional=IDENTIFIERS), max_size=8)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"eventName": st.just("opened"), "dataFields": st.fixed_dictionaries({}, optional={"n": st.integers(0, 2)})},
        optional=IDENTIFIERS | {"id": st.sampled_from(["1", "2", ""]), "createdAt": st.integers(0, 9)},
    ),
    max_size=8,
)
Write = Callable[[Project, Sequence[dict[str, Any]]], Tally]


def _project(project_type: ProjectType) -> Project:
    store = Store()
    store.forgotten.add("email", "gone@example.com")
    store.forgotten.add("userId", "gone")
    store.lists.create("Readers", None, 0)
    return Project(Settings(project_type=project_type), store, StoppedClock(datetime(2026, 9, 1, tzinfo=UTC)))


def _update(project: Project, rows: Sequence[dict[str, Any]]) -> Tally:
    tally, _ = users.write_rows(
        project, rows, lambda row, fields: users.upsert(project, row, fields, source="API"), create=True
    )
    return tally


def _subscribe(project: Project, rows: Sequence[dict[str, Any]]) -> Tally:
    [target] = project.store.lists.all()

    def write(row: users.Row, fields: users.Row) -> None:
        lists.join(project, users.upsert(project, row, fields, source="API"), target, source="API")

    return users.write_rows(project, rows, write, create=True)[0]


def _track(project: Project, rows: Sequence[dict[str, Any]]) -> Tally:
    draft, tally = project.field_draft(), Tally(EVENT_BUCKETS)
    with project.store.database.transaction(), project.directory.expecting(rows), events.expecting(project, rows):
        admitted = [draft.admit(custom_event("opened"), row["dataFields"], create=True) for row in rows]
        tally.each(partial(events.track, project), rows, admitted)
        draft.save()
    return tally


def _content(project: Project) -> list[Any]:
    """All that is stored; ids that were made for events that came without one differ each time."""
    database = project.store.database
    shown = "iif(length(event_id) < 32, event_id, ''), json_remove(body, '$.id')"
    return [
        *database.rows("SELECT * FROM users ORDER BY id"),
        *database.rows(f"SELECT id, type, created_at, user, {shown} FROM events ORDER BY id"),  # noqa: S608 (constants)
        *database.rows("SELECT * FROM members ORDER BY list, user"),
        *database.rows("SELECT * FROM sqlite_sequence ORDER BY name"),
    ]


def _agree(write: Write, project_type: ProjectType, before: list[Any], rows: list[Any]) -> None:
    together, single = _project(project_type), _project(project_type)
    for project in (together, single):
        _update(project, before)
    tally, tallies = write(together, rows), [write(single, [row]) for row in rows]
    assert (tally.succeeded, tally.failed) == (sum(t.succeeded for t in tallies), sum(t.failed for t in tallies))
    for name, values in tally.buckets().items():
        assert values == [value for one in tallies for value in one.named(name)]
    assert _content(together) == _content(single)
    for project in (together, single):
        project.store.close()


MOVED = [{"userId": "a"}, {"email": "ana@example.com", "userId": "b"}, {"userId": "a"}, {"userId": "b"}]


@pytest.mark.parametrize("project_type", ProjectType)
@given(before=USERS, rows=USERS)
@example(before=[{"email": "ana@example.com", "userId": "a"}], rows=MOVED)
@example(before=[{"email": "ana@example.com", "userId": "a"}, {"email": "bo@example.com", "userId": "a"}], rows=MOVED)
def test_users_are_updated_as_one_by_one(project_type: ProjectType, before: list[Any], rows: list[Any]) -> None:
    _agree(_update, project_type, before, rows)


@pytest.mark.parametrize("project_type", ProjectType)
@given(before=USERS, rows=USERS)
def test_users_are_subscribed_as_one_by_one(project_type: ProjectType, before: list[Any], rows: list[Any]) -> None:
    _agree(_subscribe, project_type, before, rows)


@pytest.mark.parametrize("project_type", ProjectType)
@given(before=USERS, rows=EVENTS)
def test_events_are_tracked_as_one_by_one(project_type: ProjectType, before: list[Any], rows: list[Any]) -> None:
    _agree(_track, project_type, before, rows)
