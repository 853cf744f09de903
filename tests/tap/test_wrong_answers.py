"""An answer of 200 that lacks what its endpoint promises fails by the endpoint's name, and is never an empty stream."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from iterable_api.errors import UnreadableAnswerError
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from tap_iterable.export.job_api import JobApi, Page
from tap_iterable.export.json_answers import error_code
from tap_iterable.export.windows import Window
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.stream_types.resource_stream import RESOURCES, Resource, ResourceStream
from tap_iterable.streams.campaigns import CampaignsStream
from tap_iterable.streams.catalogs import CatalogFieldMappingsStream, CatalogItemsStream, CatalogsStream
from tap_iterable.streams.journeys import JourneysStream
from tap_iterable.streams.list_users import ListUsersStream
from tap_iterable.streams.metadata import MetadataValuesStream
from tap_iterable.streams.metrics import CampaignMetricsStream, ExperimentMetricsStream
from tap_iterable.streams.templates import TemplateContentsStream, TemplatesStream
from tap_iterable.streams.users_metadata import ForgottenUsersStream, UserFieldsStream
from tap_iterable.tap import TapIterable
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.answering import KEY, answer, stream_of

ERROR = {"msg": "An error occurred for ann@example.com", "code": "GenericError", "params": None}
OTHER_FORM = {"error": "NotFound", "message": "ann@example.com", "code": "error.lists.notFound", "data": {}}
WRONG: list[Any] = [{}, [], None, "ann@example.com", 3, ERROR, OTHER_FORM]
CATALOG = {"params": {"catalogNames": [{"name": "shop"}]}}
CAMPAIGN = {"id": 7, "messageMedium": "Email", "templateId": 7, "campaignState": "Finished"}
TEMPLATES = {"/api/campaigns": {"campaigns": [CAMPAIGN]}, "/api/templates": {"templates": [{"templateId": 7}]}}


class Part(NamedTuple):
    """What is answered before, and the path and the endpoint whose answer is wrong."""

    kind: type[IterableStream]
    answers: dict[str, object]
    path: str
    endpoint: str


PARTS = [
    Part(CampaignsStream, {}, "/api/campaigns", "/api/campaigns"),
    Part(TemplatesStream, {}, "/api/templates", "/api/templates"),
    Part(JourneysStream, {}, "/api/journeys", "/api/journeys"),
    Part(ListUsersStream, {}, "/api/lists", "/api/lists"),
    Part(CatalogsStream, {}, "/api/catalogs", "/api/catalogs"),
    Part(
        CatalogItemsStream, {"/api/catalogs": CATALOG}, "/api/catalogs/shop/items", "/api/catalogs/{catalogName}/items"
    ),
    Part(
        CatalogFieldMappingsStream,
        {"/api/catalogs": CATALOG},
        "/api/catalogs/shop/fieldMappings",
        "/api/catalogs/{catalogName}/fieldMappings",
    ),
    Part(MetadataValuesStream, {}, "/api/metadata", "/api/metadata"),
    Part(
        MetadataValuesStream,
        {"/api/metadata": {"results": [{"name": "t"}]}},
        "/api/metadata/t",
        "/api/metadata/{table}",
    ),
    Part(
        MetadataValuesStream,
        {"/api/metadata": {"results": [{"name": "t"}]}, "/api/metadata/t": {"results": [{"key": "k"}]}},
        "/api/metadata/t/k",
        "/api/metadata/{table}/{key}",
    ),
    Part(UserFieldsStream, {}, "/api/users/getFields", "/api/users/getFields"),
    Part(ForgottenUsersStream, {}, "/api/users/forgotten", "/api/users/forgotten"),
    Part(TemplateContentsStream, TEMPLATES, "/api/templates/email/get", "/api/templates/email/get"),
    Part(CampaignMetricsStream, TEMPLATES, "/api/campaigns/metrics", "/api/campaigns/metrics"),
    Part(ExperimentMetricsStream, TEMPLATES, "/api/experiments/metrics", "/api/experiments/metrics"),
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.endpoint)
def test_what_is_not_what_an_endpoint_promises_is_told_by_the_endpoint_and_by_what_it_is(
    server: ScriptedServer, part: Part, wrong: object
) -> None:
    answer(server, {**part.answers, part.path: wrong})
    with stream_of(part.kind, server.url) as stream, pytest.raises(UnreadableAnswerError) as failure:
        list(stream.get_records(None))
    assert str(failure.value).startswith(f"{part.endpoint} answered with ")
    assert "ann@example.com" not in str(failure.value)
    for error in (ERROR, OTHER_FORM):
        if wrong == error:
            assert f"an error of Iterable's, code {error['code']}" in str(failure.value)


def _resource(server: ScriptedServer, resource: Resource) -> list[dict[str, Any]]:
    tap = TapIterable(config={"api_key": KEY, "api_url": server.url, "start_date": "2026-08-01"})
    tap.client.close()
    client = IterableClient(KEY, api_url=server.url, limiter=Unlimited())
    try:
        return list(ResourceStream(tap, client, resource).get_records(None))
    finally:
        client.close()


@pytest.mark.parametrize("wrong", WRONG, ids=str)
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.stream)
def test_a_resource_without_its_array_is_told_by_its_endpoint(
    server: ScriptedServer, resource: Resource, wrong: object
) -> None:
    answer(server, {resource.path: wrong})
    with pytest.raises(UnreadableAnswerError, match=f"^{resource.path} answered with .*without the array `"):
        _resource(server, resource)


@pytest.mark.parametrize("row", [{}, None, 3, [], "x", {"name": None, "id": None}, ERROR], ids=str)
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.stream)
def test_a_row_without_its_key_is_no_row(server: ScriptedServer, resource: Resource, row: object) -> None:
    answer(server, {resource.path: {resource.array: [{resource.key: 1}, row]}})
    with pytest.raises(UnreadableAnswerError, match=f"a member of `{resource.array}` that has no `{resource.key}`"):
        _resource(server, resource)


def test_an_empty_array_is_an_empty_stream(server: ScriptedServer) -> None:
    for resource in RESOURCES:
        answer(server, {resource.path: {resource.array: []}})
        assert _resource(server, resource) == []


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"<html>Sorry</html>", b"Total Email Sends\n5\n", b"ID,Sends\n", b"\xff\xfe"]
)
def test_metrics_of_campaigns_need_a_header_line_with_their_id(server: ScriptedServer, body: bytes) -> None:
    answer(server, {**TEMPLATES, "/api/campaigns/metrics": Answer(body=body)})
    with stream_of(CampaignMetricsStream, server.url) as stream, pytest.raises(UnreadableAnswerError, match="metrics"):
        list(stream.get_records(None))


def test_metrics_may_have_a_header_line_and_no_rows(server: ScriptedServer) -> None:
    answer(server, {**TEMPLATES, "/api/campaigns/metrics": Answer(body=b"id,Total Email Sends\n")})
    with stream_of(CampaignMetricsStream, server.url) as stream:
        assert list(stream.get_records(None)) == []


def test_metrics_of_experiments_may_be_empty_but_no_page(server: ScriptedServer) -> None:
    answer(server, {**TEMPLATES, "/api/experiments/metrics": Answer(body=b"")})
    with stream_of(ExperimentMetricsStream, server.url) as stream:
        assert list(stream.get_records(None)) == []
    answer(server, {**TEMPLATES, "/api/experiments/metrics": Answer(body=b"<html>Sorry</html>")})
    with stream_of(ExperimentMetricsStream, server.url) as stream, pytest.raises(UnreadableAnswerError, match="header"):
        list(stream.get_records(None))


FILES = "/api/export/5/files"


def _page(server: ScriptedServer, content: object) -> Page:
    answer(server, {FILES: content})
    client = IterableClient(KEY, api_url=server.url, limiter=Unlimited())
    try:
        return JobApi(client).page(5)
    finally:
        client.close()


@pytest.mark.parametrize(
    "wrong",
    [
        *WRONG,
        {"jobState": None, "files": []},
        {"jobState": 5, "files": []},
        {"jobState": "completed"},
        {"jobState": "Completed", "files": None},
        {"jobState": "completed", "files": {}},
        {"jobState": "completed", "files": [None]},
        {"jobState": "running", "files": [{"file": "f-1"}]},
        {"jobState": "completed", "files": [{"url": "http://127.0.0.1/f"}]},
    ],
    ids=str,
)
def test_a_page_of_files_that_is_none_is_not_a_job_without_files(server: ScriptedServer, wrong: object) -> None:
    with pytest.raises(UnreadableAnswerError, match=r"^/api/export/\{jobId\}/files answered with"):
        _page(server, wrong)


def test_a_job_that_is_not_completed_need_not_name_files(server: ScriptedServer) -> None:
    assert _page(server, {"jobState": "Running"}) == Page("running", truncated=False, files=())


@pytest.mark.parametrize("wrong", [*WRONG, {"jobId": None}, {"jobId": "5"}, {"jobId": True}], ids=str)
def test_the_start_of_a_job_needs_its_number(server: ScriptedServer, wrong: object) -> None:
    answer(server, {"/api/export/start": wrong})
    client = IterableClient(KEY, api_url=server.url, limiter=Unlimited())
    window = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC))
    with pytest.raises(UnreadableAnswerError, match=r"^/api/export/start answered with"):
        JobApi(client).start("user", window)
    client.close()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (ERROR, "GenericError"),
        ({"msg": "", "code": "Success"}, "Success"),
        ({"msg": "x", "code": ""}, "(none)"),
        (OTHER_FORM, "error.lists.notFound"),
        ({"msg": "x", "code": "of ann@example.com"}, "(unreadable)"),
        ({"msg": "x", "code": "u-17"}, "(unreadable)"),
        ({**ERROR, "email": "ann@example.com"}, None),
        ({"code": "GenericError"}, None),
        ({"msg": "x"}, None),
        ({"msg": 1, "code": "x"}, None),
        ({"msg": "x", "code": 5}, None),
        ([ERROR], None),
        (None, None),
    ],
    ids=str,
)
def test_an_error_has_the_members_of_one_and_no_others(value: object, code: str | None) -> None:
    assert error_code(value) == code
