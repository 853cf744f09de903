"""Experiments are read whole, in both forms that clients know, and left out where a project does not have them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from iterable_api.errors import NotFoundError, UnreadableAnswerError
from iterable_api.facts import timestamps
from iterable_sandbox.server import Sandbox
from tap_iterable.stream_types.partitioned_stream import MissingPartitionsError
from tap_iterable.streams.experiments import (
    ExperimentsStream,
    ExperimentTrendsStream,
    ExperimentVariantsStream,
    experiments,
    one_form,
)
from tap_iterable.streams.metrics import ExperimentMetricsStream
from tests.scripted_server import Answer, ScriptedServer, answer_json
from tests.tap.answering import Query, answer, paths, stream_of
from tests.tap.reading import Output, TapRun

API = "/api/experiments"
STREAMS = ("experiments", "experiment_variants", "experiment_totals", "experiment_trends")


@pytest.fixture(scope="module")
def sandbox(seeded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    copy = shutil.copy(seeded_database, tmp_path_factory.mktemp("experiments") / "project.db")
    with Sandbox(database=str(copy)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def output(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Output:
    output = TapRun(sandbox.url, sandbox.api_key, tmp_path_factory.mktemp("tap"))(*STREAMS, end_date="2026-11-01")
    assert output.code == 0, output.log
    return output


def get(sandbox: Sandbox, path: str, **params: Any) -> Any:
    response = requests.get(
        f"{sandbox.url}{API}{path}", params=params, headers={"Api-Key": sandbox.api_key}, timeout=10
    )
    assert response.status_code == 200, response.text
    return response.json()


def test_experiments_have_all_that_list_and_details_say(sandbox: Sandbox, output: Output) -> None:
    listed = {row["id"]: row for row in get(sandbox, "")["experiments"]}
    records = {row["id"]: row for row in output.records["experiments"]}
    assert records.keys() == listed.keys()
    assert {row["channelType"] for row in records.values()} == {"email", "push"}
    for number, record in records.items():
        details = get(sandbox, f"/{number}")
        assert record["author"] == listed[number]["author"]
        for name in ("status", "experimentType", "allocationMode", "sizing", "constraints"):
            assert record[name] == details[name]
        assert {name: record.get(name) for name in details["meta"]} == details["meta"]
        assert record["creationDate"] == timestamps.to_rfc3339(timestamps.from_epoch_ms(details["creationDate"]))
        expected = [
            {**{name: value for name, value in one.items() if name != "value"}, **one["value"]}
            for one in details["variants"]
        ]
        assert record["variants"] == expected
        assert record["dataFields"] == {}


def test_variants_have_their_contents(sandbox: Sandbox, output: Output) -> None:
    rows = {(row["experimentId"], row["variantId"]): row for row in output.records["experiment_variants"]}
    assert len(rows) == len(output.records["experiment_variants"])
    sent = {
        (number, one["variantId"]): one
        for number in {row["id"] for row in output.records["experiments"]}
        for one in get(sandbox, f"/{number}/variants")["variants"]
    }
    assert rows.keys() == sent.keys()
    for key, one in sent.items():
        assert {name: rows[key].get(name) for name in one["value"]} == one["value"]
        assert {name: rows[key].get(name) for name in one["content"] or {}} == (one["content"] or {})
    assert any(row.get("htmlSource") for row in rows.values())


def test_totals_have_a_row_for_each_variant(sandbox: Sandbox, output: Output) -> None:
    rows = {(row["experimentId"], row["variantId"]): row for row in output.records["experiment_totals"]}
    for number in {row["id"] for row in output.records["experiments"]}:
        answer = get(sandbox, f"/{number}/totals")
        for one in answer["variants"]:
            row = rows.pop((number, one["id"]))
            assert (row["metrics"], row["isWinner"], row["status"]) == (
                one["metrics"],
                one["isWinner"],
                answer["status"],
            )
    assert rows == {}


def test_trends_add_up_to_the_totals_also_over_more_than_31_days(output: Output) -> None:
    totals = {(row["experimentId"], row["variantId"]): row for row in output.records["experiment_totals"]}
    running = [row for row in output.records["experiment_trends"] if row["experimentId"] == 60_104]
    days = {row["time"][:10] for row in running}
    assert len(days) > 31
    keys = {(row["experimentId"], row["variantId"], row["metric"], row["time"]) for row in running}
    assert len(keys) == len(running)
    for variant in (6_010_401, 6_010_402):
        sends = sum(row["value"] for row in running if (row["variantId"], row["metric"]) == (variant, "sends"))
        assert sends == totals[60_104, variant]["metrics"]["sends"]
    assert {row["name"] for row in running if row["variantId"] == -1} == {"Holdout"}


def test_experiments_that_were_not_started_have_no_trends(output: Output) -> None:
    drafts = {row["id"] for row in output.records["experiments"] if row["status"] == "draft"}
    assert drafts
    assert drafts & {row["experimentId"] for row in output.records["experiment_trends"]} == set()


def test_the_flat_form_is_read_too(seeded_database: Path, tmp_path: Path, output: Output) -> None:
    with Sandbox(database=str(seeded_database), experiment_answers="flat") as sandbox:
        flat = TapRun(sandbox.url, sandbox.api_key, tmp_path)(*STREAMS, end_date="2026-11-01")
    assert flat.code == 0, flat.log
    same = ("id", "name", "campaignId", "channelType", "author", "creationDate", "startDate", "finishDate")
    for stream, names in (
        ("experiments", same),
        ("experiment_variants", ("experimentId", "variantId", "name", "currentPercentage", "subject", "htmlSource")),
    ):
        told, expected = ([[row.get(name) for name in names] for row in one.records[stream]] for one in (flat, output))
        assert told == expected
    for stream in ("experiment_totals", "experiment_trends"):
        assert flat.records[stream] == output.records[stream]


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"meta": {"name": "A", "campaignId": 5, "new": 1}}, {"name": "A", "campaignId": 5, "new": 1}),
        ({"name": "B", "campaignId": 6, "createdAt": "2026-09-01"}, {"name": "B", "creationDate": "2026-09-01"}),
        ({"name": None, "startDate": None}, {"name": "L", "startDate": "2026-09-02"}),
        ({"variants": [{"id": 1, "percentage": 5}]}, {"variants": [{"id": 1, "currentPercentage": 5}]}),
        ({"variants": ["odd"], "meta": "odd"}, {"variants": ["odd"], "meta": "odd"}),
        ({}, {"name": "L"}),
    ],
)
def test_an_experiment_has_one_form(details: dict[str, Any], expected: dict[str, Any]) -> None:
    listed = {"id": 7, "name": "L", "startDate": "2026-09-02"}
    assert one_form(listed, details).items() >= {"id": 7, **expected}.items()


def test_a_project_without_these_endpoints_is_warned_about_and_no_failure(
    seeded_database: Path, tmp_path: Path
) -> None:
    with Sandbox(database=str(seeded_database), experiment_answers="absent") as sandbox:
        read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
        output = read(*STREAMS, "channels", emit_activate_version_messages=True)
    assert output.code == 0, output.log
    for stream in STREAMS:
        assert output.records[stream] == []
        assert f"The stream {stream} is left out" in output.log
    activated = {one["stream"] for one in output.messages if one["type"] == "ACTIVATE_VERSION"}
    assert activated == {"channels"}


def test_where_every_path_is_unknown_the_run_fails(server: ScriptedServer) -> None:
    answer(server, {})
    with stream_of(ExperimentsStream, server.url) as stream, pytest.raises(NotFoundError, match="/api/channels"):
        list(stream.get_records(None))


def listing(*pages: Any, total: int | None = None) -> Any:
    """Answers with a page by its offset in rows; beyond the pages nothing."""
    starts = {sum(map(len, pages[:number])): page for number, page in enumerate(pages)}

    def found(query: Query) -> Answer:
        rows = [{"id": number, "name": f"E{number}"} for number in starts.get(int(query["offset"][0]), [])]
        return answer_json(200, {"experiments": rows, **({} if total is None else {"totalCount": total})})

    return found


@pytest.mark.parametrize(
    ("answered", "requests"),
    [
        (listing([1, 2], [3], total=3), 2),
        (listing([1, 2], [3]), 3),
        (listing([1, 2], [2, 3]), 3),
        (listing([1, 2, 3], total=3), 1),
        ({"experiments": [{"id": 1}, {"id": 2}, {"id": 3}]}, 2),
    ],
    ids=["total", "no total", "a row moves", "one page", "offset is ignored"],
)
def test_each_experiment_is_read_once_however_the_list_has_pages(
    server: ScriptedServer, answered: Any, requests: int
) -> None:
    answer(server, {API: answered})
    with stream_of(ExperimentsStream, server.url) as stream:
        assert [row["id"] for row in experiments(stream.client)] == [1, 2, 3]
    assert paths(server) == [API] * requests


def test_an_experiment_without_details_has_what_the_list_says(server: ScriptedServer) -> None:
    answer(server, {API: listing([1], total=1)})
    with stream_of(ExperimentsStream, server.url) as stream:
        assert list(stream.get_records(None)) == [{"id": 1, "name": "E1", "dataFields": {}}]


def test_an_experiment_that_cannot_be_read_is_named_and_fails_the_run_at_its_end(server: ScriptedServer) -> None:
    answer(server, {API: listing([1, 2], total=2), f"{API}/1": Answer(500), f"{API}/2": {"id": 2, "name": "B"}})
    with stream_of(ExperimentsStream, server.url) as stream:
        assert [row["name"] for row in stream.get_records(None)] == ["B"]
        with pytest.raises(MissingPartitionsError, match="Experiment that could not be read: 1"):
            stream.log_sync_costs()


@pytest.mark.parametrize("details", [{"msg": "", "code": "Success"}, [], "text"])
def test_an_answer_that_is_no_experiment_is_not_taken_for_one(server: ScriptedServer, details: object) -> None:
    answer(server, {API: listing([1], total=1), f"{API}/1": details})
    with stream_of(ExperimentsStream, server.url) as stream, pytest.raises(UnreadableAnswerError, match="without `id`"):
        list(stream.get_records(None))


@pytest.mark.parametrize("listed", [{"experiments": [{"id": "x"}]}, {"experiments": [{}]}, {"experiments": None}, []])
def test_a_list_without_experiments_is_no_empty_project(server: ScriptedServer, listed: Any) -> None:
    answer(server, {API: listed})
    with stream_of(ExperimentsStream, server.url) as stream, pytest.raises(UnreadableAnswerError):
        list(stream.get_records(None))


def test_members_that_nobody_knows_are_kept(server: ScriptedServer) -> None:
    content = {"subject": "Hi", "ampHtml": "<p>"}
    variant = {"variantId": 5, "name": "A", "value": {"templateId": 9, "hour": 3}, "content": content}
    answer(server, {API: listing([1], total=1), f"{API}/1/variants": {"experimentId": 1, "variants": [variant]}})
    with stream_of(ExperimentVariantsStream, server.url) as stream:
        assert list(stream.get_records(None)) == [
            {
                "experimentId": 1,
                "variantId": 5,
                "name": "A",
                "templateId": 9,
                "subject": "Hi",
                "dataFields": {"hour": 3, "ampHtml": "<p>"},
            }
        ]


def test_ranges_of_trends_are_31_days_from_midnight_to_the_end(server: ScriptedServer) -> None:
    asked: list[tuple[str, str]] = []

    def trends(query: Query) -> Answer:
        asked.append((query["startDateTime"][0], query["endDateTime"][0]))
        point = {"time": "2026-08-01T00:00:00Z", "value": len(asked)}
        series = {"opens": [point]}
        return answer_json(200, {"id": 1, "variants": [{"id": 3, "series": series}], "holdout": {"series": series}})

    details = {"id": 1, "startDate": "2026-08-01T12:00:00Z", "finishDate": 1789560000000}
    answer(server, {API: listing([1], total=1), f"{API}/1": details, f"{API}/1/trends": trends})
    with stream_of(ExperimentTrendsStream, server.url) as stream:
        records = list(stream.get_records(None))
    assert asked == [
        ("2026-08-01T00:00:00.000Z", "2026-08-31T23:59:59.000Z"),
        ("2026-09-01T00:00:00.000Z", "2026-09-16T12:00:00.000Z"),
    ]
    assert [(row["variantId"], row["value"]) for row in records] == [(3, 2), (-1, 2)]


def test_metrics_are_asked_for_by_experiment_where_they_are_known(sandbox: Sandbox, tmp_path: Path) -> None:
    before = len(sandbox.requests("GET /api/campaigns"))
    output = TapRun(sandbox.url, sandbox.api_key, tmp_path)("experiment_metrics")
    assert output.code == 0, output.log
    assert len(sandbox.requests("GET /api/experiments/metrics")) == 1
    assert len(sandbox.requests("GET /api/campaigns")) == before
    assert {row["experimentId"] for row in output.records["experiment_metrics"]} == {60_101, 60_102, 60_103, 60_104}


def test_metrics_are_asked_for_by_campaign_where_experiments_are_not_known(
    seeded_database: Path, tmp_path: Path, sandbox: Sandbox
) -> None:
    known = TapRun(sandbox.url, sandbox.api_key, tmp_path)("experiment_metrics")
    with Sandbox(database=str(seeded_database), experiment_answers="absent") as other:
        output = TapRun(other.url, other.api_key, tmp_path)("experiment_metrics")
        assert len(other.requests("GET /api/campaigns")) > 0
    assert output.code == 0, output.log
    assert output.records["experiment_metrics"] == known.records["experiment_metrics"]


@pytest.mark.parametrize("content_type", [None, "text/plain", "text/csv", "text/csv; charset=ISO-8859-1"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_letters_beyond_ascii_arrive_whatever_the_header_says(
    server: ScriptedServer, content_type: str | None, mark: str
) -> None:
    name = "Größe, 大きさ, Ça"
    table = f'{mark}Experiment ID,Template ID,Name\r\n1,2,"{name}"'
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer(server, {API: listing([1], total=1), f"{API}/metrics": Answer(200, table.encode(), headers)})
    with stream_of(ExperimentMetricsStream, server.url) as stream:
        (record,) = stream.get_records(None)
    assert record["metrics"]["Name"] == name


def test_letters_beyond_ascii_of_the_sandbox_arrive(seeded_database: Path, tmp_path: Path) -> None:
    copy = shutil.copy(seeded_database, tmp_path / "project.db")
    subject = 'Größe, "大きさ", Ça'
    with Sandbox(database=str(copy)) as sandbox:
        templates = sandbox.store.resources.all("template")
        sandbox.store.resources.add("template", [(row["templateId"], row | {"name": subject}) for row in templates])
        output = TapRun(sandbox.url, sandbox.api_key, tmp_path)("experiment_metrics")
    assert output.code == 0, output.log
    assert subject in {value for row in output.records["experiment_metrics"] for value in row["metrics"].values()}
