"""Records of rows that the source has deleted: removed, skipped, rejected or written, as the route says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from target_iterable.objects.registry import OBJECTS
from target_iterable.records.deletion_marks import DeletionMarks
from tests.target.conftest import NewProject, Project
from tests.target.loading import Message, stream
from tests.target.test_mirror import activate, mirror, people, version
from tools.generated import ROOT

ANN, BOB, CAT = (f"{name}@example.com" for name in ("ann", "bob", "cat"))
AT = "2026-11-28T10:00:00Z"
GONE = {"_sdc_deleted_at": AT}
DESTRUCTIVE = {"allow_destructive": True}


def members(*records: dict[str, Any]) -> list[Message]:
    return stream("list_members", records, ["email"])


# The default, and what each choice does.


def test_a_row_that_is_deleted_is_rejected_with_the_name_of_the_option(project: Project) -> None:
    done = project.load(stream("users", [{"email": ANN, **GONE}, {"email": BOB, "_sdc_deleted_at": None}]))["users"]
    assert (done["written"], done["reasons"], done["deleted"]) == (1, {"deletedRow": 1}, {"rejected": 1})
    assert "`on_deleted`" in project.load.refusals[0]["reason"]
    assert (project.holds.exists(ANN), project.holds.exists(BOB)) == (False, True)


@pytest.mark.parametrize("name", [name for name, object_ in OBJECTS.items() if object_.spec.modes != ("nothing",)])
def test_no_object_is_written_for_a_row_that_is_deleted(project: Project, name: str) -> None:
    record = {**OBJECTS[name].example, **GONE}
    done = project.load(
        stream(name, [record]), streams={name: {"object": name}}, allow_destructive=True, allow_messaging=True
    )
    assert (done[name]["rejected"], done[name]["deleted"]) == (1, {"rejected": 1})
    assert project.sandbox.requests("POST /api/*") == project.sandbox.requests("PUT /api/*") == []


def test_a_member_whose_row_is_deleted_leaves_the_list_if_the_route_says_so(project: Project) -> None:
    route = {"list": "VIP", "on_deleted": "remove"}
    project.load(members(*people(ANN, BOB)), streams={"list_members": route})
    done = project.load(members({"email": ANN, **GONE}), streams={"list_members": route})["list_members"]
    assert (done["written"], done["deleted"]) == (1, {"removed": 1})
    assert project.holds.members("VIP") == {BOB}
    assert project.holds.exists(ANN)


@pytest.mark.parametrize(
    ("choice", "counts"),
    [
        ("skip", ({"skipped": 1}, 0, 1, 0)),
        ("reject", ({"rejected": 1}, 0, 0, 1)),
        ("write", ({"written": 1}, 1, 0, 0)),
    ],
)
def test_rows_that_are_deleted_are_counted_by_what_became_of_them(
    project: Project, capsys: pytest.CaptureFixture[str], choice: str, counts: Any
) -> None:
    done = project.load(members({"email": ANN, **GONE}), streams={"list_members": {"list": "V", "on_deleted": choice}})
    found = done["list_members"]
    assert (found["deleted"], found["written"], found["unchanged"], found["rejected"]) == counts
    ((verdict, count),) = counts[0].items()
    assert f"{count} are deleted in the source ({verdict} {count})" in capsys.readouterr().err


def test_one_that_was_to_be_written_and_is_refused_is_counted_as_rejected(project: Project) -> None:
    route = {"users": {"on_deleted": "write"}}
    refused = [{"email": "nobody", **GONE}, {"plan": "x", **GONE}, {"email": "a@-.example.com", **GONE}]
    done = project.load(stream("users", [*refused, {"email": ANN, **GONE}]), streams=route)["users"]
    assert done["rejected"] == done["deleted"]["rejected"]
    assert done["written"] == done["deleted"]["written"]


THINGS: dict[str, tuple[dict[str, Any], list[str], dict[str, Any]]] = {
    "catalog_items": ({"sku": "A-1", "name": "Mug"}, ["sku"], {"catalog": "Things"}),
    "metadata": ({"key": "k1", "value": {"n": 1}}, ["key"], {"table": "shops"}),
    "snippets": ({"name": "greeting", "content": "Hello"}, ["name"], {}),
}


_SOMETHING = {"type": ["string", "object"]}


@pytest.mark.parametrize("name", THINGS)
@pytest.mark.parametrize("skip", [False, True])
def test_a_thing_whose_row_is_deleted_is_removed_by_its_key_alone_and_may_come_back(
    project: Project, name: str, *, skip: bool
) -> None:
    record, key, options = THINGS[name]
    routes = {name: {**options, "on_deleted": "remove", **({"skip_unchanged": True} if skip else {})}}
    tombstone = {column: value if column in key else None for column, value in record.items()} | GONE
    for sent, count in ((record, 1), (tombstone, 0), (tombstone, 0), (record, 1)):
        schema, *records = stream(name, [sent], key)
        schema["schema"] |= {"required": list(record), "properties": dict.fromkeys(record, _SOMETHING)}
        done = project.load([schema, *records], streams=routes)[name]
        assert done["rejected"] == 0
        assert len(kept(project, name)) == count


def kept(project: Project, name: str) -> Any:
    look = {"metadata": lambda: project.holds.metadata("shops"), "snippets": project.holds.snippets}
    return project.holds.items("Things") if name == "catalog_items" else look[name]()


@pytest.mark.parametrize("what", ["clear", "delete", "forget"])
def test_a_user_whose_row_is_deleted_is_what_on_removed_says(project: Project, what: str) -> None:
    routes = {"users": {"on_deleted": "remove", "on_removed": what}}
    project.load(stream("users", people(ANN, BOB, plan="gold")))
    done = project.load(stream("users", [{"email": ANN, "plan": None, **GONE}]), streams=routes, **DESTRUCTIVE)["users"]
    assert (done["written"], done["deleted"]) == (1, {"removed": 1})
    assert project.holds.exists(ANN) == (what == "clear")
    assert project.holds.user(email=BOB)["plan"] == "gold"
    if what == "clear":
        assert project.holds.user(email=ANN).get("plan") is None


def test_users_are_written_and_deleted_in_the_order_of_the_records(project: Project) -> None:
    routes = {"users": {"on_deleted": "remove", "on_removed": "delete"}}
    records = [*people(ANN, BOB), {"email": ANN, **GONE}, {"email": BOB, **GONE}, *people(BOB, plan="again")]
    done = project.load(stream("users", records), streams=routes, **DESTRUCTIVE)["users"]
    assert (done["written"], done["deleted"]) == (5, {"removed": 2})
    assert not project.holds.exists(ANN)
    assert project.holds.user(email=BOB)["plan"] == "again"


@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe"])
def test_a_subscription_whose_row_is_deleted_ends(new_project: NewProject, mode: str) -> None:
    project = new_project(subscription_endpoints=True)
    project.load(members(*people(ANN, BOB)), streams={"list_members": {"list": "VIP"}})
    route = {"mode": mode, "group": "emailList", "group_id": project.holds.lists()["VIP"], "on_deleted": "remove"}
    done = project.load(stream("subscriptions", [{"email": ANN, **GONE}]), streams={"subscriptions": route})
    assert done["subscriptions"]["deleted"] == {"removed": 1}
    assert project.holds.members("VIP") == {BOB}


def test_in_the_mode_remove_they_are_removed_by_default(project: Project) -> None:
    project.load(members(*people(ANN, BOB)), streams={"list_members": {"list": "VIP"}})
    route = {"list": "VIP", "mode": "remove"}
    done = project.load(members({"email": ANN, **GONE}), streams={"list_members": route})["list_members"]
    assert done["deleted"] == {"removed": 1}
    assert project.holds.members("VIP") == {BOB}


# What is recognised.


@pytest.mark.parametrize(
    ("column", "value", "deleted"),
    [
        ("_sdc_deleted_at", AT, True),
        ("_sdc_deleted_at", 1764324000, True),
        ("_sdc_deleted_at", None, False),
        ("_sdc_deleted_at", "", False),
        ("_SDC_DELETED_AT", AT, True),
        ("_ab_cdc_deleted_at", AT, True),
        ("_fivetran_deleted", True, True),
        ("_fivetran_deleted", False, False),
        ("_FIVETRAN_DELETED", "true", True),
        ("__deleted", "true", True),
        ("__deleted", "false", False),
        ("__op", "d", True),
        ("__op", "u", False),
        ("_meta/op", "d", True),
        ("_peerdb_is_deleted", 1, True),
        ("deleted_at", AT, False),
    ],
)
@pytest.mark.parametrize("declared", [False, True])
def test_marks_of_many_tools_are_recognised_also_where_no_schema_declares_them(
    project: Project, column: str, value: Any, *, deleted: bool, declared: bool
) -> None:
    messages = stream("users", [{"email": ANN, column: value}])
    if not declared:
        del messages[0]["schema"]["properties"][column]
        deleted = deleted and column == column.lower()
    done = project.load(messages)["users"]
    assert (done["rejected"], done["written"]) == (int(deleted), int(not deleted))


@pytest.mark.parametrize("column", ["_fivetran_deleted", "__deleted", "__op", "_meta/op", "_ab_cdc_deleted_at"])
def test_columns_that_mark_rows_are_no_fields(project: Project, column: str) -> None:
    project.load(stream("users", [{"email": ANN, "plan": "x", column: "false"}]))
    assert column not in project.holds.field_types() or column == "_ab_cdc_deleted_at"
    project.load(stream("users", [{"email": ANN, column: "false"}]), streams={"users": {"on_deleted": "write"}})
    assert column in project.holds.field_types()


@pytest.mark.parametrize("kind", [{"type": ["string", "null"]}, {}])
def test_one_among_many_ordinary_records_is_found(project: Project, kind: dict[str, Any]) -> None:
    records = [{"email": f"{n}@example.com", "plan": "x", "_sdc_deleted_at": None} for n in range(300)]
    records[150]["_sdc_deleted_at"] = AT
    text = {"type": "string"}
    done = project.load(stream("users", records, email=text, plan=text, _sdc_deleted_at=kind))["users"]
    assert (done["written"], done["deleted"]) == (299, {"rejected": 1})
    assert not project.holds.exists("150@example.com")


@pytest.mark.parametrize(
    "maps", [{"email": "email", "__else__": "__NULL__"}, {"_sdc_deleted_at": "__NULL__"}, {"email": "email.lower()"}]
)
def test_a_stream_map_does_not_hide_that_a_row_is_deleted(project: Project, maps: dict[str, str]) -> None:
    messages = stream("users", [{"email": ANN, **GONE}])
    assert project.load(messages, stream_maps={"users": maps})["users"]["deleted"] == {"rejected": 1}


def test_a_stream_map_makes_a_mark_of_a_column_of_ones_own(project: Project) -> None:
    records = [{"email": ANN, "closed": AT}, {"email": BOB, "closed": None}]
    maps = {"users": {"_sdc_deleted_at": "closed", "closed": "__NULL__"}}
    done = project.load(stream("users", records, closed={"type": ["string", "null"]}), stream_maps=maps)["users"]
    assert (done["written"], done["deleted"]) == (1, {"rejected": 1})


def test_dropping_the_mark_does_not_hide_it(project: Project) -> None:
    done = project.load(stream("users", [{"email": ANN, **GONE}]), streams={"users": {"drop": ["_sdc_*"]}})["users"]
    assert done["deleted"] == {"rejected": 1}


def test_one_that_holds_only_its_key_is_recognised_although_the_schema_asks_for_more(project: Project) -> None:
    text = {"type": "string"}
    messages = stream("list_members", [{"id": 7, "email": None, **GONE}], ["id"], id={"type": "integer"}, email=text)
    messages[0]["schema"]["required"] = ["id", "email", "name"]
    for choice, counts in (("skip", {"skipped": 1}), ("reject", {"rejected": 1}), ("remove", {"rejected": 1})):
        project.load(members(*people(ANN)), streams={"list_members": {"list": "VIP"}})
        done = project.load(messages, streams={"list_members": {"list": "VIP", "on_deleted": choice}})["list_members"]
        assert done["deleted"] == counts
    assert {refusal["code"] for refusal in project.load.refusals} == {"deletedRow", "unclearDeletion"}
    assert project.holds.members("VIP") == {ANN}


def test_a_removal_makes_no_list_and_no_catalog(project: Project) -> None:
    routes = {
        "list_members": {"list": "New", "on_deleted": "remove"},
        "catalog_items": {"catalog": "New", "on_deleted": "remove"},
    }
    project.load(
        [*members({"email": ANN, **GONE}), *stream("catalog_items", [{"itemId": "A", **GONE}])], streams=routes
    )
    assert "New" not in project.holds.lists()
    assert "New" not in project.holds.catalogs()


def test_rejects_can_be_sent_again_when_the_route_says_what_to_do(project: Project) -> None:
    project.load(members(*people(ANN, BOB)), streams={"list_members": {"list": "VIP"}})
    project.load(members({"email": ANN, **GONE}), streams={"list_members": {"list": "VIP"}})
    (rejects,) = project.load.rejects_directory.glob("*.singer")
    lines = rejects.read_text().splitlines()
    project.load(lines, streams={"list_members": {"list": "VIP", "on_deleted": "remove"}})
    assert project.holds.members("VIP") == {BOB}


def test_a_dry_run_plans_the_removal_and_removes_nothing(project: Project) -> None:
    route = {"list_members": {"list": "VIP", "on_deleted": "remove"}}
    project.load(members(*people(ANN, BOB)), streams=route)
    plan = project.load.rejects_directory.parent / "plan"
    done = project.load(members({"email": ANN, **GONE}), streams=route, dry_run=True, dry_run_path=str(plan))
    assert done["list_members"]["deleted"] == {"removed": 1}
    assert project.holds.members("VIP") == {ANN, BOB}


# Mirrored streams.


def test_in_a_mirror_a_deleted_row_is_removed_at_once_and_is_no_sighting(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB, CAT)), **mirror())
    late = version("list_members", 1, [{"email": ANN, **GONE}], done=False)
    done = project.load(late, **mirror())["list_members"]
    assert (done["deleted"], project.holds.members("VIP")) == ({"removed": 1}, {BOB, CAT})
    again = version("list_members", 2, [*people(CAT), {"email": ANN, **GONE}, {"email": BOB, **GONE}])
    done = project.load(again, **mirror())["list_members"]
    assert (done["deleted"], done["left"]) == ({"removed": 1, "skipped": 1}, 0)
    assert project.holds.members("VIP") == {CAT}


@pytest.mark.parametrize("choice", ["skip", "reject"])
def test_in_a_mirror_a_deleted_row_that_is_not_removed_has_left_with_the_next_version(
    project: Project, choice: str
) -> None:
    options = mirror(on_deleted=choice)
    project.load(version("list_members", 1, people(ANN, BOB)), **options)
    done = project.load(version("list_members", 2, [*people(BOB), {"email": ANN, **GONE}]), **options)["list_members"]
    assert (done["left"], done["removed"]) == (1, 1)
    assert project.holds.members("VIP") == {BOB}


def test_a_mirror_removes_nothing_that_others_have_put_there(project: Project) -> None:
    project.load(members(*people(ANN, BOB)), streams={"list_members": {"list": "VIP"}})
    done = project.load(version("list_members", 1, [*people(CAT), {"email": ANN, **GONE}]), **mirror())["list_members"]
    assert done["deleted"] == {"skipped": 1}
    assert project.holds.members("VIP") == {ANN, BOB, CAT}


def test_a_mirror_keeps_what_another_mirrored_stream_has(project: Project) -> None:
    route = {"object": "list_members", "list": "VIP", "mode": "mirror", "max_removals": "100%"}
    routes = {"shop": route, "club": route}
    project.load([*version("shop", 1, people(ANN, BOB)), *version("club", 1, people(ANN))], streams=routes)
    done = project.load(version("shop", 1, [{"email": ANN, **GONE}], done=False), streams=routes)["shop"]
    assert done["deleted"] == {"skipped": 1}
    assert project.holds.members("VIP") == {ANN, BOB}
    project.load(version("club", 1, [{"email": ANN, **GONE}], done=False), streams=routes)
    assert project.holds.members("VIP") == {BOB}


def test_a_member_that_comes_back_behind_its_tombstone_stays_and_is_still_mirrored(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    back = [{"email": ANN, **GONE}, *people(ANN)]
    project.load(version("list_members", 1, back, done=False), **mirror())
    assert project.holds.members("VIP") == {ANN, BOB}
    done = project.load(version("list_members", 2, people(BOB)), **mirror())["list_members"]
    assert (done["removed"], project.holds.members("VIP")) == (1, {BOB})


def test_a_member_who_is_refused_behind_its_tombstone_is_none_any_more(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    back = [{"email": ANN, **GONE}, *people(ANN)]
    project.sandbox.inject(route="POST /api/lists/subscribe", fault="answer", status=400, times=1)
    done = project.load(version("list_members", 1, back, done=False), **mirror())["list_members"]
    assert (done["deleted"], done["rejected"]) == ({"removed": 1}, 1)
    assert project.holds.members("VIP") == {BOB}
    project.load(members(*people(ANN)), streams={"list_members": {"list": "VIP"}})
    done = project.load(version("list_members", 2, people(BOB)), **mirror())["list_members"]
    assert (done["left"], project.holds.members("VIP")) == (0, {ANN, BOB})


def test_a_dry_run_counts_those_whose_rows_are_deleted_as_the_real_run_does(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB, CAT)), **mirror())
    second = version("list_members", 2, [*people(CAT), {"email": ANN, **GONE}])
    plan = str(project.load.rejects_directory.parent / "plan")
    for settings in ({"dry_run": True, "dry_run_path": plan}, {}):
        done = project.load(second, **mirror(), **settings)["list_members"]
        assert (done["deleted"], done["left"], done["removed"]) == ({"removed": 1}, 1, 1)
    assert project.holds.members("VIP") == {CAT}


def test_users_of_a_mirror_that_removes_nothing_are_skipped(project: Project) -> None:
    project.load(version("users", 1, people(ANN, BOB)), **mirror("users"))
    done = project.load([*version("users", 2, [*people(BOB), {"email": ANN, **GONE}])], **mirror("users"))["users"]
    assert done["deleted"] == {"skipped": 1}
    assert project.holds.exists(ANN)


def test_a_version_that_holds_only_tombstones_removes_no_one_else(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    only = version("list_members", 2, [{"email": ANN, **GONE}], done=False)
    project.load([*only, activate("list_members", 2)], **mirror())
    assert project.holds.members("VIP") == {BOB}


# What the settings must say.


@pytest.mark.parametrize(
    ("route", "message"),
    [
        (
            {"object": "events", "on_deleted": "remove"},
            "`streams.x.on_deleted` cannot be remove.*events cannot be",
        ),
        ({"object": "subscriptions", "on_deleted": "remove"}, "in the mode overwrite, subscriptions cannot be taken"),
        ({"object": "users", "on_deleted": "remove"}, "set `on_removed`, too, to one of clear, delete, forget"),
        ({"object": "users", "on_deleted": "remove", "on_removed": "delete"}, "`allow_destructive`"),
        ({"object": "users", "on_deleted": "remove", "on_removed": "forget"}, "`allow_destructive`"),
        ({"object": "users", "on_deleted": "delete"}, "`streams.x.on_deleted` has the unknown value 'delete'"),
        (
            {"object": "users", "on_deleted": "skip", "on_removed": "clear"},
            "makes sense in the mode mirror only, or",
        ),
    ],
)
def test_a_route_that_makes_no_sense_is_refused(project: Project, route: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        project.load([], streams={"x": route})


def test_the_marks_are_those_of_the_documentation() -> None:
    table = (ROOT / "docs" / "deleted-rows.md").read_text().partition("## Which columns")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\S+)`", row)} == DeletionMarks([]).marks.keys()
