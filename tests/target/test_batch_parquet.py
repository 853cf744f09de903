"""Each type of Parquet is the value of a RECORD message, or refused; a broken file fails the run."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from target_iterable.batch_files.errors import BatchFileError
from tests.target.batches import batch, json_lines, parquet
from tests.target.conftest import Project
from tests.target.loading import stream

SCHEMA = stream("users", [{"email": ""}])[0]
EMAIL = pa.array(["ann@example.com"])
NAIVE = datetime(2026, 1, 2, 3, 4, 5, 600_000)  # noqa: DTZ001 (a column may have no zone)
BINARY = pa.array([b"secret"])
NANOSECONDS = 1_767_323_045_600_000_789
VALUES: dict[str, tuple[pa.Array, Any]] = {
    "naive": (pa.array([NAIVE], pa.timestamp("us")), "2026-01-02T03:04:05.600000"),
    "naive_ns": (pa.array([NANOSECONDS], pa.timestamp("ns")), "2026-01-02T03:04:05.600000"),
    "ns": (pa.array([NANOSECONDS], pa.timestamp("ns", "UTC")), "2026-01-02T03:04:05.600000+00:00"),
    "kyiv": (
        pa.array([NAIVE.replace(tzinfo=UTC)], pa.timestamp("ms", "Europe/Kyiv")),
        "2026-01-02T03:04:05.600000+00:00",
    ),
    "long_ago": (
        pa.array([datetime(1901, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
        "1901-01-01T00:00:00.000000+00:00",
    ),
    "day": (pa.array([date(2026, 1, 2)], pa.date32()), "2026-01-02"),
    "day_64": (pa.array([date(2026, 1, 2)], pa.date64()), "2026-01-02"),
    "clock": (pa.array([time(3, 4, 5)], pa.time32("ms")), "03:04:05.000"),
    "clock_us": (pa.array([time(3, 4, 5, 6)], pa.time64("us")), "03:04:05.000006"),
    "price": (pa.array([Decimal("12.50")], pa.decimal128(10, 2)), 12.5),
    "count": (pa.array([Decimal(12)], pa.decimal128(10, 0)), 12),
    "single": (pa.array([0.1], pa.float32()), 0.1),
    "large": (pa.array([2**53 + 1], pa.int64()), 2**53 + 1),
    "map": (pa.array([[("a", 1), ("b", None)]], pa.map_(pa.string(), pa.int64())), {"a": 1, "b": None}),
    "days": (pa.array([{"of": [date(2026, 1, 2), None]}]), {"of": ["2026-01-02", None]}),
    "words": (pa.array(["red"]).dictionary_encode(), "red"),
}


def load(project: Project, path: Path, file: Path) -> Any:
    return project.load([SCHEMA, batch("users", file)], batch_roots=[str(path)])["users"]


def test_each_type_is_what_a_message_would_say(project: Project, tmp_path: Path) -> None:
    table = pa.table({"email": EMAIL, **{name: column for name, (column, _) in VALUES.items()}})
    assert load(project, tmp_path, parquet(tmp_path / "a.parquet", table))["written"] == 1
    record = {"email": "bob@example.com", **{name: value for name, (_, value) in VALUES.items()}}
    assert project.load(stream("users", [record]))["users"]["written"] == 1
    ann, bob = (project.holds.user(email=f"{name}@example.com") for name in ("ann", "bob"))
    assert {name: ann.get(name, "nothing") for name in VALUES} == {name: bob.get(name, "nothing") for name in VALUES}
    assert [ann["day"], ann["price"], ann["large"], ann["map"]["a"]] == ["2026-01-02", 12.5, 2**53 + 1, 1]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ([("raw", BINARY)], "a column 'raw' that is of the type binary"),
        ([("raws", pa.array([[b"secret"]]))], "a column 'raws' that is of the type binary"),
        ([("wait", pa.array([5], pa.duration("s")))], r"a column 'wait' that is of the type duration\[s\]"),
        (
            [("by_id", pa.array([[(1, "a")]], pa.map_(pa.int64(), pa.string())))],
            "a column 'by_id' that is a map whose keys are of the type int64",
        ),
        ([("a", EMAIL), ("a", EMAIL)], "has the column 'a' more than once"),
        (
            [("home", pa.StructArray.from_arrays([EMAIL, EMAIL], ["city", "city"]))],
            "a column 'home' that is a struct with two members of one name",
        ),
    ],
)
def test_a_column_that_is_no_value_of_json_is_refused_before_a_row_is_read(
    project: Project, tmp_path: Path, columns: list[tuple[str, pa.Array]], says: str
) -> None:
    names, arrays = zip(("email", EMAIL), *columns, strict=True)
    refused(project, tmp_path, parquet(tmp_path / "b.parquet", pa.Table.from_arrays([*arrays], [*names])), says)
    assert not project.holds.exists("ann@example.com")


@pytest.mark.parametrize("fault", ["no file", "empty", "other", "cut at the end", "cut in the midst", "changed"])
def test_a_broken_file_fails_the_run(project: Project, tmp_path: Path, fault: str) -> None:
    table = pa.table({"email": [f"user{number}@example.com" for number in range(500)]})
    file = parquet(tmp_path / "b.parquet", table, compression="none", use_dictionary=False, write_page_checksum=True)
    content = file.read_bytes()
    place = content.index(b"user250@")
    broken = {
        "empty": b"",
        "other": b'{"email": "eve@example.com"}\n' * 9,
        "cut at the end": content[:-9],
        "cut in the midst": content[: len(content) // 2],
        "changed": content[:place] + b"USER" + content[place + 4 :],
    }
    file.write_bytes(broken[fault]) if fault in broken else file.unlink()
    refused(project, tmp_path, file, "is not there" if fault == "no file" else "cannot be read")


def test_a_text_that_is_no_utf_8_fails_the_run(project: Project, tmp_path: Path) -> None:
    texts = pa.array([b"ann@example.com", b"\xff@example.com"]).view(pa.string())
    refused(project, tmp_path, parquet(tmp_path / "b.parquet", pa.table({"email": texts})), "cannot be read")


def refused(project: Project, path: Path, broken: Path, says: str) -> None:
    whole = json_lines(path / "a.jsonl", [{"email": "bob@example.com"}])
    messages = [SCHEMA, batch("users", whole), {"type": "STATE", "value": {"at": 1}}, batch("users", broken)]
    with pytest.raises(BatchFileError, match=says) as caught:
        project.load(messages, batch_roots=[str(path)])
    assert str(broken) in str(caught.value)
    assert "'users'" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert project.load.states == [{"at": 1}]
    assert project.holds.exists("bob@example.com")
