"""The keys of the ledger, and what becomes of what it holds when they change."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from iterable_api.facts.key_types import KeyType
from target_iterable.config.setting_error import SettingError
from target_iterable.ledger.keys import LedgerKeys
from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.opening import open_ledger, opened_keys
from tests.target.conftest import NewProject, Project
from tests.target.ledgers import change, empty, of_version_1, rows
from tests.target.loading import Message, stream
from tests.target.test_command_line import run, settings
from tests.target.test_mirror import version

OLD, NEW, OTHER = "old-api-key-0001", "new-api-key-0002", "other-project-03"
SECRET, LATER = "a-ledger-key-0001", "a-ledger-key-0002"


@pytest.fixture
def place(database: str) -> str:
    """A ledger of its own."""
    return empty(database)


@contextmanager
def opened(place: str, api_key: str, ledger_key: str | None = None) -> Iterator[Ledger]:
    ledger = open_ledger(place, api_key, ledger_key=ledger_key)
    try:
        yield ledger
    finally:
        ledger.close()


def mark(place: str, api_key: str, ledger_key: str | None = None) -> bytes:
    """Something that only the data key makes, of a project that the ledger knows."""
    with opened(place, api_key, ledger_key) as ledger:
        assert ledger.is_known
        return ledger.hash(b"x")


def is_known(place: str, api_key: str, ledger_key: str | None = None) -> bool:
    with opened(place, api_key, ledger_key) as ledger:
        return ledger.is_known


def changed(place: str, change_: Callable[[LedgerKeys], str]) -> str:
    with opened_keys(place) as (engine, keys):
        done = change_(keys)
        engine.dispose()
    return done


def rotate(place: str, previous: str, api_key: str, ledger_key: str | None = None) -> str:
    return changed(place, lambda keys: keys.rotate(previous, api_key, ledger_key))


def test_the_secret_is_the_ledgers_own_and_stays(place: str, database: str) -> None:
    assert mark(place, OLD) == mark(place, OLD) != mark(empty(database), OLD)


@pytest.mark.parametrize("keys", [(OLD, None), (OLD, SECRET), (NEW, SECRET)], ids=str)
def test_a_key_that_is_not_known_finds_nothing_and_leaves_no_trace(place: str, keys: tuple[str, str | None]) -> None:
    own = mark(place, OTHER)
    before = rows(place, "iterable_ledger_keys")
    assert not is_known(place, *keys)
    with opened(place, *keys) as first, opened(place, *keys) as second:
        assert first.hash(b"x") == second.hash(b"x") != own
    assert rows(place, "iterable_ledger_keys") == before


def test_a_ledger_key_can_be_set_at_any_time_and_then_the_api_key_is_no_matter(
    place: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = mark(place, OLD)
    assert mark(place, OLD, SECRET) == before
    assert "is taken for a key of the same project" not in caplog.text
    assert mark(place, NEW, SECRET) == before
    assert caplog.text.count("is taken for a key of the same project") == 1
    assert mark(place, NEW, SECRET) == mark(place, OLD, SECRET) == before
    assert caplog.text.count("is taken for a key of the same project") == 1
    assert not is_known(place, OLD)
    assert not is_known(place, OLD, LATER)


@pytest.mark.parametrize(
    ("before", "previous", "after"),
    [
        ((OLD,), OLD, (NEW,)),
        ((OLD,), OLD, (NEW, SECRET)),
        ((OLD, SECRET), SECRET, (OLD, LATER)),
        ((OLD, SECRET), SECRET, (NEW, LATER)),
        ((OLD, SECRET), SECRET, (NEW,)),
    ],
    ids=str,
)
def test_with_the_key_before_it_a_new_key_opens_all(
    place: str, before: tuple[str, ...], previous: str, after: tuple[str, ...]
) -> None:
    was = mark(place, *before)
    assert "Nothing was lost" in rotate(place, previous, *after)
    assert mark(place, *after) == was
    assert not is_known(place, *before)
    assert "already" in rotate(place, previous, *after)
    assert mark(place, *after) == was


def test_a_wrong_key_rotates_nothing(place: str) -> None:
    was = mark(place, OLD)
    with pytest.raises(ValueError, match="`previous_ledger_key` opens nothing in `ledger`"):
        rotate(place, OTHER, NEW)
    assert mark(place, OLD) == was


def test_projects_share_a_ledger_and_are_kept_apart(place: str) -> None:
    first = mark(place, OLD)
    assert "by this project, too" in changed(place, lambda keys: keys.share(OTHER))
    second = mark(place, OTHER)
    assert "already" in changed(place, lambda keys: keys.share(OTHER))
    rotate(place, OLD, NEW)
    assert (mark(place, NEW), mark(place, OTHER)) == (first, second)
    assert first != second


def test_two_projects_are_never_put_together(place: str) -> None:
    first = mark(place, OLD, SECRET)
    changed(place, lambda keys: keys.share(OTHER))
    with pytest.raises(ValueError, match="`ledger_key` is that of another project"):
        open_ledger(place, OTHER, ledger_key=SECRET)
    with pytest.raises(ValueError, match="cannot be put together"):
        rotate(place, OTHER, OLD, SECRET)
    assert mark(place, OLD, SECRET) == first
    assert mark(place, OTHER) != first


def test_what_the_ledger_knew_before_it_was_told_stays(place: str) -> None:
    mark(place, OLD)
    with opened(place, OTHER) as ledger:
        before = ledger.hash(b"x")
    changed(place, lambda keys: keys.share(OTHER))
    assert mark(place, OTHER) == before


def test_a_key_that_was_changed_in_the_database_is_told(place: str) -> None:
    mark(place, OLD)
    change(place, "UPDATE iterable_ledger_keys SET wrapped = id")
    with pytest.raises(ValueError, match="`ledger` holds a key that was changed"):
        open_ledger(place, OLD)


def test_a_ledger_of_version_1_is_refused_to_a_key_that_its_mirrors_refute(database: str) -> None:
    place = of_version_1(database)
    assert not is_known(place, NEW)
    with pytest.raises(ValueError, match="`previous_ledger_key` opens nothing"):
        rotate(place, OTHER, NEW)


def test_a_ledger_of_version_1_rotates_to_a_new_key_at_once(database: str, project: Project) -> None:
    place, other = of_version_1(database), of_version_1(database)
    rotate(place, project.sandbox.api_key, NEW)
    assert mark(place, NEW) == mark(other, project.sandbox.api_key)


# The same at the user's door.

PEOPLE = [{"email": f"{number}@example.com"} for number in range(10)]
VIPS = {"vips": {"object": "list_members", "list": "VIP", "mode": "mirror", "max_removals": "100%"}}
SKIPPING = {"users": {"skip_unchanged": True}}


@pytest.fixture
def keyed(new_project: NewProject) -> Project:
    """A project that takes several keys, with a mirrored list of ten that its own key has put there."""
    project = new_project(keys={NEW: KeyType.SERVER})
    project.load(version("vips", 1, PEOPLE), streams=VIPS)
    return project


def shrunk(project: Project, number: int, **settings_: Any) -> Any:
    """The next version, which lacks five."""
    return project.load(version("vips", number, PEOPLE[:5]), streams=VIPS, **settings_)["vips"]


def command(tmp_path: Path, project: Project, *options: str, messages: list[Message] = [], **more: Any) -> Any:  # noqa: B006
    reach = {"api_url": project.sandbox.url, "enforce_rate_limits": False, "rejects_path": str(tmp_path / "rejects")}
    config = {"ledger": str(tmp_path / "ledger.db"), "streams": VIPS, **reach, **more}
    lines = "".join(json.dumps(message) + "\n" for message in messages)
    return run("--config", settings(tmp_path, **config), *options, stdin=lines)


def test_with_a_new_api_key_a_mirrored_stream_fails_until_the_ledger_is_told_and_then_removes_who_left(
    keyed: Project, tmp_path: Path
) -> None:
    refused = command(tmp_path, keyed, api_key=NEW, messages=version("vips", 2, PEOPLE[:5]))
    assert refused.returncode == 1
    assert "run `target-iterable --rotate-ledger-key` once" in refused.stderr
    assert len(keyed.holds.members("VIP")) == 10
    told = command(tmp_path, keyed, "--rotate-ledger-key", api_key=NEW, previous_ledger_key=keyed.sandbox.api_key)
    assert told.returncode == 0
    assert "Nothing was lost" in told.stderr
    done = command(tmp_path, keyed, api_key=NEW, messages=version("vips", 2, PEOPLE[:5]))
    assert done.returncode == 0
    assert keyed.holds.members("VIP") == {person["email"] for person in PEOPLE[:5]}
    for ended in (refused, told, done):
        assert not [key for key in (NEW, keyed.sandbox.api_key) if key in ended.stderr + ended.stdout]


def test_with_a_ledger_key_a_new_api_key_is_all_it_takes(keyed: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    keyed.load(version("vips", 2, PEOPLE), streams=VIPS, ledger_key=SECRET)
    assert "`ledger` opens with `ledger_key` from now on" in caplog.text
    assert shrunk(keyed, 3, api_key=NEW, ledger_key=SECRET)["removed"] == 5


def test_a_ledger_key_is_changed_by_the_command_with_settings_from_the_environment(
    keyed: Project, tmp_path: Path
) -> None:
    keyed.load(version("vips", 2, PEOPLE), streams=VIPS, ledger_key=SECRET)
    with pytest.raises(SettingError, match="this one opens nothing in it"):
        shrunk(keyed, 3, ledger_key=LATER)
    environment = {
        "TARGET_ITERABLE_API_KEY": keyed.sandbox.api_key,
        "TARGET_ITERABLE_LEDGER": str(tmp_path / "ledger.db"),
        "TARGET_ITERABLE_LEDGER_KEY": LATER,
        "TARGET_ITERABLE_PREVIOUS_LEDGER_KEY": SECRET,
    }
    told = run("--config", "ENV", "--rotate-ledger-key", **environment)
    assert (told.returncode, SECRET in told.stderr, LATER in told.stderr) == (0, False, False)
    assert shrunk(keyed, 3, ledger_key=LATER)["removed"] == 5


def test_the_command_without_the_key_before_names_the_setting(keyed: Project, tmp_path: Path) -> None:
    told = command(tmp_path, keyed, "--rotate-ledger-key", api_key=NEW)
    assert told.returncode == 1
    assert "needs the setting `previous_ledger_key`" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("ledger_key", "said"),
    [
        ("short-one", "`ledger_key` must have 16 characters at least"),
        ("", "`ledger_key` must have 16 characters at least"),
        (123456789123456789, "`ledger_key` must be a text: put quotes around it"),
    ],
)
def test_a_ledger_key_that_is_none_is_refused_by_name_and_not_shown(
    keyed: Project, tmp_path: Path, ledger_key: Any, said: str
) -> None:
    for options in ((), ("--share-ledger",)):
        told = command(tmp_path, keyed, *options, api_key=NEW, ledger_key=ledger_key)
        assert told.returncode == 1
        assert said in told.stderr
        assert not ledger_key or str(ledger_key) not in told.stderr


def test_another_project_uses_the_ledger_after_it_was_said(
    keyed: Project, new_project: NewProject, tmp_path: Path
) -> None:
    other = new_project(api_key=OTHER)
    with pytest.raises(SettingError, match="--share-ledger"):
        other.load(version("vips", 1, PEOPLE), streams=VIPS)
    assert command(tmp_path, other, "--share-ledger", api_key=OTHER).returncode == 0
    assert other.load(version("vips", 1, PEOPLE), streams=VIPS)["vips"]["written"] == 10
    assert shrunk(other, 2)["removed"] == shrunk(keyed, 2)["removed"] == 5


def test_a_message_is_not_sent_again_because_the_api_key_is_new(keyed: Project) -> None:
    rows_ = stream("user_unforgets", [{"email": "ann@example.com"}])
    with pytest.raises(SettingError, match="this one opens nothing in it"):
        keyed.load(rows_, api_key=NEW)
    assert keyed.sandbox.requests("POST /api/users/unforget") == []


def test_where_nothing_can_go_wrong_a_new_api_key_is_only_told(
    keyed: Project, caplog: pytest.LogCaptureFixture
) -> None:
    users = stream("users", PEOPLE)
    keyed.load(users, streams=SKIPPING)
    again = keyed.load(users, streams=SKIPPING, api_key=NEW)["users"]
    assert again["written"] == 10
    assert caplog.text.count("Until then all records count as new") == 1
    assert keyed.load(users, streams=SKIPPING)["users"]["unchanged"] == 10
