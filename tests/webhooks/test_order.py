"""The order of the store, with several that append at the same time, and marks of what was read."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import Engine

from iterable_api.storage import databases
from iterable_webhooks.store.appending import appender
from iterable_webhooks.store.errors import (
    PositionAheadError,
    WebhookStoreError,
    WebhookStoreLockedError,
    WebhookStoreMissingError,
    WebhookStoreVersionError,
)
from iterable_webhooks.store.events import BEGINNING, Delivery, MalformedBody, Position, StoredEvent
from iterable_webhooks.store.opening import open_for_reading, open_for_writing
from iterable_webhooks.store.reader import StoreReader
from iterable_webhooks.store.retention import remove_some
from tests.webhooks.receivers import until

DAY_US = 86_400_000_000


@contextmanager
def _writer(store: str, lock_timeout: float = 60) -> Iterator[Engine]:
    engine = open_for_writing(store, lock_timeout)
    yield engine
    engine.dispose()


def _delivery(number: int, name: str = "emailOpen", project: str = "default", age_days: float = 0) -> Delivery:
    received_at = time.time_ns() // 1_000 - round(age_days * DAY_US)
    return Delivery(received_at, project, name, b'{"n": %d}' % number)


def _events(store: str, after: Position = BEGINNING) -> list[StoredEvent]:
    with StoreReader(store) as reader:
        return [event for batch in reader.read(after) for event in batch.events]


def _remove_old(engine: Engine, keep: timedelta) -> int:
    """Remove all that is to go; how many rows that were."""
    return sum(iter(lambda: remove_some(engine, keep), 0))


def _append_in(connection: Connection, number: int) -> None:
    """What a receiver does, in a transaction that stays open."""
    raised = text("UPDATE iterable_webhook_store SET last_position = last_position + 1 RETURNING last_position")
    position = connection.scalar(raised)
    row = text("INSERT INTO iterable_webhook_events VALUES (:position, 0, 'default', 'emailOpen', :body)")
    connection.execute(row, {"position": position, "body": b'{"n": %d}' % number})


def test_events_are_read_in_the_order_of_storing_with_their_names_projects_and_times(store: str) -> None:
    with _writer(store) as engine:
        stored = [_delivery(1, "emailOpen"), _delivery(2, "emailSend", "other"), _delivery(3, "emailSend")]
        appender(engine).append(stored[:1], [])
        appender(engine).append(stored[1:], [])
    with StoreReader(store) as reader:
        (batch,) = reader.read()
        assert [(event.position, event.project, event.event_name, event.body) for event in batch.events] == [
            (number, one.project, one.event_name, one.body) for number, one in enumerate(stored, 1)
        ]
        assert [event.received_at.timestamp() for event in batch.events] == pytest.approx(
            [one.received_at / 1_000_000 for one in stored]
        )
        assert batch.read_to == reader.last_position == 3
        assert list(reader.read(batch.read_to)) == []
        assert [event.body for one in reader.read(names=["emailSend"]) for event in one.events] == [
            stored[1].body,
            stored[2].body,
        ]
        (of_other,) = reader.read(Position(1), names=["emailSend"], project="other")
        assert ([event.position for event in of_other.events], of_other.read_to) == ([2], 3)
        (nothing,) = reader.read(names=["smsSend"])
        assert nothing == ([], 3)
        assert reader.event_names() == ["emailOpen", "emailSend"]
        assert reader.event_names("other") == ["emailSend"]
        assert reader.projects() == ["default", "other"]


def test_a_large_store_is_read_in_batches_that_are_bounded_by_rows_and_by_bytes(store: str) -> None:
    large = b'{"a": "' + b"x" * 1_500_000 + b'"}'
    with _writer(store) as engine:
        appender(engine).append([_delivery(number) for number in range(2_500)], [])
        appender(engine).append([Delivery(0, "default", "emailSend", large)] * 5, [])
    with StoreReader(store) as reader:
        batches = list(reader.read())
        assert [event.position for batch in batches for event in batch.events] == list(range(1, 2_506))
        assert all(len(batch.events) <= 1_000 for batch in batches)
        assert all(sum(len(event.body) for event in batch.events) <= 4_000_000 for batch in batches)
        assert [batch.read_to for batch in batches] == sorted({batch.read_to for batch in batches})
        assert next(reader.read(Position(999))).events[0].position == 1_000
        assert sum(len(batch.events) for batch in reader.read(names=["emailSend"])) == 5


def test_a_reader_never_passes_an_event_that_another_writer_commits_later(postgresql_store: str) -> None:
    with _writer(postgresql_store) as slow, _writer(postgresql_store) as quick, ThreadPoolExecutor() as pool:
        with slow.begin() as transaction:
            _append_in(transaction, 1)
            other = pool.submit(appender(quick).append, [_delivery(2)], [])
            _wait_for_a_lock(slow)
            with StoreReader(postgresql_store) as reader:
                assert list(reader.read()) == []  # neither the one before its commit, nor the one behind it
            assert not other.done()
        other.result()
    assert [event.body for event in _events(postgresql_store)] == [b'{"n": 1}', b'{"n": 2}']


def _wait_for_a_lock(engine: Engine) -> None:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

    def is_waited_for() -> bool:
        with engine.connect() as connection:
            return bool(connection.scalar(waiting))

    until(is_waited_for)


def test_readers_beside_many_writers_miss_nothing_and_see_nothing_twice(store: str) -> None:
    writers, groups = 4, 25
    seen: list[StoredEvent] = []
    done = threading.Event()

    def write(writer: int) -> None:
        with _writer(store) as engine:
            append = appender(engine).append
            for group in range(groups):
                append([_delivery(writer * 10_000 + group * 10 + number) for number in range(3)], [])

    def read() -> None:
        after = BEGINNING
        with StoreReader(store) as reader:
            while not done.is_set() or after < reader.last_position:
                for batch in reader.read(after):
                    seen.extend(batch.events)
                    after = batch.read_to

    with _writer(store), ThreadPoolExecutor() as pool:
        reading = pool.submit(read)
        for written in [pool.submit(write, writer) for writer in range(writers)]:
            written.result()
        done.set()
        reading.result()
    assert [event.position for event in seen] == list(range(1, writers * groups * 3 + 1))
    assert len({event.body for event in seen}) == len(seen)


def test_a_writer_whose_transaction_is_undone_leaves_no_gap(store: str) -> None:
    with _writer(store) as engine:
        with engine.connect() as connection:
            _append_in(connection, 1)
            connection.rollback()
        appender(engine).append([_delivery(2)], [])
    assert [(event.position, event.body) for event in _events(store)] == [(1, b'{"n": 2}')]


def test_only_events_that_all_readers_have_read_and_that_are_old_are_removed(store: str) -> None:
    with _writer(store) as engine:
        ages = [9, 9, 9, 1, 9]
        appender(engine).append([_delivery(number, age_days=age) for number, age in enumerate(ages, 1)], [])
        keep = timedelta(days=3)
        assert _remove_old(engine, keep) == 0  # there is no reader
        with StoreReader(store) as reader:
            reader.mark_read("slow", Position(2))
            reader.mark_read("quick", Position(5))
            assert _remove_old(engine, keep) == 2
            reader.mark_read("slow", Position(5))
            assert _remove_old(engine, keep) == 1  # the fourth is young, and the fifth behind it waits for it
            assert [event.position for event in _events(store)] == [4, 5]
            assert [(mark.reader, mark.position) for mark in reader.marks()] == [("quick", 5), ("slow", 5)]
            reader.mark_read("new", BEGINNING)
            assert _remove_old(engine, timedelta()) == 0
            assert reader.forget_reader("new")
            assert not reader.forget_reader("new")
            assert _remove_old(engine, timedelta()) == 2
            assert (reader.last_position, reader.event_names()) == (5, ["emailOpen"])
        appender(engine).append([_delivery(6)], [])
    assert [event.position for event in _events(store)] == [6]


def test_more_events_than_one_transaction_removes_are_all_removed(store: str) -> None:
    with _writer(store) as engine, StoreReader(store) as reader:
        appender(engine).append([_delivery(number, age_days=2) for number in range(1_200)], [])
        reader.mark_read("tap", reader.last_position)
        assert _remove_old(engine, timedelta(days=1)) == 1_200


def test_malformed_bodies_are_removed_by_their_age(store: str) -> None:
    with _writer(store) as engine, StoreReader(store) as reader:
        old, young = (
            MalformedBody(_delivery(0, age_days=age).received_at, "default", "not JSON", b"x") for age in (2, 0)
        )
        appender(engine).append([_delivery(1, age_days=2)], [old] * 700 + [young])
        assert _remove_old(engine, timedelta(days=1)) == 700
        assert (reader.malformed_count(), len(_events(store))) == (1, 1)


def test_a_position_behind_the_end_is_refused_in_words(store: str) -> None:
    with _writer(store) as engine:
        appender(engine).append([_delivery(1)], [])
    with StoreReader(store) as reader, pytest.raises(PositionAheadError, match="another store, or an older copy"):
        list(reader.read(Position(2)))


def test_a_store_has_a_name_of_its_own_that_stays(store: str, tmp_path: Path) -> None:
    with _writer(store), StoreReader(store) as reader:
        name = reader.store_id
    place = str(tmp_path / "other.db")
    with _writer(store), _writer(place), StoreReader(store) as reader, StoreReader(place) as other:
        assert reader.store_id == name != other.store_id


def test_a_store_of_another_version_is_refused_in_words_and_left_as_it_is(store: str) -> None:
    with _writer(store) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE iterable_webhook_store SET schema_version = 7"))
        connection.execute(text("DROP TABLE iterable_webhook_names"))
    for opened in (open_for_writing, StoreReader):
        with pytest.raises(WebhookStoreError, match=r"version 7 .* knows version 1|no store"):
            opened(store)
    with pytest.raises(WebhookStoreVersionError):
        open_for_writing(store)


def test_a_store_that_is_not_there_is_not_made_by_a_reader(store: str) -> None:
    with pytest.raises(WebhookStoreMissingError):
        open_for_reading(store)
    if "://" not in store:
        assert not Path(store).exists()


def test_a_lock_is_waited_for_and_then_told(tmp_path: Path) -> None:
    store = str(tmp_path / "store.db")
    with _writer(store, 0.1) as engine, closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WebhookStoreLockedError):
            appender(engine).append([_delivery(1)], [])
        with StoreReader(store) as reader:
            assert list(reader.read()) == []  # who reads does not wait for who writes


def test_commits_are_brought_to_the_disk(store: str) -> None:
    with _writer(store) as engine, engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_commits_are_brought_to_the_disk_also_where_the_database_would_not(postgresql_store: str) -> None:
    administrator = databases.postgresql(postgresql_store)
    with administrator.begin() as connection:
        connection.execute(text("ALTER DATABASE postgres SET synchronous_commit = off"))
    try:
        with _writer(postgresql_store) as engine, engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    finally:
        with administrator.begin() as connection:
            connection.execute(text("ALTER DATABASE postgres RESET synchronous_commit"))
        administrator.dispose()
