"""BATCH files hold what the records hold, and columns of Parquet have one type in all files of all runs."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import chdir
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from iterable_api.facts.data_types import EVENTS
from iterable_sandbox.server import Sandbox
from tap_iterable.batch_files.arrow_values import MOMENT
from tap_iterable.batch_files.files import BatchConfig, FileSettings, write_files
from tap_iterable.config.batch_settings import most_batch_bytes
from tap_iterable.schemas.event_schemas import event_schema
from tests.tap.reading import Output, TapRun, selecting

STREAMS = ("email_send", "email_subscribe", "custom_event", "users", "campaigns", "list_users")
FORMATS = ({"format": "parquet"}, {"format": "parquet", "compression": "gzip"}, {"format": "jsonl"})
SUFFIXES = {"parquet": ".parquet", "jsonl": ".jsonl"}


@dataclass(frozen=True)
class Batched:
    """A run of all streams, the folder of its files, and their format."""

    output: Output
    folder: Path
    format: str


def _batched(
    read: TapRun, folder: Path, streams: str | Collection[str], encoding: dict[str, Any], **settings: Any
) -> Output:
    (folder / "batches").mkdir(exist_ok=True)
    names = (streams,) if isinstance(streams, str) else streams
    config = {"encoding": encoding, "storage": {"root": f"file://{folder}/batches"}, "batch_size": 100}
    output = read(*names, **{"end_date": "2026-11-02", "batch_config": config, **settings})
    assert output.code == 0, output.log
    return output


def _paths(output: Output, *streams: str) -> list[Path]:
    """The files of these streams, or of all."""
    batches = [message for message in output.messages if message["type"] == "BATCH"]
    manifests = [batch["manifest"] for batch in batches if batch["stream"] in streams or not streams]
    return [Path(url.removeprefix("file://")) for manifest in manifests for url in manifest]


def _schemas(output: Output, stream: str) -> list[dict[str, Any]]:
    """The schemas of a stream, each once."""
    said = [m["schema"] for m in output.messages if m["type"] == "SCHEMA" and m["stream"] == stream]
    return [schema for place, schema in enumerate(said) if schema not in said[:place]]


def _rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return list(pq.ParquetFile(path).read().to_pylist())
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.splitlines()]


def _record(row: dict[str, Any], schema: dict[str, Any]) -> str:
    """The record that a row of a file says: nulls left out, JSON text read, moments as in records."""
    texts = {name for name, column in schema["properties"].items() if "contentMediaType" in column}
    read = {name: json.loads(value) if name in texts and value else value for name, value in row.items()}
    return json.dumps({name: _plain(value) for name, value in read.items() if value is not None}, sort_keys=True)


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


@pytest.fixture(scope="module")
def reading(seeded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TapRun]:
    """Runs the tap against a seeded project that no test changes: a run here serves several tests."""
    folder = tmp_path_factory.mktemp("reading")
    with chdir(folder), Sandbox(database=str(shutil.copy(seeded_database, folder / "project.db"))) as running:
        yield TapRun(running.url, running.api_key, folder)


@pytest.fixture(scope="module")
def plain(reading: TapRun) -> Output:
    return reading(*STREAMS, end_date="2026-11-02")


@pytest.fixture(scope="module", params=FORMATS, ids=str)
def batched(reading: TapRun, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Batched:
    folder = tmp_path_factory.mktemp("files")
    return Batched(_batched(reading, folder, STREAMS, request.param), folder / "batches", request.param["format"])


@pytest.mark.parametrize("stream", STREAMS)
def test_the_files_hold_every_record_with_every_field(plain: Output, batched: Batched, stream: str) -> None:
    (schema,) = _schemas(batched.output, stream)
    paths = _paths(batched.output, stream)
    rows = [row for path in paths for row in _rows(path)]
    expected = [_record(record, {"properties": {}}) for record in plain.records[stream]]
    assert sorted(_record(row, schema) for row in rows) == sorted(expected)
    assert len(rows) > 10
    assert {path.name.partition(".")[2] for path in paths} == {SUFFIXES[batched.format][1:]}


def test_there_are_no_files_but_those_that_messages_name(batched: Batched) -> None:
    assert sorted(path.name for path in batched.folder.iterdir()) == sorted(p.name for p in _paths(batched.output))


def test_files_are_compressed_as_their_message_says(reading: TapRun, tmp_path: Path) -> None:
    output = _batched(reading, tmp_path, "email_send", {"format": "jsonl", "compression": "gzip"})
    assert {path.suffix for path in _paths(output)} == {".gz"}
    assert len(_rows(_paths(output)[0])) == 100


def test_one_run_after_the_other_gives_a_column_the_same_type_whatever_its_values_are(tmp_path: Path) -> None:
    """Whole totals in one file, and 24.95 in the next; a column without a value; dates."""
    schemas = []
    with Sandbox() as sandbox:
        read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
        for number, total in enumerate((10, 24.95)):
            body = {
                "user": {"email": "ann@example.com"},
                "items": [{"id": "1", "name": "a", "price": total, "quantity": 1}],
                "total": total,
                "createdAt": 1_788_000_000 + number,
            }
            headers = {"Api-Key": sandbox.api_key}
            requests.post(f"{sandbox.url}/api/commerce/trackPurchase", json=body, headers=headers, timeout=30)
            folder = tmp_path / str(number)
            folder.mkdir()
            (path,) = _paths(_batched(read, folder, "purchase", {"format": "parquet"}, window_days=10))
            schemas.append(pq.read_schema(path))
            assert total in [row["total"] for row in _rows(path)]
    assert schemas[0].equals(schemas[1])
    assert schemas[0].field("total").type == pa.float64()
    assert schemas[0].field("createdAt").type == MOMENT
    assert not [field.name for field in schemas[0] if pa.types.is_null(field.type)]


MAPS = {
    "email_send": {"email": "md5(email)", "half": "float(campaignId or 0) / 2", "dataFields": None, "__alias__": "sent"}
}


@pytest.fixture(scope="module")
def mapped(reading: TapRun) -> Output:
    return reading("email_send", end_date="2026-11-02", stream_maps=MAPS)


@pytest.mark.parametrize("encoding", FORMATS, ids=str)
def test_stream_maps_hold_for_files_too(
    reading: TapRun, mapped: Output, tmp_path: Path, encoding: dict[str, Any]
) -> None:
    """What is hashed in messages must not be clear in files."""
    output = _batched(reading, tmp_path, "email_send", encoding, stream_maps=MAPS)
    rows = [row for path in _paths(output) for row in _rows(path)]
    (schema,) = (message["schema"] for message in output.messages if message["type"] == "SCHEMA")
    expected = [_record(record, {"properties": {}}) for record in mapped.records["sent"]]
    assert sorted(_record(row, schema) for row in rows) == sorted(expected)
    assert expected
    assert not any("@" in str(row.get("email")) for row in rows)


@pytest.mark.parametrize("encoding", FORMATS, ids=str)
def test_columns_that_are_not_selected_are_not_in_files(
    reading: TapRun, tmp_path: Path, encoding: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _deselect(monkeypatch, "email")
    output = _batched(reading, tmp_path, "email_send", encoding)
    rows = [row for path in _paths(output) for row in _rows(path)]
    assert rows
    assert not any("email" in row for row in rows)


def _deselect(monkeypatch: pytest.MonkeyPatch, column: str) -> None:
    def selecting_others(streams: Collection[str], catalog: dict[str, Any]) -> dict[str, Any]:
        for entry in selecting(streams, catalog)["streams"]:
            for metadata in entry["metadata"]:
                if metadata["breadcrumb"] == ["properties", column]:
                    metadata["metadata"]["selected"] = False
        return catalog

    monkeypatch.setattr("tests.tap.reading.selecting", selecting_others)


def test_a_stream_that_a_map_leaves_out_has_no_files(reading: TapRun, tmp_path: Path) -> None:
    output = _batched(reading, tmp_path, "email_send", {"format": "parquet"}, stream_maps={"email_send": None})
    assert _paths(output) == []


def test_several_streams_of_one_are_refused(reading: TapRun, tmp_path: Path) -> None:
    maps = {"email_send": {}, "copy": {"__source__": "email_send", "recordId": "recordId"}}
    config = {"encoding": {"format": "parquet"}, "storage": {"root": f"file://{tmp_path}"}}
    output = reading("email_send", batch_config=config, stream_maps=maps)
    assert output.code != 0
    assert "`stream_maps` makes several streams of email_send, which `batch_config` cannot write" in output.log


def test_a_run_that_fails_leaves_no_file_that_no_message_names(reading: TapRun, tmp_path: Path) -> None:
    """The second window is refused, when a hundred rows of the first are in files and others are not."""
    (tmp_path / "batches").mkdir()
    config = {"encoding": {"format": "parquet"}, "storage": {"root": f"file://{tmp_path}/batches"}, "batch_size": 100}
    maps = {"email_send": {"x": "1 // (0 if createdAt > '2026-10-20' else 1)"}}
    output = reading("email_send", end_date="2026-11-02", batch_config=config, stream_maps=maps, window_days=10)
    assert output.code != 0
    named = sorted(path.name for path in _paths(output))
    assert sorted(path.name for path in (tmp_path / "batches").iterdir()) == named


def test_bookmarks_of_a_stream_of_many_data_types_move_with_its_files(reading: TapRun, tmp_path: Path) -> None:
    """Each data type of `heap_events` has a bookmark of its own."""
    output = _batched(reading, tmp_path, "heap_events", {"format": "jsonl"}, event_shape="heap")
    parts = output.state["bookmarks"]["heap_events"]["partitions"]
    assert _paths(output)
    assert {part["replication_key_value"] for part in parts} == {"2026-11-02T00:00:00.000000+00:00"}


WITHOUT_ARROW = "import sys; sys.modules['pyarrow'] = None; "
SENTENCE = r"needs the extra `parquet` of the package \(pyarrow is missing\): pip install 'singer-iterable\[parquet\]'"


@pytest.mark.more
def test_a_missing_extra_is_told_in_one_sentence(read: TapRun, tmp_path: Path) -> None:
    config = {"encoding": {"format": "parquet"}, "storage": {"root": f"file://{tmp_path}/batches"}}
    arguments = read.prepare("lists", batch_config=config)
    run = _python(tmp_path, f"{WITHOUT_ARROW}from tap_iterable.tap import TapIterable; TapIterable.cli()", *arguments)
    assert run.returncode == 1
    assert re.search(f"`batch_config` with the format Parquet {SENTENCE}", run.stderr)
    assert "Traceback" not in run.stderr
    program = _python(tmp_path, f"{WITHOUT_ARROW}import tap_iterable.arrow")
    assert re.search(f"MissingExtraError: `tap_iterable.arrow` {SENTENCE}\n$", program.stderr)


def _python(folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)


EVENT = event_schema(EVENTS[0])


@pytest.mark.parametrize("encoding", [*FORMATS, {"format": "jsonl", "compression": "gzip"}], ids=str)
def test_a_file_ends_with_the_rows_that_bring_it_to_its_bytes(tmp_path: Path, encoding: dict[str, Any]) -> None:
    """A file without its last block, or its last row group, is below the limit; every row is in one file."""
    rows = [{"email": blake2b(b"%d" % number).hexdigest(), "campaignId": number} for number in range(20_000)]
    blocks = [rows[start : start + 100] for start in range(0, len(rows), 100)]
    config = BatchConfig(encoding=encoding, storage={"root": tmp_path.as_uri()}, batch_size=15_000)  # type: ignore[arg-type]
    schema = {"properties": {name: EVENT["properties"][name] for name in rows[0]}}
    urls = list(write_files(config, "s", schema, blocks, FileSettings(most_bytes=400_000)))
    paths = [Path(url.removeprefix("file://")) for url in urls]
    assert [row["campaignId"] for path in paths for row in _rows(path)] == list(range(20_000))
    sizes = [path.stat().st_size for path in paths]
    assert len(sizes) > 3
    assert min(sizes[:-1]) >= 400_000
    assert max(sizes) <= 900_000
    (whole, rest) = write_files(config, "s", schema, blocks, FileSettings())
    assert [len(_rows(Path(url.removeprefix("file://")))) for url in (whole, rest)] == [15_000, 5_000]


def test_the_setting_of_megabytes_ends_files_of_a_run(
    read: TapRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded stream has no megabyte, so one is made smaller here."""
    assert most_batch_bytes({"batch_file_mb": 2}) == 2_000_000
    monkeypatch.setattr("tap_iterable.config.batch_settings.MB", 10_000)
    output = _batched(read, tmp_path, "email_send", {"format": "jsonl"}, batch_file_mb=1, window_days=1)
    assert len(_paths(output)) > 3
    assert {len(_rows(path)) for path in _paths(output)} != {100}
    assert all(path.stat().st_size >= 10_000 for path in _paths(output)[:-1])
