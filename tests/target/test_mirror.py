"""The mode `mirror`: what has left the source is removed, and nothing else ever is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from target_iterable.config.settings import SETTINGS
from target_iterable.mirror.errors import TooManyRemovalsError
from target_iterable.objects.base.mirrored_object import MirroredObject
from target_iterable.objects.registry import OBJECTS
from tests.target.conftest import Project
from tests.target.loading import Message, stream

ANN, BOB, CAT, DAN = (f"{name}@example.com" for name in ("ann", "bob", "cat", "dan"))
ALL = "100%"
VIPS = {"object": "list_members", "list": "VIP", "mode": "mirror", "max_removals": ALL}


@pytest.fixture(autouse=True)
def _one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETTINGS["properties"]["max_tries"], "default", 1)


def version(
    name: str, number: int | None, records: Sequence[dict[str, Any]], *, done: bool = True, key: Sequence[str] = ()
) -> list[Message]:
    """A version of a stream, and that it is complete."""
    messages = stream(name, records, key)
    if number is not None:
        messages = [message | {"version": number} if message["type"] == "RECORD" else message for message in messages]
    return [*messages, activate(name, number or 0)] if done else messages


def activate(name: str, number: int) -> Message:
    return {"type": "ACTIVATE_VERSION", "stream": name, "version": number}


def people(*addresses: str, **columns: Any) -> list[dict[str, Any]]:
    return [{"email": address, **columns} for address in addresses]


def mirror(name: str = "list_members", **options: Any) -> dict[str, Any]:
    """Settings with one mirrored stream."""
    route = {"list": "VIP"} if name == "list_members" else {}
    return {"streams": {name: {"mode": "mirror", "max_removals": ALL, **route, **options}}}


def removals(summary: dict[str, Any]) -> tuple[int, int, int]:
    (counts,) = summary.values()
    return counts["left"], counts["removed"], counts["unsent"]


def test_every_object_that_can_be_mirrored_knows_how() -> None:
    for object_ in OBJECTS.values():
        assert (
            ("mirror" in object_.spec.modes)
            == issubclass(object_, MirroredObject)
            == bool(object_.spec.removal_actions)
        )


def test_members_that_have_left_the_source_leave_the_list(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB, CAT)), **mirror())
    assert project.holds.members("VIP") == {ANN, BOB, CAT}
    assert removals(project.load(version("list_members", 2, people(BOB, DAN)), **mirror())) == (2, 2, 0)
    assert project.holds.members("VIP") == {BOB, DAN}
    assert removals(project.load(version("list_members", 3, people(BOB, DAN)), **mirror())) == (0, 0, 0)


ROWS: dict[str, list[dict[str, Any]]] = {
    "catalog_items": [{"catalogName": "Things", "itemId": f"I-{n}", "price": n} for n in range(3)],
    "metadata": [{"table": "shops", "key": f"k{n}", "value": {"n": n}} for n in range(3)],
    "snippets": [{"name": f"greeting {n}", "content": "Hello"} for n in range(3)],
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("skip", [False, True])
def test_things_that_have_left_the_source_are_removed_and_may_come_back(
    project: Project, name: str, *, skip: bool
) -> None:
    rows, options = ROWS[name], mirror(name, skip_unchanged=skip)
    project.load(version(name, 1, rows), **options)
    assert removals(project.load(version(name, 2, rows[1:]), **options)) == (1, 1, 0)
    assert removals(project.load(version(name, 3, rows[1:]), **options)) == (0, 0, 0)
    assert len(kept(project, name)) == 2
    project.load(version(name, 4, rows), **options)
    assert len(kept(project, name)) == 3


def kept(project: Project, name: str) -> list[Any]:
    get = project.holds.client.get_json
    if name == "catalog_items":
        return list(project.holds.items("Things"))
    if name == "metadata":
        return list(get("/api/metadata/{table}", path_params={"table": "shops"})["results"])
    return list(get("/api/snippets")["snippets"])


@pytest.mark.parametrize("what", ["nothing", "clear", "delete", "forget"])
def test_users_who_have_left_the_source(project: Project, what: str) -> None:
    options = mirror("users", on_removed=what) | {"allow_destructive": True}
    project.load(stream("users", people(ANN, BOB, city="Bern")))
    project.load(version("users", 1, people(ANN, BOB, plan="paid")), **options)
    summary = project.load(version("users", 2, people(BOB, plan="paid")), **options)
    assert removals(summary) == (1, 0 if what == "nothing" else 1, 0)
    assert project.holds.exists(ANN) == (what in {"nothing", "clear"})
    if what == "clear":
        profile = project.holds.user(email=ANN)
        assert (profile.get("plan"), profile["city"]) == (None, "Bern")
    written = project.load(stream("users", people(ANN, plan="paid")))["users"]["written"]
    assert written == (0 if what == "forget" else 1)


def test_what_was_removed_is_sent_again_when_it_comes_back(project: Project) -> None:
    options = mirror(skip_unchanged=True)
    for number, who in enumerate([[ANN, BOB], [BOB], [ANN, BOB]], 1):
        summary = project.load(version("list_members", number, people(*who)), **options)
        assert project.holds.members("VIP") == set(who)
    assert summary["list_members"]["written"] == 1


def test_what_others_have_put_there_stays(project: Project) -> None:
    project.load(stream("list_members", people(DAN, list="VIP")))
    project.load(version("list_members", 1, people(ANN)), **mirror())
    project.load(version("list_members", 2, people(BOB)), **mirror())
    assert project.holds.members("VIP") == {BOB, DAN}


def test_a_member_that_another_mirrored_stream_has_stays(project: Project) -> None:
    def load(one: Sequence[str], number: int, other: Sequence[str]) -> dict[str, Any]:
        messages = [*version("shop", number, people(*one)), *version("club", number, people(*other))]
        return project.load(messages, streams={"shop": VIPS, "club": VIPS})

    load([ANN, BOB], 1, [BOB, CAT])
    summary = load([DAN], 2, [CAT])
    assert summary["shop"]["kept_for_other_streams"] == {"club": 1}
    assert project.holds.members("VIP") == {CAT, DAN}


def test_the_table_tells_what_was_removed(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for number, who in enumerate([[ANN, BOB], [CAT]], 1):
        project.load(version("list_members", number, people(*who)), **mirror())
    assert "  2 have left the source: 2 removed" in capsys.readouterr().err.splitlines()


# What must hold before anything is removed.


def holds_after(project: Project, messages: list[Message], **settings: Any) -> set[str]:
    """Who is in the list when these have come behind a version with Ann and Bob."""
    project.load(version("list_members", 5, people(ANN, BOB)), **mirror())
    project.load(messages, **(settings or mirror()))
    return project.holds.members("VIP")


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param(version("list_members", 6, people(CAT), done=False), id="the version is not complete"),
        pytest.param(
            [*version("list_members", 6, []), *version("list_members", 6, people(CAT))],
            id="the tap sends the message at the beginning, so who knows what it means behind records",
        ),
        pytest.param(version("list_members", 4, people(CAT)), id="the version is older"),
        pytest.param([*version("list_members", 6, people(CAT), done=False), activate("list_members", 7)], id="another"),
        pytest.param(version("list_members", 6, [{"email": None}, {"email": "no address"}]), id="nobody is named"),
        pytest.param([activate("unknown", 6)], id="the stream is unknown"),
    ],
)
def test_nothing_is_removed_unless_the_version_is_complete(project: Project, messages: list[Message]) -> None:
    assert holds_after(project, messages) >= {ANN, BOB}


def test_a_record_that_is_rejected_has_not_left_the_source(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB, CAT, age=1)), **mirror())
    rows: list[dict[str, Any]] = [{"email": ANN, "age": "a text"}, {"email": BOB, "itblDS": 1}, {"email": CAT}]
    summary = project.load(version("list_members", 2, rows), **mirror())
    assert (summary["list_members"]["rejected"], *removals(summary)) == (2, 0, 0, 0)
    assert project.holds.members("VIP") == {ANN, BOB, CAT}


def test_a_record_with_a_bad_date_or_a_wrong_type_has_not_left_the_source(project: Project) -> None:
    born = {"type": ["string", "null"], "format": "date"}
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    schema, *rows = stream("list_members", [{"email": ANN, "born": "soon"}, {"email": BOB, "born": 7}], born=born)
    summary = project.load([schema, *(row | {"version": 2} for row in rows), activate("list_members", 2)], **mirror())
    assert (summary["list_members"]["rejected"], *removals(summary)) == (2, 0, 0, 0)


def test_a_new_record_that_is_rejected_puts_nobody_on_the_list_whom_it_could_remove(project: Project) -> None:
    project.load(stream("list_members", people(ANN, BOB, list="VIP", age=1)))
    project.load(version("list_members", 1, [{"email": ANN, "age": "a text"}, {"email": CAT}]), **mirror())
    assert removals(project.load(version("list_members", 2, people(CAT)), **mirror())) == (0, 0, 0)
    assert project.holds.members("VIP") == {ANN, BOB, CAT}


def test_when_nobody_can_say_what_a_record_is_about_nothing_is_removed(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    route = {key: value for key, value in VIPS.items() if key != "list"}
    project.load(version("members", 1, people(ANN, BOB, list="VIP")), streams={"members": route})
    rows = [*people(CAT, list="VIP"), {"email": ANN, "list": None}]
    assert removals(project.load(version("members", 2, rows), streams={"members": route})) == (0, 0, 0)
    assert "of some records nobody can say what they are about" in caplog.text


def test_records_without_a_version_have_not_left_the_source(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    mixed = [*version("list_members", 2, people(CAT), done=False), *stream("list_members", people(ANN))]
    project.load([*mixed, activate("list_members", 2)], **mirror())
    assert project.holds.members("VIP") == {ANN, CAT}
    project.load(version("list_members", 3, people(CAT)), **mirror())
    assert project.holds.members("VIP") == {CAT}


def test_a_record_of_an_older_version_does_not_hide_that_it_is_in_the_newer(project: Project) -> None:
    project.load(version("list_members", 1, people(ANN, BOB)), **mirror())
    mixed = [*version("list_members", 2, people(ANN), done=False), *version("list_members", 1, people(ANN, BOB))]
    project.load([*mixed, activate("list_members", 2)], **mirror())
    assert project.holds.members("VIP") == {ANN}


# How much.


@pytest.mark.parametrize(
    ("most", "allowed"), [("20%", False), ("29%", False), ("30%", True), (2, False), (3, True), ("0%", False)]
)
def test_more_than_is_allowed_is_not_removed_and_the_run_fails_clearly(
    project: Project, most: str | int, *, allowed: bool
) -> None:
    everybody = [f"{number}@example.com" for number in range(10)]
    project.load(version("list_members", 1, people(*everybody)), **mirror())
    settings = mirror(max_removals=most)
    if allowed:
        assert removals(project.load(version("list_members", 2, people(*everybody[3:], ANN)), **settings)) == (3, 3, 0)
        return
    with pytest.raises(TooManyRemovalsError, match=r"3 of 10 have left the source.*`max_removals` of the route to 3 "):
        project.load(version("list_members", 2, people(*everybody[3:], ANN)), **settings)
    assert project.load.states == []
    assert project.holds.members("VIP") == {*everybody, ANN}
    again = version("list_members", 3, people(*everybody[3:], ANN))
    assert removals(project.load(again, **mirror(max_removals=3))) == (3, 3, 0)


def test_the_setting_is_for_all_routes_that_say_nothing(project: Project) -> None:
    route = mirror(max_removals=None)
    project.load(version("list_members", 1, people(ANN, BOB)), **route)
    for most in ({}, {"max_removals": 0}, {"max_removals": "49%"}):
        with pytest.raises(TooManyRemovalsError):
            project.load(version("list_members", 2, people(ANN)), **route, **most)
    assert removals(project.load(version("list_members", 2, people(ANN)), **route, max_removals="50%")) == (1, 1, 0)


# What the settings must say.


@pytest.mark.parametrize(
    ("route", "message"),
    [
        ({"object": "users", "mode": "mirror", "on_removed": "delete"}, "`allow_destructive`"),
        ({"object": "users", "mode": "mirror", "on_removed": "forget"}, "`allow_destructive`"),
        ({"object": "users", "mode": "mirror", "on_removed": "erase"}, "`streams.x.on_removed` has the unknown value"),
        ({"object": "list_members", "mode": "mirror", "on_removed": "delete"}, "It can be remove"),
        ({"object": "users", "on_removed": "clear"}, "`streams.x.on_removed` makes sense in the mode mirror only"),
        ({"object": "users", "complete_at_end": True}, "`streams.x.complete_at_end` makes sense"),
        ({"object": "events", "max_removals": 3}, "unknown key 'max_removals'"),
        ({"object": "users", "mode": "mirror", "max_removals": "some"}, "`streams.x.max_removals` must be a count"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused(project: Project, route: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        project.load([], streams={"x": route})


def test_a_setting_that_makes_no_sense_is_refused(project: Project) -> None:
    with pytest.raises(SettingError, match="`max_removals` must be a count"):
        project.load([], max_removals="a few")


def test_a_mirror_needs_the_ledger(project: Project) -> None:
    with pytest.raises(SettingError, match="`ledger` cannot be written: No such file"):
        project.load([], **mirror(), ledger="/no/such/place/ledger.db")
