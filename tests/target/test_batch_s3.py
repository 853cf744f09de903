"""Files of BATCH messages are read from S3, and deleted there if that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import s3fs

from target_iterable.batch_files.errors import BatchFileError
from tests.s3_server import s3_server
from tests.target.batches import batch, json_lines, parquet
from tests.target.conftest import Project
from tests.target.loading import STATE, stream

pytestmark = pytest.mark.more

USERS = [{"email": f"u{number}@example.com", "age": number} for number in range(5000)]
SCHEMA = stream("users", [{"email": ""}], age={"type": "integer"})[0]
ROOT = "s3://warehouse/unloaded"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with s3_server(tmp_path_factory.mktemp("moto")) as params:
        s3fs.S3FileSystem(**params).mkdir("warehouse")
        yield params


def put(s3: dict[str, Any], path: Path, name: str) -> str:
    """Write the users into an object; its URL."""
    make = path / name
    if name.endswith(".parquet"):
        parquet(make, pa.Table.from_pylist(USERS), row_group_size=1000)
    else:
        json_lines(make, USERS)
    s3fs.S3FileSystem(**s3).put_file(str(make), f"{ROOT}/{name}")
    return f"{ROOT}/{name}"


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
@pytest.mark.parametrize("deletes", [False, True])
def test_objects_are_read_and_deleted_only_if_told(
    project: Project, tmp_path: Path, s3: dict[str, Any], name: str, *, deletes: bool
) -> None:
    url = put(s3, tmp_path, name)
    wishes: dict[str, Any] = {"batch_roots": [ROOT], "batch_storage_params": {"s3": s3}, "delete_batch_files": deletes}
    assert project.load([SCHEMA, batch("users", url)], **wishes)["users"]["written"] == len(USERS)
    assert [project.holds.user(email=f"u{number}@example.com")["age"] for number in (0, 4999)] == [0, 4999]
    assert project.load.states == [STATE]
    assert s3fs.S3FileSystem(**s3, skip_instance_cache=True).exists(url) is not deletes


@pytest.mark.parametrize("fault", ["object", "bucket", "server"])
@pytest.mark.parametrize("name", ["b.jsonl", "b.parquet"])
def test_what_cannot_be_read_is_told_without_the_secret(
    project: Project, tmp_path: Path, s3: dict[str, Any], name: str, fault: str
) -> None:
    whole = put(s3, tmp_path, "c.jsonl")
    url = f"s3://nowhere/{name}" if fault == "bucket" else f"{ROOT}/missing-{name}"
    away = {**s3, "client_kwargs": {**s3["client_kwargs"], "endpoint_url": "http://127.0.0.1:9"}}
    wishes: dict[str, Any] = {"batch_roots": [ROOT, "s3://nowhere"], "batch_storage_params": {"s3": s3}}
    state = {"type": "STATE", "value": {"at": 1}}
    before = [] if fault == "server" else [batch("users", whole), state]
    if fault == "server":
        wishes["batch_storage_params"] = {"s3": away}
    with pytest.raises(BatchFileError) as caught:
        project.load([SCHEMA, *before, batch("users", url)], **wishes)
    assert f"'users': the BATCH file '{url}'" in str(caught.value)
    assert ("is not there" in str(caught.value)) is (fault != "server")
    assert s3["secret"] not in str(caught.value)
    assert project.load.states == [{"at": 1}] * bool(before)
