"""From one Iterable to another: the tap reads a project, the target writes it, and both hold the same then."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from iterable_api.facts.template_contents import CONTENT, PATH_PARTS
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.tap.reading import Output, TapRun
from tests.target.loading import Contents, Loader, stream

CAMPAIGNS = ("lists", "campaigns")
"""What is copied last, so that campaigns find their templates."""
PEOPLE = ("channels", "message_types", "lists", "users")
"""What is copied first, so that events find their users."""
STREAMS = (
    *PEOPLE,
    "snippets",
    "templates",
    "template_contents",
    "campaigns",
    "list_users",
    "catalogs",
    "catalog_field_mappings",
    "catalog_items",
    "metadata",
    "custom_event",
    "purchase",
    "email_open",
)
LOCALES = ["de-DE", "fr-FR"]
OWN = {
    "profileUpdatedAt",
    "signupSource",
    "itblInternal",
    "devices",
    "browserTokens",
    "shoppingCartItems",
    "emailListIds",
}
SUBSCRIPTIONS = {"unsubscribedChannelIds", "unsubscribedMessageTypeIds", "subscribedMessageTypeIds"}


class Copy(NamedTuple):
    """Two projects, and what the tap says of the first."""

    source: Contents
    destination: Contents
    said: Output
    load: Loader


def of(said: Output, streams: Collection[str]) -> Iterator[str]:
    """The messages of these streams, as the tap wrote them."""
    return (json.dumps(message) for message in said.messages if message.get("stream") in streams)


def contents(sandbox: Sandbox) -> Contents:
    return Contents(IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited()))


@pytest.fixture(scope="module")
def copy(seeded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A seeded project with more in it, and another one, where channels and lists have other ids, after a copy."""
    folder = tmp_path_factory.mktemp("copy")
    database = shutil.copy(seeded_database, folder / "project.db")
    # What happens in the second in which a run begins, is for the next run.
    long_ago = StoppedClock(datetime(2026, 11, 2, tzinfo=UTC))
    with Sandbox(database=str(database), clock=long_ago) as there, Sandbox() as here:
        add_to(there)
        prepare(there, here)
        since: dict[str, Any] = {"start_date": "2020-01-01", "hold_back_minutes": 0, "template_locales": LOCALES}
        said = TapRun(there.url, there.api_key, folder)(*STREAMS, **since)
        assert said.code == 0
        made = Copy(contents(there), contents(here), said, Loader(here, folder))
        made.load(of(said, PEOPLE), copy_project=True)
        made.load(of(said, {*STREAMS, "message_types"} - {*PEOPLE[2:], *CAMPAIGNS}), copy_project=True)
        made.load(of(said, CAMPAIGNS), copy_project=True, copy_campaigns=True)
        yield made
        made.source.client.close()
        made.destination.client.close()


def add_to(there: Sandbox) -> None:
    """What a seeded project lacks."""
    holds = contents(there)
    client = holds.client
    who = exported(holds, "user")[0]["email"]
    channels, types = (there.store.resources.all(kind)[:2] for kind in ("channel", "messageType"))
    closed = {
        "email": who,
        "unsubscribedChannelIds": [one["id"] for one in channels],
        "unsubscribedMessageTypeIds": [one["id"] for one in types],
    }
    client.post_json("/api/users/bulkUpdateSubscriptions", {"updateSubscriptionsRequests": [closed]})
    there.store.catalogs.create("Empty")
    there.store.lists.create("Nobody", "Empty for now", 0)
    mappings = [{"fieldName": "size", "fieldType": "object", "children": [{"fieldName": "w", "fieldType": "long"}]}]
    path = "/api/catalogs/{catalogName}/fieldMappings"
    client.request("PUT", path, path_params={"catalogName": "Empty"}, json={"mappingsUpdates": mappings})
    client.request(
        "PUT", "/api/metadata/{table}/{key}", path_params={"table": "shops", "key": "b1"}, json={"value": {"a": 1}}
    )
    client.request(
        "PUT", "/api/snippets/{identifier}", path_params={"identifier": "hello"}, json={"content": "<p>Hi</p>"}
    )
    client.close()


def prepare(there: Sandbox, here: Sandbox) -> None:
    """Channels and message types are made by hand, and have other ids in the other project."""
    here.store.lists.create("Something else", None, 0)
    here.store.lists.create("Do not disturb", None, 0, "Suppression")
    kinds: tuple[Literal["channel"], Literal["messageType"]] = ("channel", "messageType")
    for kind in kinds:
        found = there.store.resources.all(kind)
        moved = [{**one, **{name: one[name] + 1000 for name in ("id", "channelId") if name in one}} for one in found]
        here.store.resources.add(kind, [(one["id"], one) for one in moved])


