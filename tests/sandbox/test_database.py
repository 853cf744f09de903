"""Deferred INSERTs of a transaction are visible to all queries, and an index is created when it is needed."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest

from iterable_sandbox.store.sql.database import BulkInsert, Database, Index, Row
from iterable_sandbox.wire import gc_pause
from tests.sandbox.conftest import Http

BOOKS = BulkInsert[Row]("INSERT OR REPLACE INTO books VALUES {rows}", lambda books: books)
ALL = "SELECT id, title FROM books ORDER BY id"


@pytest.fixture
def database() -> Iterator[Database]:
    opened = Database(":memory:")
    opened.write("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT)")
    yield opened
    opened.close()


def test_what_was_put_off_is_seen_by_the_next_question(database: Database) -> None:
    with database.transaction():
        database.save(BOOKS, 1, (1, "a"))
        database.save(BOOKS, 2, (2, "b"))
        assert database.rows(ALL) == [(1, "a"), (2, "b")]
        database.save(BOOKS, 1, (1, "c"))
        assert database.row("SELECT title FROM books") == ("c",)
        database.save(BOOKS, 3, (3, "d"))
        database.write("DELETE FROM books WHERE id = 3")
    assert database.rows(ALL) == [(1, "c"), (2, "b")]


def test_only_the_last_state_is_written(database: Database) -> None:
    written: list[Row] = []

    def rows(books: Sequence[Row]) -> Sequence[Row]:
        written.extend(books)
        return books

    noted = BulkInsert[Row](BOOKS.sql, rows)
    with database.transaction():
        for title in "abc":
            database.save(noted, 1, (1, title))
    assert written == database.rows(ALL) == [(1, "c")]


def test_what_was_put_off_goes_with_its_transaction(database: Database) -> None:
    with suppress(KeyError), database.transaction():
        database.save(BOOKS, 1, (1, "a"))
        raise KeyError
    with database.rolled_back():
        database.save(BOOKS, 2, (2, "b"))
        assert database.rows(ALL) == [(2, "b")]
    assert database.rows(ALL) == []


def test_outside_of_a_transaction_nothing_is_put_off(database: Database) -> None:
    database.save(BOOKS, 1, (1, "a"))
    assert database.rows(ALL) == [(1, "a")]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 10_001])
def test_any_number_of_things_is_stored(database: Database, count: int) -> None:
    books = [(number, str(number)) for number in range(count)]
    with database.transaction():
        for book in books:
            database.save(BOOKS, book[0], book)
    assert database.rows(ALL) == books
    database.write("DELETE FROM books")
    database.save_many(BOOKS, iter(books))
    assert database.rows(ALL) == books


def test_the_first_export_makes_the_index_that_the_next_writes_keep(http: Http) -> None:
    database, name = http.sandbox.store.database, Index.EVENTS_BY_TIME.name.lower()
    made = ("SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = ?", [name])
    http.track({"email": "ana@example.com", "eventName": "opened", "createdAt": 100})
    assert database.number(*made) == 0
    assert [line["eventName"] for line in http.export("customEvent")] == ["opened"]
    assert database.number(*made) == 1
    http.track({"email": "ana@example.com", "eventName": "closed", "createdAt": 50})
    assert {line["eventName"] for line in http.export("customEvent")} == {"opened", "closed"}


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_looked_for_afterwards_as_it_was_before(*, enabled: bool) -> None:
    was_enabled = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with suppress(KeyError), gc_pause.paused():
            assert not gc.isenabled()
            raise KeyError
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
