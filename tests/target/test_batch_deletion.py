"""A file of a BATCH message is deleted when it is delivered for certain, and only if that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from target_iterable.batch_files.errors import BatchFileError
from target_iterable.delivery.errors import DeliveryFailedError
from tests.target.batches import batch, json_lines
from tests.target.conftest import Project
from tests.target.loading import Message, stream

SCHEMA = stream("users", [{"email": ""}])[0]


def state(value: int) -> Message:
    return {"type": "STATE", "value": {"position": value}}


def files(path: Path, *names: str) -> list[Path]:
    return [json_lines(path / f"{name}.jsonl", [{"email": f"{name}@example.com"}]) for name in names]


def wishes(path: Path, **more: Any) -> dict[str, Any]:
    return {"batch_roots": [str(path)], "delete_batch_files": True, **more}


def test_files_before_the_last_state_are_deleted_and_those_behind_it_stay(project: Project, tmp_path: Path) -> None:
    first, second, third = files(tmp_path, "a", "b", "c")
    messages = [SCHEMA, batch("users", first, second), state(1), batch("users", third)]
    project.load.cut_off(messages, **wishes(tmp_path))
    assert [file.exists() for file in (first, second, third)] == [False, False, True]
    assert project.load.states == [{"position": 1}]


def test_a_file_stays_unless_the_setting_says_otherwise(project: Project, tmp_path: Path) -> None:
    (file,) = files(tmp_path, "a")
    project.load([SCHEMA, batch("users", file)], batch_roots=[str(tmp_path)])
    assert file.exists()


def test_a_state_that_repeats_the_one_before_the_file_does_not_cover_it(project: Project, tmp_path: Path) -> None:
    first, second = files(tmp_path, "a", "b")
    messages = [SCHEMA, batch("users", first), state(1), batch("users", second), state(1)]
    broken = [*messages[:-1], batch("users", tmp_path / "missing.jsonl")]
    with pytest.raises(BatchFileError):
        project.load.cut_off(broken, **wishes(tmp_path))
    assert (first.exists(), second.exists()) == (False, True)


def test_nothing_is_deleted_that_was_not_delivered_and_a_repeat_deletes(project: Project, tmp_path: Path) -> None:
    first, second = files(tmp_path, "a", "b")
    body = {"code": "Forbidden", "msg": "no"}
    project.sandbox.inject("answer", route="POST /api/users/bulkUpdate", status=403, body=body, times=1)
    messages = [SCHEMA, batch("users", first, second), state(1)]
    with pytest.raises(DeliveryFailedError):
        project.load.cut_off(messages, **wishes(tmp_path))
    assert (first.exists(), second.exists()) == (True, True)
    project.load.cut_off(messages, **wishes(tmp_path))
    assert (first.exists(), second.exists()) == (False, False)
    assert project.holds.exists("b@example.com")
