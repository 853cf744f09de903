"""Answers that are not as expected: a part is missing, something is gone, or Iterable says no."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iterable_api.errors import UnreadableAnswerError
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.stream_types.partitioned_stream import MissingPartitionsError
from tap_iterable.streams.campaigns import CampaignsStream, ChildCampaignsStream
from tap_iterable.streams.catalogs import CatalogsStream
from tap_iterable.streams.metadata import MetadataValuesStream
from tap_iterable.streams.metrics import CampaignMetricsStream
from tap_iterable.streams.templates import TemplateContentsStream
from tap_iterable.streams.user_events import UserEventsStream
from tap_iterable.streams.users_metadata import ForgottenUsersStream
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.answering import Query, answer, stream_of

EVENTS = "/api/export/userEvents"


def _campaign(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": number, "campaignState": "Finished", "messageMedium": "Email", "templateId": number, **fields}


@pytest.mark.parametrize("wrong", [{}, {"campaigns": None}, [], {"params": {"catalogNames": {}}}])
@pytest.mark.parametrize("kind", [CampaignsStream, ForgottenUsersStream, MetadataValuesStream])
def test_an_answer_without_its_array_is_named_by_its_endpoint(
    server: ScriptedServer, kind: type[IterableStream], wrong: object
) -> None:
    answer(server, dict.fromkeys(kind.endpoints, wrong))
    with stream_of(kind, server.url) as stream, pytest.raises(UnreadableAnswerError, match=kind.endpoints[0]):
        list(stream.get_records(None))


@pytest.mark.parametrize(
    ("wrong", "lacking"),
    [
        ({}, "with an object, without the object `params`"),
        ({"params": None}, "without the object `params`"),
        ([], "with an array, without the object `params`"),
        ({"params": {"catalogNames": {}}}, "without the array `catalogNames`"),
    ],
)
def test_catalogs_without_their_array_are_named_too(server: ScriptedServer, wrong: object, lacking: str) -> None:
    answer(server, {"/api/catalogs": wrong})
    with stream_of(CatalogsStream, server.url) as stream, pytest.raises(UnreadableAnswerError, match=lacking):
        list(stream.get_records(None))


def test_children_of_an_archived_campaign_are_found_as_well_as_those_that_only_their_parent_knows(
    server: ScriptedServer,
) -> None:
    listed = [
        _campaign(1, campaignState="Archived"),
        _campaign(2, campaignState="Recurring"),
        _campaign(3, recurringCampaignId=1),
        _campaign(4, recurringCampaignId=2),
    ]
    children = "/api/campaigns/recurring/2/childCampaigns"
    answer(server, {"/api/campaigns": {"campaigns": listed}, children: {"campaigns": [_campaign(4), _campaign(5)]}})
    with stream_of(ChildCampaignsStream, server.url) as stream:
        rows = {row["id"]: row["recurringCampaignId"] for row in stream.get_records(None)}
    assert rows == {3: 1, 4: 2, 5: 2}


def test_locales_that_iterable_names_are_read_without_a_setting_and_refused_ones_are_named(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    def content(query: Query) -> Answer | dict[str, Any]:
        locale = query.get("locale", [""])[0]
        if locale in ("fr-FR", "wrong"):
            return Answer(404 if locale == "fr-FR" else 400)
        return {"templateId": 7, "clientTemplateId": "welcome", "subject": f"Hi {locale}"}

    tags = [{"languageTag": tag, "displayLanguage": tag[:2]} for tag in ("de-DE", "fr-FR")]
    same = [{"templateId": 7, "locales": tags}, {"templateId": 8, "locales": [{"languageTag": "it-IT"}]}]
    answer(
        server,
        {
            "/api/campaigns": {"campaigns": [_campaign(7)]},
            "/api/templates": {"templates": [{"templateId": 7}]},
            "/api/templates/email/get": content,
            "/api/templates/getByClientTemplateId": {"templates": same},
        },
    )
    with stream_of(TemplateContentsStream, server.url, template_locales=["de-DE", "wrong"]) as stream:
        rows = [(row["locale"], row["subject"]) for row in stream.get_records(None)]
    assert rows == [("", "Hi "), ("de-DE", "Hi de-DE")]
    assert [record.getMessage()[:44] for record in caplog.records if record.levelname == "WARNING"] == [
        "Template 7 is left out in locale 'wrong': GE"
    ]


def test_a_key_that_is_deleted_while_metadata_is_read_keeps_its_row(server: ScriptedServer) -> None:
    listed = [{"table": "prices", "key": key, "size": 9} for key in ("a", "b")]
    answer(
        server,
        {
            "/api/metadata": {"results": [{"name": "Prices"}]},
            "/api/metadata/Prices": {"results": listed},
            "/api/metadata/Prices/a": {**listed[0], "value": {"eur": 1}},
        },
    )
    with stream_of(MetadataValuesStream, server.url) as stream:
        rows = [(row["table"], row["key"], row.get("value")) for row in stream.get_records(None)]
    assert rows == [("Prices", "a", {"eur": 1}), ("Prices", "b", None)]


def test_a_batch_of_metrics_that_fails_costs_its_campaigns_and_the_good_end(server: ScriptedServer) -> None:
    ids = list(range(10**8, 10**8 + 150))

    def metrics(query: Query) -> Answer:
        asked = [int(number) for number in query["campaignId"]]
        if ids[0] in asked:
            return Answer(500)
        return Answer(body="\n".join(["id,Total Email Sends", *(f"{number},5" for number in asked)]).encode())

    campaigns = {"campaigns": [_campaign(number) for number in ids]}
    answer(server, {"/api/campaigns": campaigns, "/api/campaigns/metrics": metrics})
    with stream_of(CampaignMetricsStream, server.url) as stream:
        rows = [row["id"] for row in stream.get_records(None)]
        assert rows
        assert rows == ids[-len(rows) :]
        assert all(len(request.target) < 2048 for request in server.requests)
        with pytest.raises(MissingPartitionsError, match="Batch of campaigns that could not be read: 1"):
            stream.log_sync_costs()


def test_metrics_that_are_no_table_of_campaigns_are_refused(server: ScriptedServer) -> None:
    page = Answer(body=b"<html>Sorry</html>\nwe are closed")
    answer(server, {"/api/campaigns": {"campaigns": [_campaign(1)]}, "/api/campaigns/metrics": page})
    with stream_of(CampaignMetricsStream, server.url) as stream, pytest.raises(UnreadableAnswerError, match="its ids"):
        list(stream.get_records(None))


def test_a_user_whose_events_iterable_does_not_send_is_named_by_place_only(
    server: ScriptedServer, tmp_path: Path
) -> None:
    lines = {"ann@example.com": [b'{"_type":"emailOpen","cre', b'{"_type":"emailOpen","deep.er":{"a":null}}']}

    def events(query: Query) -> Answer:
        user = query["email"][0]
        return Answer(body=lines[user].pop(0)) if user in lines else Answer(500)

    answer(server, {EVENTS: events})
    users = ["ben@example.com", "ann@example.com"]
    settings = {"user_events_users": users, "malformed_directory": str(tmp_path / "malformed")}
    with stream_of(UserEventsStream, server.url, **settings) as stream:
        (row,) = stream.get_records(None)
        assert row["_type"] == "emailOpen"
        assert row["dataFields"] == {"deep": {"er": {"a": None}}}
        with pytest.raises(MissingPartitionsError, match="User that could not be read: 1") as failure:
            stream.log_sync_costs()
    assert "ben" not in str(failure.value)
    assert not (tmp_path / "malformed").exists()
    assert json.dumps(row)
