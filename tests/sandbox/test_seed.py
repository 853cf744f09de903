"""The seeded project."""

from __future__ import annotations

import csv
import ipaddress
import re
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iterable_api.facts.data_types import EVENTS
from iterable_api.facts.identity import ProjectType
from iterable_sandbox.seed.seeding import Plan, seed
from iterable_sandbox.store.store import Store
from iterable_sandbox.store.tables.events import Selection
from tests.sandbox.conftest import opened

PLAN = Plan(50, 600, 30, 1, datetime(2026, 11, 1, tzinfo=UTC))
DOCUMENTATION = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def made(path: Path, plan: Plan = PLAN) -> bytes:
    store = Store(str(path))
    seed(store, plan)
    store.close()
    return path.read_bytes()


@pytest.fixture
def store(seeded_database: Path) -> Store:
    return Store(str(seeded_database))


def lines(store: Store, type_: str) -> list[str]:
    return [line for chunk in store.events.lines(Selection(type_), shuffled=False) for line in chunk]


def test_equal_arguments_make_equal_files_and_another_seed_another_one(tmp_path: Path) -> None:
    first = made(tmp_path / "1.db")
    assert made(tmp_path / "2.db") == first
    assert made(tmp_path / "3.db", replace(PLAN, seed=2)) != first


def test_there_are_exactly_as_many_users_and_at_least_as_many_events_as_asked_for(store: Store) -> None:
    assert store.users.count() == 200
    assert 3000 <= store.events.count() < 3010
    store.close()


def test_every_data_type_of_the_contract_is_there(store: Store) -> None:
    assert store.events.types().keys() == {data_type.name for data_type in EVENTS}
    store.close()


def test_there_are_campaigns_lists_with_members_and_catalogs_with_items(store: Store) -> None:
    assert len(store.resources.all("campaign")) >= 25
    assert len(store.lists.all()) == 8
    assert all(store.lists.size(row.id) > 0 for row in store.lists.all())
    assert [store.catalogs.count(catalog) > 0 for catalog in store.catalogs.all()] == [True, True]
    store.close()


def test_everything_happens_in_the_days_before_the_end(store: Store) -> None:
    end = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    first, last = store.database.row("SELECT min(created_at), max(created_at) FROM events") or (0, 0)
    assert end - 60 * 86_400 <= first < last < end
    first, last = store.database.row("SELECT min(updated_at), max(updated_at) FROM users") or (0, 0)
    assert end - 60 * 86_400 <= first < last < end
    store.close()


def test_addresses_numbers_and_networks_are_nobodys(store: Store) -> None:
    text = "\n".join(line for type_ in ("user", *store.events.types()) for line in lines(store, type_))
    assert set(re.findall(r"@([\w.]+)", text)) == {"example.com", "example.org", "example.net"}
    assert all(number.startswith("+1555") for number in re.findall(r'"(\+\d+)"', text))
    for address in set(re.findall(r'"ip":"([^"]+)"', text)):
        assert any(ipaddress.ip_address(address) in network for network in DOCUMENTATION)
    store.close()


def test_opens_and_clicks_belong_to_messages_that_were_sent(store: Store) -> None:
    def messages(type_: str) -> set[str]:
        return {found for line in lines(store, type_) for found in re.findall(r'"messageId":"(\w+)"', line)}

    sent = messages("emailSend")
    assert messages("emailOpen") | messages("emailClick") | messages("emailBounce") <= sent
    assert not messages("emailSendSkip") & sent
    store.close()


def test_campaigns_their_metrics_and_their_events_tell_of_the_same_sends(seeded_database: Path, tmp_path: Path) -> None:
    database = shutil.copy(seeded_database, tmp_path / "project.db")
    with opened(database=str(database)) as http:
        campaigns = http.get("/api/campaigns", pageSize=100).json()["campaigns"]
        sent = Counter(line["campaignId"] for line in http.export("emailSend"))
        opened_by = {line["campaignId"]: set[str]() for line in http.export("emailOpen")}
        for line in http.export("emailOpen"):
            opened_by[line["campaignId"]].add(line["email"])
        blasts = [row for row in campaigns if (row["messageMedium"], row["campaignState"]) == ("Email", "Finished")]
        metrics = http.get("/api/campaigns/metrics", campaignId=[row["id"] for row in blasts]).text
    rows = {int(row["id"]): row for row in csv.DictReader(metrics.splitlines())}
    assert len(blasts) > 5
    for row in blasts:
        assert row["sendSize"] == sent[row["id"]] == int(rows[row["id"]]["Total Email Sends"]) > 0
        assert int(rows[row["id"]]["Unique Email Opens"]) == len(opened_by.get(row["id"], ()))


def test_members_of_lists_are_those_whose_profile_says_so(store: Store) -> None:
    for row in store.lists.all():
        said = sum(str(row.id) in line for line in lines(store, "user"))
        assert store.lists.size(row.id) == said
    store.close()


@pytest.mark.parametrize("kind", list(ProjectType))
def test_everybody_has_the_identifier_that_the_project_lives_by(tmp_path: Path, kind: ProjectType) -> None:
    made(tmp_path / "project.db", replace(PLAN, project_type=kind))
    store = Store(str(tmp_path / "project.db"))
    key = "email" if kind is ProjectType.EMAIL else "user_id"
    assert store.project_type() is kind
    assert store.database.number(f"SELECT count(*) FROM users WHERE {key} IS NULL") == 0  # noqa: S608 (a constant)
    store.close()


def test_a_database_is_seeded_only_once_and_a_refusal_changes_nothing(tmp_path: Path) -> None:
    before = made(tmp_path / "project.db")
    with pytest.raises(ValueError, match="a project in it already"):
        made(tmp_path / "project.db")
    assert (tmp_path / "project.db").read_bytes() == before
