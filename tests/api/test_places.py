"""Files and folders that settings name: odd ones are found, and personal data is for its owner only."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from iterable_api.storage.paths import file_problem, folder_problem, private_directory, private_file, sqlite_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def in_git(folder: Path) -> str:
    """What Git would add of all that is in a folder."""
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)  # noqa: S607 (who clones this has one)
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_private_directory_is_for_its_owner_only_and_out_of_git(tmp_path: Path) -> None:
    folder = tmp_path / "output" / "rejects"
    private_directory(folder)
    (folder / "users.singer").write_text("somebody")
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.glob(".*")} == {0o600}
    assert in_git(tmp_path) == ""


def test_a_folder_that_was_there_is_left_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o755)
    before = mode(folder)
    private_directory(folder)
    assert (list(folder.iterdir()), mode(folder)) == ([], before)
    (folder / ".gitignore").write_text("*.csv\n")
    private_directory(folder)
    assert (folder / ".gitignore").read_text() == "*.csv\n"


def test_a_private_directory_is_made_once(tmp_path: Path) -> None:
    for _ in range(2):
        private_directory(tmp_path / "rejects")
    assert [path.name for path in (tmp_path / "rejects").iterdir()] == [".gitignore"]


def test_a_private_directory_does_not_take_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "rejects").write_text("mine")
    with pytest.raises(FileExistsError):
        private_directory(tmp_path / "rejects")
    assert (tmp_path / "rejects").read_text() == "mine"


def test_a_private_file_is_for_its_owner_only_and_keeps_what_was_there(tmp_path: Path) -> None:
    private_file(str(tmp_path / "new"))
    assert mode(tmp_path / "new") == 0o600
    (tmp_path / "old").write_text("mine")
    private_file(str(tmp_path / "old"))
    assert (tmp_path / "old").read_text() == "mine"


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _link_to_a_folder(path: Path) -> None:
    path.symlink_to(path.parent)


ODD = [_folder, os.mkfifo, _loop, _link_to_a_folder]


@pytest.mark.parametrize("make", ODD)
def test_what_is_no_plain_file_is_wrong_where_a_file_is_written(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "odd")
    assert str(file_problem("summary_path", str(tmp_path / "odd"))).startswith("`summary_path` cannot be written: ")


@pytest.mark.parametrize("place", ["a\0b", "x" * 300])
def test_names_that_no_file_can_have_are_wrong_for_files_and_folders(place: str) -> None:
    for wrong in (file_problem, folder_problem):
        assert str(wrong("x_path", place)).startswith("`x_path` cannot be written: ")


def test_plain_files_and_files_to_be_are_right(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for place in (None, "", *(str(tmp_path / name) for name in ("file", "link", "new"))):
        assert file_problem("summary_path", place) is None


def _file(path: Path) -> None:
    path.write_text("mine")


def _link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere" / "at all")


@pytest.mark.parametrize("make", [_file, os.mkfifo, _loop, _link_to_nothing])
@pytest.mark.parametrize("below", ["", "deeper/down"])
def test_what_is_no_folder_is_wrong_where_files_are_put(
    tmp_path: Path, make: Callable[[Path], None], below: str
) -> None:
    make(tmp_path / "odd")
    said = str(folder_problem("rejects_path", str(tmp_path / "odd" / below)))
    assert said.startswith("`rejects_path` cannot be written: ")


def test_folders_and_folders_to_be_are_right(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    for name in (".", "link", "new", "new/and/deeper"):
        assert folder_problem("rejects_path", str(tmp_path / name)) is None


@pytest.mark.parametrize(
    ("place", "file"),
    [
        ("ledger.db", "ledger.db"),
        ("sqlite:////var/ledger.db", "/var/ledger.db"),
        ("sqlite:///ledger.db?mode=rw", "ledger.db"),
        ("sqlite://", None),
        ("postgresql://somebody@host/ledger", None),
    ],
)
def test_the_file_of_a_database_is_known_by_its_path_or_url(place: str, file: str | None) -> None:
    assert sqlite_file(place) == file
