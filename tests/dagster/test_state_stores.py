"""States where every worker finds them: in SQLite, in PostgreSQL, and in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from demo.warehouse import Warehouse
from singer_iterable.running.state_stores import StateStoreError, state_store
from tests.s3_server import s3_server

KINDS = ["sqlite", "postgresql", pytest.param("s3", marks=pytest.mark.more)]


@pytest.fixture(params=KINDS)
def place(
    request: pytest.FixtureRequest, postgres: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    if request.param == "s3":
        s3fs = pytest.importorskip("s3fs")
        with s3_server(tmp_path) as params:
            # The server of another test is gone, and fsspec keeps what leads there.
            s3fs.S3FileSystem.clear_instance_cache()
            s3fs.S3FileSystem(**params).mkdir("states")
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", params["key"])
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", params["secret"])
            monkeypatch.setenv("AWS_ENDPOINT_URL", params["client_kwargs"]["endpoint_url"])
            yield "s3://states/of/projects"
            return
    in_postgresql = f"postgresql://postgres@/postgres?host={postgres.folder}"
    yield in_postgresql if request.param == "postgresql" else str(tmp_path / "states.db")


def test_a_state_is_what_was_written_last_by_any_worker(place: str) -> None:
    with closing(state_store(place)) as here, closing(state_store(place)) as there:
        assert here.read("north/users") is None
        here.write("north/users", {"state": {"bookmarks": {}}})
        there.write("north/users", {"state": {"bookmarks": {"users": 1}}})
        here.write("south/users", {"state": {}})
        assert here.read("north/users") == {"state": {"bookmarks": {"users": 1}}}
        there.remove("north/users")
        there.remove("north/users")
        assert here.read("north/users") is None
        assert there.read("south/users") == {"state": {}}


def test_workers_that_begin_at_once_all_find_the_store(place: str) -> None:
    def write(number: int) -> None:
        with closing(state_store(place)) as store:
            store.write(f"north/{number}", {"number": number})

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(write, range(8)))
    with closing(state_store(place)) as store:
        assert [store.read(f"north/{number}") for number in range(8)] == [{"number": number} for number in range(8)]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("file:///tmp/states", "A folder cannot keep states safely"),
        ("postgresql://me:s3cret@127.0.0.1:9/x", "OperationalError"),
        ("nonsense://bucket", "ValueError"),
    ],
)
def test_a_place_that_cannot_be_used_is_told_without_its_password(place: str, said: str) -> None:
    with pytest.raises(StateStoreError) as raised:
        state_store(place)
    assert said in str(raised.value)
    assert "s3cret" not in str(raised.value)