def exported(holds: Contents, data_type: str) -> list[dict[str, Any]]:
    params = {"dataTypeName": data_type, "range": "All"}
    lines = holds.client.request("GET", "/api/export/data.json", params=params).text.splitlines()
    return [json.loads(line) for line in lines]


def events_to_copy(holds: Contents, data_type: str) -> list[dict[str, Any]]:
    """Events with the names that their fields have in a copy."""
    names = {"campaignId": "sourceCampaignId", "templateId": "sourceTemplateId"}
    return [{names.get(name, name): value for name, value in row.items()} for row in exported(holds, data_type)]


def without(rows: list[dict[str, Any]], names: set[str]) -> dict[str, dict[str, Any]]:
    """Rows by address or id, without some fields and those of Iterable's own."""
    return {
        row.get("id") or row["email"]: {
            name: value for name, value in row.items() if name not in names and not name.startswith("itblInternal")
        }
        for row in rows
    }


def test_users_are_the_same(copy: Copy) -> None:
    there, here = exported(copy.source, "user"), exported(copy.destination, "user")
    assert without(here, OWN | SUBSCRIPTIONS) == without(there, OWN | SUBSCRIPTIONS)
    assert len(here) > 100


def test_users_are_subscribed_to_what_has_the_same_name(copy: Copy) -> None:
    assert any(row.get("unsubscribedMessageTypeIds") for row in exported(copy.source, "user"))
    names = [subscriptions(holds) for holds in (copy.source, copy.destination)]
    assert names[0] == names[1]


def subscriptions(holds: Contents) -> dict[str, dict[str, list[str]]]:
    """Names of what users are not, or are, subscribed to."""
    names: dict[int, str] = {}
    for path, array in (("/api/channels", "channels"), ("/api/messageTypes", "messageTypes")):
        names |= {one["id"]: one["name"] for one in holds.client.get_json(path)[array]}
    return {
        row["email"]: {name: sorted(names[id_] for id_ in row[name]) for name in SUBSCRIPTIONS if row.get(name)}
        for row in exported(holds, "user")
    }


def test_lists_have_the_same_members_and_the_empty_ones_are_there(copy: Copy) -> None:
    standard = [
        entry["name"] for entry in copy.source.client.get_json("/api/lists")["lists"] if entry["listType"] == "Standard"
    ]
    assert "Nobody" in standard
    for name in standard:
        assert copy.destination.members(name) == copy.source.members(name)
    assert set(copy.destination.lists()) == {*standard, "Something else", "Do not disturb"}


@pytest.mark.parametrize("data_type", ["customEvent", "purchase"])
def test_events_are_the_same(copy: Copy, data_type: str) -> None:
    here = exported(copy.destination, data_type)
    assert without(here, {"eventUpdatedAt"}) == without(events_to_copy(copy.source, data_type), {"eventUpdatedAt"})
    assert len(here) > 10


def test_catalogs_have_the_same_field_types_and_items(copy: Copy) -> None:
    assert "Empty" in copy.destination.catalogs()
    assert sorted(copy.destination.catalogs()) == sorted(copy.source.catalogs())
    for name in copy.source.catalogs():
        assert copy.destination.mappings(name) == copy.source.mappings(name)
        assert copy.destination.items(name) == copy.source.items(name)
    assert copy.destination.mappings("Empty") == {"size": "object", "size.w": "long"}


def templates(copy: Copy) -> Iterator[tuple[dict[str, Any], int]]:
    """The contents that the tap has read of templates, and the ids of their copies."""
    for record in copy.said.records["template_contents"]:
        campaign = record.get("campaignId") or (record.get("metadata") or {}).get("campaignId")
        base = None if campaign else record.get("clientTemplateId")
        [number, *of_campaigns] = copy.destination.template_ids(base or f"copy-of-{record['templateId']}")
        assert len(of_campaigns) <= 1
        yield record, number


def test_templates_have_the_same_contents_in_all_locales_and_media(copy: Copy) -> None:
    types = {one["id"]: one["name"] for one in copy.source.client.get_json("/api/messageTypes")["messageTypes"]}
    media = set()
    for record, number in templates(copy):
        there = {**record, **record["dataFields"]}
        here = copy.destination.templates(PATH_PARTS[record["messageMedium"]], number, record["locale"])[-1]
        assert here["messageTypeId"] - 1000 == there["messageTypeId"] in types
        names = {*CONTENT[record["messageMedium"]], "name"} - {"dataFeedIds", "placementId", "trackingDomain"}
        assert {name: here.get(name) for name in names} == {name: there.get(name) for name in names}
        media.add((record["messageMedium"], record["locale"]))
    assert media >= {("Email", "de-DE"), ("Push", ""), ("SMS", ""), ("InApp", ""), ("Embedded", "")}


