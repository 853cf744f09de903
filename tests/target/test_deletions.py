"""Lists and catalogs that are deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from tests.target.conftest import Project
from tests.target.loading import stream

ANN = "ann@example.com"


def delete(project: Project, name: str, *records: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return dict(project.load(stream(name, records), **({"allow_destructive": True} | settings))[name])


def audited(project: Project) -> list[tuple[str, Any, str]]:
    (file,) = project.load.audit_directory.glob("*.ndjson")
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    return [(entry["action"], dict(entry["identity"]), entry["outcome"]) for entry in entries]


@pytest.fixture
def filled(project: Project) -> Project:
    """A project with the lists VIP and News, each with a member, and the catalogs Things and Other."""
    for name in ("VIP", "News"):
        project.load(stream("list_members", [{"email": ANN}]), streams={"list_members": {"list": name}})
    project.load(stream("catalogs", [{"name": "Things"}, {"name": "Other"}]))
    return project


@pytest.mark.parametrize("name", ["list_deletions", "catalog_deletions"])
def test_nothing_is_deleted_that_is_not_allowed_by_name(filled: Project, name: str) -> None:
    with pytest.raises(SettingError, match="allow_destructive"):
        delete(filled, name, {"name": "VIP"}, allow_destructive=False)
    with pytest.raises(SettingError, match=r"streams\.gone.*allow_destructive"):
        filled.load([], streams={"gone": {"object": name}})


@pytest.mark.parametrize("by", ["name", "listId"])
def test_a_list_is_deleted_and_its_members_stay_users(filled: Project, by: str) -> None:
    id_ = filled.holds.lists()["VIP"]
    done = delete(filled, "list_deletions", {by: "VIP" if by == "name" else id_})
    assert (done["written"], done["rejected"]) == (1, 0)
    assert list(filled.holds.lists()) == ["News"]
    assert filled.holds.exists(ANN)
    identity = {"listId": str(id_)} | ({"list": "VIP"} if by == "name" else {})
    assert audited(filled) == [("delete", identity, "removed")]


def test_a_catalog_is_deleted_whatever_its_capitals(filled: Project) -> None:
    assert delete(filled, "catalog_deletions", {"name": "THINGS"})["written"] == 1
    assert filled.holds.catalogs() == ["Other"]
    assert audited(filled) == [("delete", {"catalog": "Things"}, "removed")]


def test_what_does_not_exist_counts_as_unchanged(filled: Project) -> None:
    for name in ("list_deletions", "catalog_deletions"):
        done = delete(filled, name, {"name": "Unknown"})
        assert (done["unchanged"], done["rejected"], done["requests"]) == (1, 0, 0)
    assert delete(filled, "list_deletions", {"listId": 404})["unchanged"] == 1


def test_a_list_that_is_created_again_stays_unless_a_new_record_deletes_it(filled: Project) -> None:
    record = {"request": 1, "name": "VIP"}
    for request, left in ((1, False), (1, True), (2, False)):
        filled.load(stream("lists", [{"name": "VIP"}]))
        deletion = stream("list_deletions", [record | {"request": request}], key=["request"])
        filled.load(deletion, allow_destructive=True)
        assert ("VIP" in filled.holds.lists()) is left


def test_of_two_lists_of_one_name_none_is_deleted(filled: Project) -> None:
    filled.holds.make_list("VIP")
    assert delete(filled, "list_deletions", {"name": "VIP"})["reasons"] == {"ambiguousList": 1}
    assert "VIP" in filled.holds.lists()


def test_lists_that_iterable_fills_are_not_deleted(filled: Project) -> None:
    filled.sandbox.store.lists.create("People in Bern", None, 0, type_="Dynamic")
    assert delete(filled, "list_deletions", {"name": "People in Bern"})["reasons"] == {"unwritableList": 1}


@pytest.mark.parametrize(
    ("name", "record", "reason"),
    [
        ("list_deletions", {"name": " "}, "missingField"),
        ("list_deletions", {"listId": "x"}, "invalidNumber"),
        ("catalog_deletions", {"name": "a b"}, "invalidCatalog"),
    ],
)
def test_a_record_that_names_nothing_is_rejected(
    filled: Project, name: str, record: dict[str, Any], reason: str
) -> None:
    assert delete(filled, name, record)["reasons"] == {reason: 1}


def test_a_dry_run_deletes_nothing(filled: Project) -> None:
    for name in ("list_deletions", "catalog_deletions"):
        done = delete(filled, name, {"name": "VIP" if name == "list_deletions" else "Things"}, dry_run=True)
        assert done["written"] == 1
    assert {*filled.holds.lists()} == {"VIP", "News"}
    assert {*filled.holds.catalogs()} == {"Things", "Other"}
