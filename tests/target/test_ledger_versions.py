"""Ledgers that other versions have made: brought up to date, or refused in words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from target_iterable.ledger.idempotency_keys import IdempotencyStore
from target_iterable.ledger.opening import open_ledger
from target_iterable.ledger.schema import VERSION
from tests.target.conftest import Project
from tests.target.ledgers import change, empty, engine_of, of_version_1, rows
from tests.target.loading import Message, stream
from tests.target.scenery import add_campaigns
from tests.target.test_mirror import version

ANN = "ann@example.com"
ROUTES: dict[str, Any] = {
    "messages": {"object": "messages", "mode": "email"},
    "members": {"object": "list_members", "list": "Loyal", "mode": "mirror"},
    "users": {"skip_unchanged": True},
}
SETTINGS: dict[str, Any] = {"streams": ROUTES, "allow_messaging": True, "max_removals": "100%"}


TRUE: Any = True


def messages(key: list[str], *ids: Any) -> list[Message]:
    return stream("messages", [{"email": ANN, "campaignId": 100, "part": "b", "id": id_} for id_ in ids], key)


@pytest.fixture
def busy(project: Project) -> Project:
    """The project that the ledger of version 1 speaks of."""
    add_campaigns(project.sandbox, 100)
    members = [{"email": f"{number}@example.com"} for number in range(3)]
    made_before = stream("list_members", members)
    project.load(made_before, streams={"list_members": {"object": "list_members", "list": "Loyal"}})
    project.load(stream("users", [{"email": ANN, "plan": "gold"}]))
    return project


def test_no_message_of_version_1_goes_out_again_however_its_key_is_spelt(busy: Project, database: str) -> None:
    ledger = of_version_1(database)
    again = busy.load(messages(["part", "id"], 1, "1", 2.5, TRUE), ledger=ledger, **SETTINGS)["messages"]
    assert (again["unchanged"], again["requests"]) == (4, 0)
    # From now on the order of the columns is no matter either.
    other = busy.load(messages(["id", "part"], 1.0, "2.5", "true", 3), ledger=ledger, **SETTINGS)["messages"]
    assert (other["unchanged"], other["written"]) == (3, 1)


def test_what_a_message_of_version_1_is_called_is_not_taken_for_another_one(busy: Project, database: str) -> None:
    ledger = of_version_1(database)
    record = {"email": ANN, "campaignId": 100, "a": "1", "z": "b"}
    done = busy.load(stream("messages", [record], ["a", "z"]), ledger=ledger, **SETTINGS)["messages"]
    assert done["written"] == 1


def test_what_version_1_knew_of_members_and_users_is_still_known(busy: Project, database: str) -> None:
    ledger = of_version_1(database)
    users = busy.load(stream("users", [{"email": ANN, "plan": "gold"}]), ledger=ledger, **SETTINGS)["users"]
    assert (users["unchanged"], users["requests"]) == (1, 0)
    fewer = version("members", 2, [{"email": "0@example.com"}, {"email": "1@example.com"}])
    assert busy.load(fewer, ledger=ledger, **SETTINGS)["members"]["removed"] == 1
    assert busy.holds.members("Loyal") == {"0@example.com", "1@example.com"}


def test_every_step_is_noted_and_made_only_once(database: str) -> None:
    for place in (empty(database), of_version_1(database)):
        for _ in range(2):
            open_ledger(place, "key").close()
        noted = [number for (number,) in rows(place, "iterable_ledger_schema")]
        assert noted in ([*range(1, VERSION + 1)], [*range(2, VERSION + 1)])


@pytest.mark.parametrize("make", [empty, of_version_1])
def test_those_who_bring_it_up_to_date_at_the_same_moment_do_not_clash(database: str, make: Any) -> None:
    place = make(database)
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(open_ledger, [place] * 6, ["one"] * 6))
    assert len({ledger.hash(b"x") for ledger in opened}) == 1
    for ledger in opened:
        ledger.close()
    assert len(rows(place, "iterable_ledger_keys")) <= 1


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "INSERT INTO iterable_ledger_schema (version) VALUES (99)",
            rf"version 99, which a newer target-iterable has made; this one knows versions up to {VERSION}\. Upgrade",
        ),
        (
            "UPDATE iterable_ledger_schema SET version = -version",
            r"`ledger` is of version -\d, which is not known. Name another `ledger`",
        ),
    ],
)
def test_a_ledger_of_another_version_is_refused_in_words(
    project: Project, database: str, statement: str, said: str
) -> None:
    place = empty(database)
    open_ledger(place, "key").close()
    change(place, statement)
    with pytest.raises(SettingError, match=said):
        project.load([], streams=ROUTES, allow_messaging=True, ledger=place)


def test_tables_of_no_version_that_is_known_are_refused_and_left_alone(project: Project, database: str) -> None:
    place = empty(database)
    change(place, "CREATE TABLE iterable_mirrors (name TEXT)")
    with pytest.raises(SettingError, match="`ledger` has a table 'iterable_mirrors' of a version that is not known"):
        project.load([], streams=ROUTES, allow_messaging=True, ledger=place)
    change(place, "INSERT INTO iterable_mirrors (name) VALUES ('as it was')")


def test_a_dry_run_keeps_no_key(project: Project, database: str, tmp_path: Any) -> None:
    place = of_version_1(database)
    planning = {"dry_run": True, "dry_run_path": str(tmp_path / "plan"), "ledger_key": "x" * 16}
    project.load([], ledger=place, **SETTINGS, **planning)
    assert rows(place, "iterable_ledger_keys") == []


def test_what_is_done_is_looked_for_under_both_of_its_names(database: str) -> None:
    ledger = open_ledger(empty(database), "key")
    store = IdempotencyStore(ledger)
    assert store.key("greeting", "1") != store.former_key("greeting", "1")
    ledger.close()
    engine_of(database).dispose()