def test_campaigns_have_the_same_templates_and_lists_and_none_is_sent(copy: Copy) -> None:
    there, here = copy.source.campaigns(), copy.destination.campaigns()
    assert len(here) > 10
    lists = [{one["id"]: one["name"] for one in holds.client.get_json("/api/lists")["lists"]} for holds in copy[:2]]
    copies = {record["templateId"]: record["name"] for record, _ in templates(copy)}
    for name, campaign in here.items():
        of_source = there[name]
        assert (campaign["campaignState"], campaign["type"]) == ("Ready", of_source["type"])
        assert campaign["messageMedium"] == of_source["messageMedium"]
        assert copies[of_source["templateId"]] == name
        for member in ("listIds", "suppressionListIds"):
            assert [lists[1][one] for one in campaign.get(member, [])] == [
                lists[0][one] for one in of_source.get(member, [])
            ]
    left = {one["campaignState"] for name, one in there.items() if name not in here and one["type"] == "Blast"}
    assert left == {"Finished", "Archived"}
    assert {one["messageMedium"] for name, one in there.items() if name not in here and one["type"] != "Blast"} == {
        "WebPush",
        "WhatsApp",
        "RCS",
    }
    for data_type in ("emailSend", "pushSend", "smsSend", "inAppSend", "embeddedSend"):
        assert exported(copy.destination, data_type) == []


def test_metadata_and_snippets_are_the_same(copy: Copy) -> None:
    path, params = "/api/metadata/{table}/{key}", {"table": "shops", "key": "b1"}
    assert copy.destination.client.get_json(path, path_params=params)["value"] == {"a": 1}
    snippets = [
        {one["name"]: one["content"] for one in holds.client.get_json("/api/snippets")["snippets"]}
        for holds in (copy.source, copy.destination)
    ]
    assert snippets[0] == snippets[1]
    assert "hello" in snippets[0]


def test_streams_of_what_cannot_be_copied_go_nowhere(copy: Copy) -> None:
    names = ("templates", "campaigns", "email_open", "list_users")
    for name, counts in copy.load(of(copy.said, names), copy_project=True).items():
        assert name in names
        assert (counts["unchanged"], counts["requests"]) == (counts["read"], 0)


def test_a_second_copy_changes_nothing_but_times(copy: Copy) -> None:
    def holds() -> tuple[Any, Any, Any]:
        templates = copy.destination.client.get_json("/api/templates?pageSize=1000")["templates"]
        ids = sorted(one["templateId"] for one in templates)
        return exported(copy.destination, "customEvent"), copy.destination.lists(), (ids, copy.destination.campaigns())

    before = holds()
    streams = copy.load(of(copy.said, STREAMS), copy_project=True)
    repeated = copy.load(of(copy.said, CAMPAIGNS), copy_project=True, copy_campaigns=True)["campaigns"]
    assert (repeated["written"], repeated["rejected"]) == (0, 0)
    after = holds()
    assert without(after[0], {"eventUpdatedAt"}) == without(before[0], {"eventUpdatedAt"})
    assert after[1:] == before[1:]
    assert {name for name, counts in streams.items() if counts["rejected"]} == set()
    assert streams["lists"]["written"] == streams["catalog_field_mappings"]["written"] == 0


def test_system_events_become_custom_events_on_request(copy: Copy) -> None:
    copy.load(of(copy.said, ["email_open"]), copy_project=True, copy_system_events=True)
    copied = [event for event in exported(copy.destination, "customEvent") if event["eventName"] == "emailOpen"]
    there = exported(copy.source, "emailOpen")
    assert sorted(event["createdAt"] for event in copied) == sorted(event["createdAt"] for event in there)
    assert {event["sourceCampaignId"] for event in copied} == {event["campaignId"] for event in there}


def test_what_the_setting_streams_says_comes_first(copy: Copy) -> None:
    rows = [{"name": "From a route", "id": 1}]
    copy.load(stream("lists", rows), copy_project=True, streams={"li*": {"object": "nothing"}})
    assert "From a route" not in copy.destination.lists()


def test_ids_that_nobody_has_told_are_not_guessed(copy: Copy) -> None:
    rows = [{"email": "new@example.com", "emailListIds": [1], "unsubscribedChannelIds": [1]}]
    assert copy.load(stream("users", rows), copy_project=True)["users"]["written"] == 1
    profile = copy.destination.user(email="new@example.com")
    assert not profile.get("emailListIds")
    assert not profile.get("unsubscribedChannelIds")
