"""`make quick` runs the tests that are nearest to a change, and says what it leaves out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools.generated import ROOT
from tools.quick.__main__ import CHECKS, SMOKE
from tools.quick.affected import Importers, affected
from tools.quick.choice import UNKNOWN, changed, fitting
from tools.quick.timing import durations

IMPORTED_BY: Mapping[str, set[str]] = {
    "pkg.a": {"pkg.b", "tests.test_a"},
    "pkg.b": {"pkg.c", "tests.test_b"},
    "pkg.c": {"tests.test_c"},
}
IMPORTERS = Importers()


def near(path: str) -> Mapping[str, int]:
    return affected([path], IMPORTERS)


def importers(name: str) -> set[str]:
    return IMPORTED_BY.get(name, set())


def test_the_nearest_tests_come_first_and_a_changed_test_before_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.quick.affected.ENOUGH", 0)
    near = affected(["pkg.a", "tests/test_x.py"], importers)
    assert [*near.items()] == [("tests/test_x.py", 0), ("tests/test_a.py", 1), ("tests/test_b.py", 2)]


def test_tests_that_are_farther_away_count_where_few_are_near() -> None:
    assert affected(["pkg.a"], importers)["tests/test_c.py"] == 3


@pytest.mark.parametrize(
    ("path", "test", "steps"),
    [
        ("target_iterable/ledger/write_log.py", "tests/target/test_ledger.py", 2),
        ("iterable_api/waiting/retry_policy.py", "tests/api/test_retry_policy.py", 1),
        ("tests/conftest.py", "tests/tap/test_bookmarks.py", 2),
        ("docs/guarantees.md", "tests/docs/test_guarantees.py", 1),
        ("tools/actions.toml", "tests/docs/test_troubleshooting.py", 2),
        ("tests/tap/test_windows.py", "tests/tap/test_windows.py", 0),
    ],
)
def test_a_change_in_this_repository_finds_the_tests_about_it(path: str, test: str, steps: int) -> None:
    assert near(path)[test] == steps


def test_a_file_that_is_gone_concerns_no_test_by_imports() -> None:
    assert near("tap_iterable/never_there.py") == {}


def test_a_file_whose_name_is_a_common_word_concerns_those_who_name_its_folder_too() -> None:
    assert len(near(".ci/run")) < 3


def test_near_files_are_chosen_first_then_quick_ones_within_the_budget() -> None:
    tests = {"far": 2, "slow": 1, "quick": 1, "new": 1}
    assert fitting(tests, {"far": 1, "slow": 60, "quick": 5}, 5 + UNKNOWN + 1) == ["new", "quick", "far"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A branch with a commit, a change and a new file, beside a `main` that has gone on."""
    (tmp_path / "old").write_text("1")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, "first")
    git(tmp_path, "checkout", "--quiet", "-b", "branch")
    (tmp_path / "committed").write_text("1")
    commit(tmp_path, "second")
    git(tmp_path, "checkout", "--quiet", "main")
    (tmp_path / "elsewhere").write_text("1")
    commit(tmp_path, "third")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    person = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *person, *arguments], cwd=folder, check=True)  # noqa: S607 (who clones this has one)


def commit(folder: Path, subject: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", subject)


def test_on_a_branch_its_own_commits_count_with_what_is_not_committed(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "branch")
    (repository / "old").write_text("2")
    (repository / "new").write_text("1")
    assert changed(root=repository) == ["committed", "new", "old"]
    assert changed("HEAD", repository) == ["new", "old"]


def test_on_main_the_last_commit_counts(repository: Path) -> None:
    assert changed(root=repository) == ["elsewhere"]


def test_no_test_begins_when_the_time_is_up_and_only_whole_files_are_timed(tmp_path: Path) -> None:
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / name).write_text("def test_one(): pass\ndef test_two(): pass\n")
    late = run(tmp_path, "--seconds=-1", "test_a.py")
    assert "no time left" in late
    assert "1 passed, 1 skipped" in late
    assert durations(tmp_path) == {}
    assert "3 passed" in run(tmp_path, "test_a.py", "test_b.py::test_one")
    assert durations(tmp_path).keys() == {"test_a.py"}


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "tools.quick.timing", f"--rootdir={folder}", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


def test_the_checks_are_those_of_make_check() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\ncheck:")[2].partition("\n\n")[0]
    programs = [line.partition("/")[2] for line in recipe.splitlines()[1:]]
    told_more = {"--quiet", "--no-error-summary"}
    assert [" ".join(word for word in check.split() if word not in told_more) for check in CHECKS] == programs


@pytest.mark.parametrize("test", SMOKE)
def test_the_tests_that_always_run_are_there(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"\ndef {name}(" in (ROOT / file).read_text()
