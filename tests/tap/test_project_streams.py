"""Every stream that describes the project says what the sandbox holds, field by field."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from iterable_api.facts import timestamps
from iterable_sandbox.server import Sandbox
from tap_iterable.streams.metrics import metric_ranges
from tests.tap.reading import Output, TapRun

Row = dict[str, Any]

DAYS = 3
LOCALES = ["de-DE", "fr-FR"]
SIMPLE = [
    ("journeys", "/api/journeys?pageSize=50", "id"),
    ("snippets", "/api/snippets", "id"),
    ("webhooks", "/api/webhooks", "id"),
    ("metadata_tables", "/api/metadata", "name"),
    ("export_jobs", "/api/export/jobs", "id"),
]


class Http:
    """Reads and writes the project without the tap."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._url = sandbox.url
        self._session = requests.Session()
        self._session.headers["Api-Key"] = sandbox.api_key

    def get(self, path: str, **params: Any) -> Any:
        return self.text(path, **params).json()

    def text(self, path: str, **params: Any) -> requests.Response:
        response = self._session.get(self._url + path, params=params, timeout=30)
        assert response.status_code == 200, response.text
        return response

    def found(self, path: str, **params: Any) -> Row | None:
        response = self._session.get(self._url + path, params=params, timeout=30)
        return response.json() if response.status_code == 200 else None

    def send(self, method: str, path: str, body: object = None) -> None:
        response = self._session.request(method, self._url + path, json=body, timeout=30)
        assert response.status_code < 300, response.text

    def rows(self, path: str, **params: Any) -> list[Row]:
        """The one array of an answer."""
        return next(rows for rows in self.get(path, **params).values() if isinstance(rows, list))


