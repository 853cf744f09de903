"""A batch file has its name only when it is whole: on disk and in S3, whatever ends the run."""

from __future__ import annotations

import gzip
import io
import json
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow.parquet as pq
import pytest
import s3fs

from tests.s3_server import s3_server
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.reading import TapRun

TAP = "from tap_iterable.tap import TapIterable; TapIterable.cli()"
KILLED = f"""
import os, shutil, signal, types
from tap_iterable.batch_files import places
copied = []
def half(source, place):
    copied.append(place)
    if len(copied) < 3:
        return shutil.copyfileobj(source, place)
    place.write(source.read()[:2000])
    place.flush()
    os.kill(os.getpid(), signal.SIGKILL)
places.shutil = types.SimpleNamespace(copyfileobj=half)
{TAP}
"""
"""The tap, which ends without a word when half of its third batch file is copied."""
FORMATS: list[dict[str, str]] = [{"format": "parquet"}, {"format": "jsonl", "compression": "gzip"}]
FILE_ROWS = 100
ROWS = 450


def _line(number: int) -> bytes:
    event = {"createdAt": "2026-09-01 00:00:00 +00:00", "email": "ann@example.com", "messageId": f"{number:032x}"}
    return json.dumps({**event, "text": "x" * 900}).encode()


LINES = b"\n".join(map(_line, range(ROWS)))


def _run(
    server: ScriptedServer,
    folder: Path,
    storage: dict[str, Any],
    encoding: dict[str, str],
    program: str = TAP,
    *,
    largest_file: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """A run of the tap; no file may have more bytes than `largest_file`, as on a full disk."""
    server.after = lambda _request: Answer(body=LINES)
    config = {"encoding": encoding, "storage": storage, "batch_size": ROWS if largest_file else FILE_ROWS}
    days = {"start_date": "2026-09-01", "end_date": "2026-09-02", "run_history": ""}
    arguments = TapRun(server.url, "k", folder).prepare("email_send", batch_config=config, **days)
    command = [sys.executable, "-c", program, *arguments]
    limited = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (largest_file,) * 2) if largest_file else None
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=100, check=False, preexec_fn=limited
    )


def _named(out: str) -> list[str]:
    """The URLs that whole messages name."""
    messages = [json.loads(line) for line in out.splitlines(keepends=True) if line.endswith("\n")]
    return [url for message in messages if message["type"] == "BATCH" for url in message["manifest"]]


def _states(out: str) -> list[Any]:
    messages = [json.loads(line) for line in out.splitlines(keepends=True) if line.endswith("\n")]
    return [message["value"] for message in messages if message["type"] == "STATE"]


def _rows(name: str, opened: IO[bytes]) -> int:
    with opened as file:
        content = file.read()
    if name.endswith(".parquet"):
        return int(pq.ParquetFile(io.BytesIO(content)).read().num_rows)
    return len([json.loads(line) for line in gzip.decompress(content).splitlines()])


def test_a_full_disk_is_told_with_the_stream_and_the_setting(server: ScriptedServer, tmp_path: Path) -> None:
    """The answer fits, and its rows, which have more columns, do not."""
    storage = {"root": (tmp_path / "batches").as_uri()}
    ended = _run(server, tmp_path, storage, {"format": "jsonl"}, largest_file=len(LINES) + 2048)
    assert ended.returncode == 1
    assert "Stream 'email_send': a batch file cannot be written in '" in ended.stderr
    assert "name another place by `spool_directory`" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert _named(ended.stdout) == []


