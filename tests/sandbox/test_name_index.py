"""The index of names finds users and events, also after renames, deletions and rolled-back transactions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.store import Store
from iterable_sandbox.store.tables.events import Event

EMAILS = ["ana@example.com", "bo@example.com"]
USER_IDS = ["a", "b"]
IDENTIFIERS = st.tuples(st.sampled_from([*EMAILS, None]), st.sampled_from([*USER_IDS, None]))
STEPS = st.lists(
    st.tuples(st.sampled_from(["save", "change", "delete"]), st.integers(0, 3), IDENTIFIERS, st.booleans()), max_size=10
)
"""What is done, to which of the users that are there, with which identifiers, and whether it is undone."""


def _users(store: Store) -> list[User]:
    found = (store.users.by_row(row) for (row,) in store.database.rows("SELECT id FROM users ORDER BY id"))
    return [user for user in found if user is not None]


def _take(store: Store, step: str, place: int, email: str | None, user_id: str | None) -> None:
    users = _users(store)
    if step == "save":
        store.users.save(User(email, user_id, 0))
    elif users and step == "change":
        user = users[place % len(users)]
        user.email, user.user_id = email, user_id
        store.users.save(user)
    elif users:
        store.users.delete(users[place % len(users)])


@pytest.mark.parametrize("expecting", [False, True])
@given(steps=STEPS)
@example(steps=[("save", 0, (None, "a"), False), ("save", 0, (None, "b"), False), ("change", 0, (None, "b"), False)])
@example(steps=[("save", 0, (None, "a"), False), ("change", 0, (None, "b"), True)])
@example(steps=[("save", 0, (None, "a"), True), ("save", 0, (None, "b"), False)])
def test_the_first_user_with_an_identifier_is_found(steps: Sequence[Any], *, expecting: bool) -> None:
    store = Store()
    for step, place, identifiers, undone in steps:
        if undone:
            with store.database.rolled_back():
                _take(store, step, place, *identifiers)
        else:
            _take(store, step, place, *identifiers)
        with (
            store.database.transaction(),
            store.users.prefetch(EMAILS, USER_IDS) if expecting else nullcontext(),
        ):
            _see(store, _users(store))
    store.close()


def _see(store: Store, users: Sequence[User]) -> None:
    for email in EMAILS:
        assert store.users.by_email(email) == next((user for user in users if user.email == email), None)
    for user_id in USER_IDS:
        sharing = [user for user in users if user.user_id == user_id]
        assert store.users.sharing(user_id) == sharing
        assert store.users.by_user_id(user_id) == next(iter(sharing), None)


def test_what_another_process_writes_is_found(tmp_path: Path) -> None:
    ours, theirs = (Store(str(tmp_path / "project.db")) for _ in range(2))
    catalog = ours.catalogs.create("Things")
    for number, store in enumerate([ours, theirs, ours, theirs]):
        store.users.save(User(f"{number}@example.com", None, 0))
        store.events.save(Event("customEvent", 0, 0, {"n": number}, str(number)))
        store.catalogs.put(catalog, [(str(number), f'{{"n":{number}}}')], 0)
    theirs.events.save(Event("customEvent", 0, 0, {"n": 9}, "0"))
    theirs.catalogs.put(catalog, [("0", '{"n":9}')], 0)
    for store in (ours, theirs):
        assert [user.email for user in _users(store)] == [f"{number}@example.com" for number in range(4)]
        assert all(store.users.by_email(f"{number}@example.com") for number in range(4))
        events = [store.events.by_event_id("customEvent", str(number)) for number in range(4)]
        assert [event and event.line["n"] for event in events] == [9, 1, 2, 3]
        assert [item.value["n"] for item in store.catalogs.items(catalog)] == [9, 1, 2, 3]
        assert store.events.count() == store.catalogs.count(catalog) == 4
        store.close()


def test_what_was_deleted_or_undone_is_not_found_and_may_come_again() -> None:
    store = Store()
    catalog = store.catalogs.create("Things")

    def write(number: int) -> None:
        store.events.save(Event("customEvent", 0, 7, {"n": number}, "one"))
        store.catalogs.put(catalog, [("one", f'{{"n":{number}}}')], 0)

    def found() -> list[int]:
        event, item = store.events.by_event_id("customEvent", "one"), store.catalogs.item(catalog, "one")
        return [*([event.line["n"]] if event else []), *([item.value["n"]] if item else [])]

    with store.database.rolled_back():
        write(1)
        assert found() == [1, 1]
    assert found() == []
    store.events.save(Event("customEvent", 0, 0, {}, "another"))
    store.catalogs.put(catalog, [("another", "{}")], 0)
    write(2)
    assert found() == [2, 2]
    store.events.delete_of(7)
    store.catalogs.delete_items(catalog, ["one", "nothing"])
    assert found() == []
    write(3)
    assert found() == [3, 3]
    assert store.events.count() == store.catalogs.count(catalog) == 2
    store.close()
