"""Files of rejects are read a page at a time, as the target has written them, and whatever is wrong with them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from iterable_runs.queries import reject_files
from iterable_runs.queries.reject_files import RejectedRecord, read_rejects
from target_iterable.core.rejection import RejectReason
from target_iterable.core.source import InputMessage
from target_iterable.reporting.dead_letter_file import DeadLetterFile

SCHEMA = {"type": "SCHEMA", "stream": "audience", "schema": {"properties": {}}, "key_properties": ["email"]}
BAD_ADDRESS = RejectReason("invalidEmails", "email is malformed", "email")
TOO_LARGE = RejectReason("tooLarge", "the record is too large")


def written(folder: Path, *rejects: tuple[dict[str, Any], RejectReason]) -> Path:
    """A file as the target writes it."""
    file = DeadLetterFile(folder / "rejects", "audience", datetime(2026, 11, 29, tzinfo=UTC))
    schema = json.dumps(SCHEMA)
    for record, reason in rejects:
        message = json.dumps({"type": "RECORD", "stream": "audience", "record": record})
        file.add(InputMessage(schema=schema, record=message), reason, "POST /api/users/bulkUpdate")
    file.flush()
    file.close()
    (path,) = (folder / "rejects").glob("*.singer")
    return path


def all_of(path: Path, code: str | None = None, most: int = 20) -> list[RejectedRecord]:
    found: list[RejectedRecord] = []
    position: int | None = 0
    while position is not None:
        page = read_rejects(path, code, position, most)
        assert page.problem is None
        found += page.records
        position = page.next_position
    return found


def test_a_record_is_shown_with_its_key_its_reason_and_where_it_was_sent(tmp_path: Path) -> None:
    (found,) = all_of(written(tmp_path, ({"email": "ann@", "age": 3}, BAD_ADDRESS)))
    assert (found.stream, found.key, found.code, found.field) == (
        "audience",
        {"email": "ann@"},
        "invalidEmails",
        "email",
    )
    assert (found.reason, found.endpoint) == ("email is malformed", "POST /api/users/bulkUpdate")
    assert json.loads(found.record) == {"email": "ann@", "age": 3}


@pytest.mark.parametrize("most", [1, 2, 7, 100])
def test_pages_have_each_record_once_in_its_order_and_know_the_key(tmp_path: Path, most: int) -> None:
    path = written(tmp_path, *[({"email": f"{number}@"}, BAD_ADDRESS) for number in range(10)])
    assert [record.key for record in all_of(path, most=most)] == [{"email": f"{number}@"} for number in range(10)]


def test_records_of_one_reason_are_found_among_others(tmp_path: Path) -> None:
    rejects = [({"email": f"{number}@"}, TOO_LARGE if number % 3 == 0 else BAD_ADDRESS) for number in range(10)]
    found = all_of(written(tmp_path, *rejects), "tooLarge", most=2)
    assert [record.key["email"] for record in found] == ["0@", "3@", "6@", "9@"]


def test_a_large_file_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, *[({"email": f"{number}@"}, BAD_ADDRESS) for number in range(50)])
    monkeypatch.setattr(reject_files, "_MOST_READ_BYTES", 1_000)
    assert read_rejects(path, "tooLarge").next_position is not None
    assert len(all_of(path)) == 50


def test_a_file_that_is_gone_or_is_something_else_is_told(tmp_path: Path) -> None:
    assert "not there" in str(read_rejects(tmp_path / "none.singer").problem)
    assert read_rejects(tmp_path).problem is not None
    other = tmp_path / "other"
    other.write_bytes(b'\xff\xfe\n[1]\nnull\n{"type": "RECORD", "record": {"secret": 1}}\n' + b"[" * 100_000)
    assert all_of(other) == []


def test_a_position_in_the_middle_of_a_line_or_behind_the_end_breaks_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, ({"email": "1@"}, BAD_ADDRESS), ({"email": "2@"}, BAD_ADDRESS))
    assert [record.key for record in read_rejects(path, position=5).records] == [{"email": "1@"}, {"email": "2@"}]
    assert read_rejects(path, position=10**9).records == []


def test_half_a_surrogate_pair_can_be_shown(tmp_path: Path) -> None:
    (found,) = all_of(written(tmp_path, ({"email": "\ud83d"}, BAD_ADDRESS)))
    assert "\\ud83d" in found.record
    found.record.encode()