def test_a_place_that_takes_no_file_is_told_with_the_stream_and_the_setting(
    server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    ended = _run(server, tmp_path, {"root": (tmp_path / "file" / "batches").as_uri()}, FORMATS[0])
    assert ended.returncode == 1
    told = (
        r"Stream 'email_send': a batch file cannot be written: Not a directory.* name another .*`batch_config.storage`"
    )
    assert re.search(told, ended.stderr)
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("encoding", FORMATS, ids=lambda encoding: encoding["format"])
def test_a_run_that_is_killed_in_a_copy_leaves_only_whole_files_under_their_names(
    server: ScriptedServer, tmp_path: Path, encoding: dict[str, str]
) -> None:
    ended = _run(server, tmp_path, {"root": (tmp_path / "batches").as_uri()}, encoding, KILLED)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    files = [path for path in (tmp_path / "batches").iterdir() if not path.name.startswith(".")]
    assert sorted(_named(ended.stdout)) == sorted(path.as_uri() for path in files)
    assert [_rows(path.name, path.open("rb")) for path in files] == [FILE_ROWS] * 2
    assert not any(state["bookmarks"]["email_send"] for state in _states(ended.stdout))


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The parameters of an S3 for all tests."""
    with s3_server(tmp_path_factory.mktemp("moto")) as params:
        yield params


@pytest.fixture
def bucket(s3: dict[str, Any], request: pytest.FixtureRequest) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name)[-50:].strip("-")
    s3fs.S3FileSystem(**s3).mkdir(name)
    return name


@pytest.mark.more
@pytest.mark.parametrize("encoding", FORMATS, ids=lambda encoding: encoding["format"])
def test_s3_gets_whole_files_that_others_read(
    server: ScriptedServer, tmp_path: Path, s3: dict[str, Any], bucket: str, encoding: dict[str, str]
) -> None:
    storage = {"root": f"s3://{bucket}/iterable", "prefix": "nightly-", "params": s3}
    ended = _run(server, tmp_path, storage, encoding)
    assert ended.returncode == 0, ended.stderr
    place = s3fs.S3FileSystem(**s3)
    urls = _named(ended.stdout)
    assert len(urls) == -(-ROWS // FILE_ROWS)
    assert sorted(url.removeprefix("s3://") for url in urls) == sorted(place.ls(f"{bucket}/iterable"))
    assert all(f"s3://{bucket}/iterable/nightly-tap-iterable--email_send-" in url for url in urls)
    is_parquet = encoding["format"] == "parquet"
    with duckdb.connect() as database:
        database.register_filesystem(place)
        read = database.read_parquet if is_parquet else database.read_json
        ids = {row[0] for row in read(urls).project("recordId").fetchall()}
    assert len(ids) == ROWS
    assert s3["secret"] not in ended.stdout + ended.stderr


@pytest.mark.more
@pytest.mark.parametrize("encoding", FORMATS, ids=lambda encoding: encoding["format"])
def test_a_run_that_is_killed_leaves_only_whole_objects_in_s3(
    server: ScriptedServer, tmp_path: Path, s3: dict[str, Any], bucket: str, encoding: dict[str, str]
) -> None:
    ended = _run(server, tmp_path, {"root": f"s3://{bucket}", "params": s3}, encoding, KILLED)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    place = s3fs.S3FileSystem(**s3)
    objects = place.ls(bucket)
    assert sorted(_named(ended.stdout)) == sorted(f"s3://{name}" for name in objects)
    assert [_rows(name, place.open(name)) for name in objects] == [FILE_ROWS] * 2


@pytest.mark.more
def test_a_bucket_that_cannot_be_made_is_told_with_the_setting_and_without_the_secret(
    server: ScriptedServer, tmp_path: Path, s3: dict[str, Any]
) -> None:
    """S3 refuses this region as that of a new bucket."""
    params = {**s3, "client_kwargs": {**s3["client_kwargs"], "region_name": "us-east-1"}}
    ended = _run(server, tmp_path, {"root": "s3://nowhere/at-all", "params": params}, FORMATS[0])
    assert ended.returncode == 1
    assert re.search("a batch file cannot be written: .*location-constraint.*`batch_config.storage`", ended.stderr)
    assert "Traceback" not in ended.stderr
    assert s3["secret"] not in ended.stderr


@pytest.mark.more
def test_the_extra_that_s3_needs_is_named(server: ScriptedServer, tmp_path: Path) -> None:
    program = f"import sys; sys.modules['s3fs'] = None\n{TAP}"
    ended = _run(server, tmp_path, {"root": "s3://bucket"}, FORMATS[0], program)
    assert ended.returncode == 1
    assert re.search(
        r"`batch_config` with a root of s3:// needs the extra `s3` .*'singer-iterable\[s3\]'", ended.stderr
    )
    assert "Traceback" not in ended.stderr


def test_an_empty_stream_has_its_schema_and_no_file(server: ScriptedServer, tmp_path: Path) -> None:
    """A file without rows would say no more than the SCHEMA message, from which loaders make the table."""
    server.after = lambda _request: Answer(body=b"")
    config = {"encoding": FORMATS[0], "storage": {"root": (tmp_path / "batches").as_uri()}}
    output = TapRun(server.url, "k", tmp_path)("email_send", batch_config=config, end_date="2026-08-02", run_history="")
    assert output.code == 0, output.log
    assert {message["type"] for message in output.messages} == {"SCHEMA", "STATE"}
    assert not (tmp_path / "batches").exists()
