"""Making tables that others make, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from iterable_api import databases

CREATE = text("CREATE TABLE IF NOT EXISTS things (name TEXT)")


@pytest.mark.parametrize("clash", [IntegrityError, ProgrammingError])
def test_who_clashes_with_another_maker_of_a_table_looks_again(tmp_path: Path, clash: type[DBAPIError]) -> None:
    engine = databases.sqlite(str(tmp_path / "things.db"))
    clashes = [clash("CREATE TABLE", None, Exception("it is there"))]

    @event.listens_for(engine, "before_execute")
    def another(*_: object) -> None:
        if clashes:
            raise clashes.pop()

    databases.make(engine, CREATE)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM things")) == 0
    engine.dispose()


def test_a_table_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperationalError):
        databases.make(databases.sqlite(str(tmp_path / "no" / "folder.db")), CREATE)
