"""The mode `mirror`: what has left the source is removed, and nothing else ever is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from iterable_api.client import IterableClient
from target_iterable.delivery.removals import RemovalFailedError, TooManyRemovalsError
from target_iterable.delivery.stream import DeliveryFailedError
from target_iterable.objects import OBJECTS
from target_iterable.objects.mirrored import MirroredObject
from target_iterable.setting_error import SettingError
from tests.target.conftest import NewProject, Project
from tests.target.loading import Message, stream

ANN, BOB, CAT, DAN = (f"{name}@example.com" for name in ("ann", "bob", "cat", "dan"))
ALL = "100%"


@pytest.fixture(autouse=True)
def _one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("target_iterable.real_run.IterableClient", partial(IterableClient, max_tries=1))


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


def test_every_object_that_can_be_mirrored_knows_how(project: Project) -> None:
    for object_ in OBJECTS.values():
        assert ("mirror" in object_.spec.modes) == issubclass(object_, MirroredObject) == bool(object_.spec.removals)


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
