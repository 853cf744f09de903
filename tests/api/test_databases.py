"""Making tables that others make, too."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from iterable_api.storage import databases

CREATE = text("CREATE TABLE IF NOT EXISTS things (name TEXT)")
INSERT = text("INSERT INTO things VALUES ('one')")


@pytest.mark.parametrize("clash", [IntegrityError, ProgrammingError])
def test_who_clashes_with_another_maker_of_a_table_looks_again(tmp_path: Path, clash: type[DBAPIError]) -> None:
    engine = databases.sqlite(str(tmp_path / "things.db"))
    clashes = [clash("CREATE TABLE", None, Exception("it is there"))]

    @event.listens_for(engine, "before_execute")
    def another(*_: object) -> None:
        if clashes:
            raise clashes.pop()

    databases.create_table(engine, CREATE)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM things")) == 0
    engine.dispose()


def test_a_table_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperationalError):
        databases.create_table(databases.sqlite(str(tmp_path / "no" / "folder.db")), CREATE)


def test_a_lock_of_another_connection_is_waited_for_as_long_as_is_said(tmp_path: Path) -> None:
    place = str(tmp_path / "things.db")
    patient, hasty = databases.sqlite(place, lock_timeout=60), databases.sqlite(place, lock_timeout=0.01)
    databases.create_table(patient, CREATE)
    with closing(sqlite3.connect(place, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OperationalError) as caught, hasty.begin() as connection:
            connection.execute(INSERT)
        assert databases.is_locked(caught.value)
        with ThreadPoolExecutor(1) as pool:
            written = pool.submit(databases.create_table, patient, INSERT)
            time.sleep(2 * databases.SQLITE_WAIT_SECONDS)
            assert not written.done()
            other.execute("COMMIT")
            written.result(60)
    patient.dispose()
    hasty.dispose()


def test_other_errors_are_no_locks(tmp_path: Path) -> None:
    engine = databases.sqlite(str(tmp_path / "things.db"))
    with pytest.raises(OperationalError) as caught, engine.begin() as connection:
        connection.execute(INSERT)
    assert not databases.is_locked(caught.value)
    engine.dispose()


def test_what_the_url_of_postgresql_says_about_connecting_counts() -> None:
    query = databases.postgresql("postgresql://host/database?connect_timeout=3").url.query
    assert query["connect_timeout"] == "3"
    assert query["keepalives_idle"] == "30"