@pytest.fixture(scope="module")
def project(seeded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The seeded project, with what the seed leaves out."""
    copy = shutil.copy(seeded_database, tmp_path_factory.mktemp("project") / "project.db")
    with Sandbox(database=str(copy), metadata_page=2, export_polls=0) as running:
        http = Http(running)
        for name in ("shoes", "hats"):
            http.send("POST", f"/api/catalogs/{name}")
            items = {f"{name}-{number}": {"price": number, "Colour": {"name": "red"}} for number in range(1200)}
            for half in (600, 1200):
                part = dict(list(items.items())[half - 600 : half])
                http.send(
                    "POST", f"/api/catalogs/{name}/items", {"documents": part, "replaceUploadedFieldsOnly": False}
                )
        mapping = {"mappingsUpdates": [{"fieldName": "price", "fieldType": "double"}]}
        http.send("PUT", "/api/catalogs/shoes/fieldMappings", mapping)
        http.send("POST", "/api/users/forget", {"email": "gone@example.com"})
        http.send("POST", "/api/export/start", {"dataTypeName": "user", "outputFormat": "text/csv"})
        http.get("/api/export/jobs")  # the sandbox's jobs go on when somebody looks
        yield running


@pytest.fixture(scope="module")
def http(project: Sandbox) -> Http:
    return Http(project)


@pytest.fixture(scope="module")
def output(project: Sandbox, http: Http, tmp_path_factory: pytest.TempPathFactory) -> Output:
    """One run of all streams that this file is about."""
    streams = (
        *(stream for stream, _, _ in SIMPLE),
        *("child_campaigns", "campaign_metrics", "experiment_metrics", "template_contents"),
        *("catalogs", "catalog_field_mappings", "catalog_items", "metadata", "user_fields", "forgotten_users"),
        "user_events",
    )
    read = TapRun(project.url, project.api_key, tmp_path_factory.mktemp("tap"))
    read.settings |= {"template_locales": LOCALES, "user_events_users": _busy_users(http)}
    output = read(*streams)
    assert output.code == 0, output.log
    return output


def _busy_users(http: Http) -> list[str]:
    lines = http.text("/api/export/data.json", dataTypeName="emailClick", range="All").text
    return sorted({json.loads(line)["email"] for line in lines.splitlines()})[:3]


def _same(sent: object, kept: object) -> bool:
    if sent == kept:
        return True
    if isinstance(sent, int) and isinstance(kept, str):
        return timestamps.parse(kept) == timestamps.from_epoch_ms(sent)
    if isinstance(sent, str) and isinstance(kept, str):
        return timestamps.parse(sent) is not None and timestamps.parse(sent) == timestamps.parse(kept)
    return False


def _differences(record: Row, row: Row) -> list[str]:
    return [
        name
        for name, value in row.items()
        if not _same(value, record.get(name, record.get("dataFields", {}).get(name)))
    ]


def _by(rows: list[Row], *keys: str) -> dict[Any, Row]:
    found = {tuple(row[key] for key in keys): row for row in rows}
    assert len(found) == len(rows)
    return found


def _assert_same(records: list[Row], rows: list[Row], *keys: str) -> None:
    kept, sent = _by(records, *keys), _by(rows, *keys)
    assert kept.keys() == sent.keys()
    assert sent
    assert {key: _differences(kept[key], row) for key, row in sent.items() if _differences(kept[key], row)} == {}


@pytest.mark.parametrize(("stream", "path", "key"), SIMPLE)
def test_a_stream_of_one_array_has_all_its_rows(output: Output, http: Http, stream: str, path: str, key: str) -> None:
    rows = http.rows(path)
    if stream == "journeys":
        rows += http.rows(f"{path}&state=Archived")
    _assert_same(output.records[stream], rows, key)


def test_archived_journeys_are_read_too(output: Output) -> None:
    assert {journey["isArchived"] for journey in output.records["journeys"]} == {True, False}


def test_children_of_recurring_campaigns_are_read(output: Output, http: Http) -> None:
    campaigns = http.rows("/api/campaigns", pageSize=1000, page=1)
    children = [row for row in campaigns if row.get("recurringCampaignId")]
    _assert_same(output.records["child_campaigns"], children, "id")


def _csv(text: str) -> tuple[list[str], list[list[str]]]:
    titles, *lines = csv.reader(io.StringIO(text))
    return titles, lines


def test_metrics_of_every_campaign_are_typed_rows(output: Output, http: Http) -> None:
    ids = [row["id"] for row in http.rows("/api/campaigns", pageSize=1000, page=1)]
    records = _by(output.records["campaign_metrics"], "id")
    assert records.keys() == {(number,) for number in ids}
    for number in ids:
        titles, (line,) = _csv(http.text("/api/campaigns/metrics", campaignId=number, startDateTime="1970-01-01").text)
        record = records[(number,)]
        sent = dict(zip(titles[1:], line[1:], strict=True))
        assert {title: float(cell) for title, cell in sent.items() if cell} == record["metrics"]
        assert (record["startDateTime"], record["endDateTime"]) == ("1970-01-01T00:00:00.000000+00:00", None)
    assert any(record["metrics"].get("Total Email Sends", 0) > 0 for record in records.values())


def _cells_agree(sent: dict[str, str], record: Row) -> bool:
    metrics = record["metrics"]
    filled = {title: cell for title, cell in sent.items() if cell}
    return metrics.keys() == filled.keys() and all(
        str(metrics[title]) == cell or metrics[title] == float(cell) for title, cell in filled.items()
    )


def test_metrics_of_experiments_have_the_key_the_time_of_change_and_every_cell(output: Output, http: Http) -> None:
    titles, lines = _csv(http.text("/api/experiments/metrics", startDateTime="1970-01-01").content.decode())
    records = _by(output.records["experiment_metrics"], "experimentId", "templateId")
    assert len(records) == len(lines)
    for line in lines:
        sent = dict(zip(titles, line, strict=True))
        record = records[int(sent["Experiment ID"]), int(sent["Template ID"])]
        assert _cells_agree(sent, record)
        assert record["campaignId"] == int(sent["Campaign ID"])
        assert timestamps.parse(record["lastModified"]) == timestamps.parse(sent["Last modified"])
        assert record["rowNumber"] == 1


def test_cells_beyond_the_titles_of_metrics_of_experiments_are_kept(seeded_database: Path, tmp_path: Path) -> None:
    with Sandbox(database=str(seeded_database), long_experiment_rows=True) as sandbox:
        records = TapRun(sandbox.url, sandbox.api_key, tmp_path)("experiment_metrics").records["experiment_metrics"]
    assert [row["extraCells"] == ["Winner"] for row in records] == [
        row["metrics"]["Type"] == "Winner" for row in records
    ]
    assert any(row["extraCells"] for row in records)


def test_a_range_of_days_gives_a_row_per_campaign_and_day_whose_sum_is_the_whole(
    project: Sandbox, http: Http, tmp_path: Path
) -> None:
    read = TapRun(project.url, project.api_key, tmp_path)
    records = read("campaign_metrics", metrics_days=DAYS, end_date="2026-10-31T12:00:00").records["campaign_metrics"]
    days = {record["startDateTime"][:10] for record in records}
    assert days == {"2026-10-29", "2026-10-30", "2026-10-31"}
    ids = {record["id"] for record in records}
    assert len(_by(records, "id", "startDateTime")) == len(ids) * DAYS
    ends = {record["startDateTime"][:10]: record["endDateTime"][:10] for record in records}
    assert ends["2026-10-29"] == "2026-10-30"
    for number in ids:
        params = {"campaignId": number, "startDateTime": "2026-10-29", "endDateTime": "2026-11-01"}
        titles, (line,) = _csv(http.text("/api/campaigns/metrics", **params).text)
        whole = dict(zip(titles, line, strict=True)).get("Total Email Sends") or 0
        assert sum(row["metrics"].get("Total Email Sends", 0) for row in records if row["id"] == number) == int(whole)


def test_every_template_is_read_in_every_locale_with_all_that_it_says(output: Output, http: Http) -> None:
    parts = {"Email": "email", "Push": "push", "SMS": "sms", "InApp": "inapp", "Embedded": "embedded"}
    rows = []
    for template in http.rows("/api/templates", pageSize=1000, page=1):
        for medium, part in parts.items():
            for locale in (None, *LOCALES):
                params = {"templateId": template["templateId"], **({"locale": locale} if locale else {})}
                content = http.found(f"/api/templates/{part}/get", **params)
                if content is not None:
                    rows.append({**content, "messageMedium": medium, "locale": locale or ""})
    _assert_same(output.records["template_contents"], rows, "templateId", "locale")
    assert {row["messageMedium"] for row in rows} == set(parts)
    assert {row["locale"] for row in rows} > {""}
    assert "for which Iterable gives no content" in output.log


def test_catalogs_fields_and_items_are_read_whole(output: Output, http: Http) -> None:
    names = [row["name"] for row in http.get("/api/catalogs", pageSize=1000)["params"]["catalogNames"]]
    assert sorted(record["name"] for record in output.records["catalogs"]) == sorted(names)
    items, fields = [], []
    for name in names:
        for page in (1, 2):
            answer = http.get(f"/api/catalogs/{name}/items", pageSize=1000, page=page)["params"]
            items += answer["catalogItemsWithProperties"]
        mappings = http.get(f"/api/catalogs/{name}/fieldMappings")["params"]
        types = mappings["definedMappings"] | dict.fromkeys(mappings["undefinedFields"])
        fields += [{"catalogName": name, "fieldName": field, "fieldType": kind} for field, kind in types.items()]
    _assert_same(output.records["catalog_items"], items, "catalogName", "itemId")
    _assert_same(output.records["catalog_field_mappings"], fields, "catalogName", "fieldName")
    assert {row["fieldType"] for row in fields} >= {"double", None}


def test_metadata_is_read_over_all_pages_with_its_values(output: Output, http: Http) -> None:
    rows = []
    for table in http.rows("/api/metadata"):
        marker: dict[str, str] = {}
        while True:
            answer = http.get(f"/api/metadata/{table['name']}", **marker)
            rows += [http.get(f"/api/metadata/{table['name']}/{entry['key']}") for entry in answer["results"]]
            if "nextMarker" not in answer:
                break
            marker = {"nextMarker": answer["nextMarker"]}
    _assert_same(output.records["metadata"], rows, "table", "key")
    assert len(rows) > 2


def test_fields_of_users_are_read_with_their_types(output: Output, http: Http) -> None:
    fields = http.get("/api/users/getFields")["fields"]
    assert {record["name"]: record["type"] for record in output.records["user_fields"]} == fields
    assert len(fields) > 10


def test_forgotten_users_are_read_as_hashes(output: Output) -> None:
    expected = hashlib.sha256(b"gone@example.com").hexdigest()
    assert output.records["forgotten_users"] == [{"identifier": "email", "hash": expected}]
    assert "gone@example.com" not in output.log


@pytest.mark.parametrize(("project_type", "kinds"), [("userId", {"userId"}), ("hybrid", {"email", "userId"})])
def test_a_project_is_asked_only_for_identifiers_that_it_uses(
    tmp_path: Path, project_type: str, kinds: set[str]
) -> None:
    with Sandbox(project_type=project_type) as sandbox:
        for kind in kinds:
            Http(sandbox).send("POST", "/api/users/forget", {kind: "gone@example.com"})
        output = TapRun(sandbox.url, sandbox.api_key, tmp_path)("forgotten_users", project_type=project_type)
    assert output.code == 0, output.log
    assert {record["identifier"] for record in output.records["forgotten_users"]} == kinds


def test_events_of_chosen_users_are_read_whole(output: Output, http: Http) -> None:
    records = output.records["user_events"]
    users = _busy_users(http)
    assert {record["email"] for record in records} == set(users)
    sent = {user: http.text("/api/export/userEvents", email=user, includeCustomEvents="true").text for user in users}
    assert len(records) == sum(len(text.splitlines()) for text in sent.values())
    assert len({record["recordId"] for record in records}) == len(records)
    assert {"emailClick"} <= {record["_type"] for record in records}
    assert all(user not in output.log for user in users)


def test_nobody_chosen_is_said_and_no_failure(project: Sandbox, tmp_path: Path) -> None:
    output = TapRun(project.url, project.api_key, tmp_path)("user_events")
    assert output.code == 0
    assert output.records["user_events"] == []
    assert "`user_events_users` is empty" in output.log


def test_today_is_the_last_day_of_a_range() -> None:
    now = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
    today, tomorrow = now.replace(hour=0, minute=0), now.replace(hour=0, minute=0) + timedelta(days=1)
    assert [(day.start, day.end) for day in metric_ranges(1, now)] == [(today, tomorrow)]
    assert metric_ranges(0, now)[0].end == tomorrow


def test_a_wrong_project_type_is_named_where_it_shows(tmp_path: Path) -> None:
    with Sandbox(project_type="userId") as sandbox:
        output = TapRun(sandbox.url, sandbox.api_key, tmp_path)("forgotten_users")
    assert output.code != 0
    assert "`project_type` is email: compare that with the project's settings." in output.log
