"""What settings name as a place for files: refused at the start if it is something else, private if it is made."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from tests.target.conftest import Project
from tests.target.loading import stream

ANN = "ann@example.com"
SKIPPING = {"users": {"object": "users", "skip_unchanged": True}}
FILES = ("summary_path", "request_log_path", "ledger", "rate_limit_store")
FOLDERS = ("rejects_path", "dry_run_path")
USERS = stream("users", [{"email": ANN}, {"email": "nobody"}])


def _folder(path: Path) -> None:
    path.mkdir()


def _file(path: Path) -> None:
    path.write_text("mine")


def _link_to_a_fifo(path: Path) -> None:
    os.mkfifo(path.with_name("fifo"))
    path.symlink_to(path.with_name("fifo"))


def refused(project: Project, setting: str, place: str) -> str:
    """How it is refused, at the start; nothing was asked of Iterable."""
    settings: dict[str, Any] = {"dry_run": setting == "dry_run_path", "enforce_rate_limits": True, "streams": SKIPPING}
    with pytest.raises(SettingError) as caught:
        project.load(USERS, **{**settings, setting: place})
    assert project.sandbox.requests() == []
    return str(caught.value)


def as_it_was(path: Path) -> tuple[int, list[str]]:
    return path.lstat().st_mode, sorted(one.name for one in path.parent.iterdir())


@pytest.mark.parametrize("make", [_folder, os.mkfifo, _link_to_a_fifo])
@pytest.mark.parametrize("setting", FILES)
def test_a_place_for_a_file_that_is_something_else_is_refused_by_name_and_stays(
    project: Project, tmp_path: Path, setting: str, make: Callable[[Path], None]
) -> None:
    odd = tmp_path / "odd" / "place"
    odd.parent.mkdir()
    make(odd)
    before = as_it_was(odd)
    assert refused(project, setting, str(odd)).startswith(f"`{setting}` cannot be written: {str(odd)!r} is there")
    assert as_it_was(odd) == before


@pytest.mark.parametrize("make", [_file, os.mkfifo, _link_to_a_fifo])
@pytest.mark.parametrize("setting", FOLDERS)
def test_a_place_for_a_folder_that_is_something_else_is_refused_by_name(
    project: Project, tmp_path: Path, setting: str, make: Callable[[Path], None]
) -> None:
    odd = tmp_path / "odd"
    make(odd)
    assert refused(project, setting, str(odd)).startswith(f"`{setting}` cannot be written: {str(odd)!r} is not a dir")


@pytest.mark.parametrize("setting", [*FILES, *FOLDERS])
def test_a_name_that_no_file_can_have_is_refused_by_name(project: Project, setting: str) -> None:
    for place in ("a\0b", "x" * 300):
        assert refused(project, setting, place).startswith(f"`{setting}` cannot be written: ")


@pytest.mark.parametrize("place", [":memory:", "sqlite:///", "sqlite://"])
def test_a_ledger_that_would_be_forgotten_is_refused(project: Project, place: str) -> None:
    assert refused(project, "ledger", place) == "`ledger` must be a file, or a URL of SQLite or PostgreSQL."


def test_a_summary_that_is_a_link_is_written_to_where_it_leads(project: Project, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    link, target = tmp_path / "summary.json", tmp_path / "kept" / "summary.json"
    link.symlink_to(target)
    project.load(USERS, summary_path=str(link))
    assert link.is_symlink()
    assert '"finished": true' in target.read_text()


def test_folders_that_a_run_makes_are_for_the_owner_only_and_out_of_git(project: Project, tmp_path: Path) -> None:
    rejects, plan = tmp_path / "all" / "rejects", tmp_path / "all" / "plan"
    project.load(USERS, rejects_path=str(rejects))
    project.load(USERS, dry_run=True, dry_run_path=str(plan))
    for folder in (rejects, plan):
        assert (folder / ".gitignore").read_text().splitlines()[-1] == "*"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_was_there_gets_the_rejects_and_nothing_else(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(mode=0o755)
    project.load(USERS, rejects_path=str(tmp_path / "mine"))
    assert [path.suffix for path in (tmp_path / "mine").iterdir()] == [".singer"]


@pytest.mark.parametrize("url", ["{}", "sqlite:///{}"])
def test_a_new_ledger_and_a_new_request_log_are_for_the_owner_only(project: Project, tmp_path: Path, url: str) -> None:
    """So is what SQLite puts beside the ledger, which takes over its mode."""
    ledger, log = tmp_path / "new.db", tmp_path / "calls.ndjson"
    project.load(USERS, ledger=url.format(ledger), streams=SKIPPING, request_log_path=str(log))
    assert {stat.S_IMODE(path.stat().st_mode) for path in (log, *tmp_path.glob("new.db*"))} == {0o600}


def test_a_ledger_that_was_there_keeps_its_mode_and_its_contents(project: Project, tmp_path: Path) -> None:
    ledger = tmp_path / "ours.db"
    project.load(USERS, ledger=str(ledger), streams=SKIPPING)
    ledger.chmod(0o660)
    assert project.load(USERS, ledger=str(ledger), streams=SKIPPING)["users"]["unchanged"] == 1
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o660
