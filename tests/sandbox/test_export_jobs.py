"""Export jobs, from their start to the download of their files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
JSON = "application/x-json-stream"


@pytest.fixture
def seeded(database: str) -> Iterator[Http]:
    with opened(database=database, export_polls=0) as http:
        yield http


def start(http: Http, data_type: str = "emailSend", **options: Any) -> int:
    job_id: int = http.ok("/api/export/start", {"dataTypeName": data_type, "outputFormat": JSON} | options)["jobId"]
    return job_id


def poll(http: Http, job_id: int, **params: Any) -> dict[str, Any]:
    response = http.get(f"/api/export/{job_id}/files", **params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def names(http: Http, job_id: int) -> list[str]:
    """The names of all files, page by page."""
    found: list[str] = []
    while page := poll(http, job_id, startAfter=found[-1] if found else "")["files"]:
        found += [file["file"] for file in page]
    return found


def bodies(http: Http, job_id: int) -> list[str]:
    """What the files of one page hold, fetched without a key."""
    return [fetch(file["url"]).text for file in poll(http, job_id)["files"]]


def fetch(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=10)


def states(http: Http, job_id: int, polls: int) -> list[str]:
    return [poll(http, job_id)["jobState"] for _ in range(polls)]


def test_a_job_is_enqueued_then_runs_then_is_completed_as_it_is_polled(http: Http) -> None:
    job_id = start(http)
    assert states(http, job_id, 4) == ["enqueued", "running", "completed", "completed"]


def test_how_long_a_state_lasts_can_be_chosen() -> None:
    with opened(export_polls=2) as http:
        assert states(http, start(http), 5) == ["enqueued", "enqueued", "running", "running", "completed"]
    with opened(export_polls=0) as http:
        assert states(http, start(http), 1) == ["completed"]


def test_files_hold_the_lines_of_data_json(seeded: Http) -> None:
    for data_type in ("emailSend", "customEvent", "user"):
        [body] = bodies(seeded, start(seeded, data_type))
        lines = seeded.export(data_type)
        assert [json.loads(line) for line in body.splitlines()] == lines
        assert lines


def test_a_job_takes_a_window_fields_and_a_campaign(seeded: Http) -> None:
    window = {"startDateTime": "2026-09-15T00:00:00.000Z", "endDateTime": "2026-10-15 00:00:00"}
    fields = {"onlyFields": "email, createdAt,campaignId", "omitFields": "email"}
    campaign = seeded.export("emailSend", **window)[0]["campaignId"]
    [body] = bodies(seeded, start(seeded, **window, **fields, campaignId=campaign, delimiter=None))
    lines = [json.loads(line) for line in body.splitlines()]
    assert lines == seeded.export("emailSend", **window, **fields, campaignId=campaign)
    assert {frozenset(line) for line in lines} == {frozenset({"createdAt", "campaignId"})}


def test_csv_has_the_same_rows_in_cells(seeded: Http) -> None:
    [body] = bodies(seeded, start(seeded, "purchase", outputFormat="text/csv", delimiter=";"))
    rows = list(csv.DictReader(body.splitlines(), delimiter=";"))
    lines = seeded.export("purchase")
    assert [row["id"] for row in rows] == [line["id"] for line in lines]
    assert [json.loads(row["shoppingCartItems"]) for row in rows] == [line["shoppingCartItems"] for line in lines]


def test_every_file_of_csv_begins_with_the_header(database: str) -> None:
    with opened(database=database, export_polls=0, export_file_bytes=10_000) as http:
        parts = bodies(http, start(http, "emailClick", outputFormat="text/csv"))
        rows = [row for part in parts for row in csv.DictReader(part.splitlines())]
        assert len(parts) > 1
        assert len({part.partition("\n")[0] for part in parts}) == 1
        assert [row["messageId"] for row in rows] == [line["messageId"] for line in http.export("emailClick")]


def test_a_window_without_rows_makes_no_files(http: Http) -> None:
    job_id = start(http)
    states(http, job_id, 3)
    assert poll(http, job_id)["files"] == []


def test_many_files_come_in_pages_of_ten_in_the_order_of_their_names(database: str) -> None:
    with opened(database=database, export_polls=0, export_file_bytes=4_000) as http:
        job_id = start(http)
        found = names(http, job_id)
        assert len(poll(http, job_id)["files"]) == 10 < len(found)
        assert found == sorted(set(found))
        assert all(name.startswith("file-1") and name.endswith(".json") and len(name) == 23 for name in found)


def test_files_hold_every_row_once_and_none_is_too_large(database: str) -> None:
    with opened(database=database, export_polls=0, export_file_bytes=100_000) as http:
        parts = bodies(http, start(http))
        assert 2 < len(parts) <= 10
        assert all(len(part.encode()) <= 100_000 for part in parts)
        assert [json.loads(line) for part in parts for line in part.splitlines()] == http.export("emailSend")


def test_files_show_up_while_the_job_runs_and_stay_when_it_restarts(database: str) -> None:
    with opened(database=database, export_polls=2, export_file_bytes=100_000, export_restarts=1) as http:
        job_id = start(http)
        seen = [(page["jobState"], len(page["files"])) for page in (poll(http, job_id) for _ in range(9))]
        total = seen[-1][1]
        assert [state for state, _ in seen] == [*["enqueued"] * 2, *["running"] * 2] * 2 + ["completed"]
        assert [count for _, count in seen] == [0, 0, total // 3, *[total * 2 // 3] * 5, total]
        assert 0 < total // 3 < total * 2 // 3


def test_four_jobs_run_at_once_and_the_fifth_waits(http: Http) -> None:
    for _ in range(6):
        start(http)
    seen = []
    for _ in range(5):
        jobs = http.get("/api/export/jobs").json()["jobs"]
        seen.append([job["jobState"] for job in reversed(jobs)])
    assert seen == [
        ["enqueued"] * 6,
        ["running"] * 4 + ["enqueued"] * 2,
        ["completed"] * 4 + ["running"] * 2,
        ["completed"] * 6,
        ["completed"] * 6,
    ]


def test_jobs_are_listed_at_once_and_by_state_in_any_case(http: Http) -> None:
    first, second = start(http), start(http, "user")
    http.send("DELETE", f"/api/export/{first}")
    assert [job["id"] for job in http.get("/api/export/jobs").json()["jobs"]] == [second, first]
    running = http.get("/api/export/jobs", jobState="RUNNING").json()["jobs"]
    assert [(job["id"], job["dataTypeName"]) for job in running] == [(second, "user")]
    assert "endTime" not in running[0]
    assert http.get("/api/export/jobs", jobState="queued").json()["jobs"] == []
    assert http.get("/api/export/jobs", jobState="nothing").status_code == 400


def test_a_finished_job_tells_its_size_and_its_times(database: str) -> None:
    with opened(database=database, export_polls=0, clock=StoppedClock(NOW)) as http:
        [body] = bodies(http, start(http))
        [job] = http.get("/api/export/jobs", jobState="completed").json()["jobs"]
        assert job["bytesExported"] == len(body.encode()) > 0
        assert job["scheduledStartTime"] == job["endTime"] == "2026-11-01T12:00:00.000+00:00"


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_after_a_while(http: Http) -> None:
    waiting = start(http)
    assert http.send("DELETE", f"/api/export/{waiting}").status_code == 200
    assert states(http, waiting, 1) == ["cancelled"]
    running = start(http)
    assert states(http, running, 2) == ["enqueued", "running"]
    http.send("DELETE", f"/api/export/{running}")
    assert states(http, running, 2) == ["cancelling", "cancelled"]
    assert http.send("DELETE", f"/api/export/{running}").status_code == 400


def test_cancelled_jobs_are_listed_unless_the_setting_hides_them(http: Http) -> None:
    job_id = start(http)
    http.send("DELETE", f"/api/export/{job_id}")
    assert [job["jobState"] for job in http.get("/api/export/jobs").json()["jobs"]] == ["cancelled"]
    http.sandbox.project.settings = replace(http.sandbox.settings, cancelled_jobs="hidden")
    assert http.get("/api/export/jobs").json()["jobs"] == []
    assert poll(http, job_id)["jobState"] == "cancelled"


def test_exports_start_in_a_burst_and_then_one_a_second() -> None:
    clock = StoppedClock(NOW)
    body = {"dataTypeName": "emailSend", "outputFormat": JSON}
    with opened(limits=True, clock=clock, export_start_burst=3) as http:
        statuses = [http.post("/api/export/start", body).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        clock.set(NOW + timedelta(seconds=1))
        assert [http.post("/api/export/start", body).status_code for _ in range(2)] == [200, 429]


def test_jobs_can_fail_and_keep_the_files_of_their_time(database: str) -> None:
    with opened(database=database, export_failures=1, export_file_bytes=100_000) as http:
        failed, completed = start(http), start(http)
        assert states(http, failed, 3)[-1] == "failed"
        assert poll(http, completed)["jobState"] == "completed"
        assert 0 < len(names(http, failed)) < len(names(http, completed))


def test_a_job_that_grows_too_large_is_truncated(database: str) -> None:
    with opened(database=database, export_polls=0, export_file_bytes=20_000, export_job_bytes=50_000) as http:
        page = poll(http, start(http))
        assert (page["exportTruncated"], len(page["files"])) == (True, 2)
        small = {"startDateTime": "2026-10-31 23:00:00"}
        assert poll(http, start(http, **small))["exportTruncated"] is False


def test_files_can_hold_blank_lines(database: str) -> None:
    with opened(database=database, export_polls=0, blank_lines=True) as http:
        [body] = bodies(http, start(http))
        assert body.count("\n\n") == len(http.export("emailSend")) - 1


def test_a_url_takes_no_key_and_is_valid_for_half_an_hour(database: str) -> None:
    clock = StoppedClock(NOW)
    with opened(database=database, export_polls=0, clock=clock) as http:
        job_id = start(http)
        url = poll(http, job_id)["files"][0]["url"]
        assert fetch(url, **{"Api-Key": http.sandbox.api_key}).status_code == 400
        clock.advance(timedelta(minutes=29, seconds=59))
        assert fetch(url).status_code == 200
        clock.advance(timedelta(seconds=1))
        expired = fetch(url)
        assert (expired.status_code, expired.headers["Content-Type"]) == (403, "application/xml")
        assert "<Message>Request has expired</Message>" in expired.text
        assert fetch(poll(http, job_id)["files"][0]["url"]).status_code == 200


def test_a_url_that_nobody_signed_opens_nothing(seeded: Http) -> None:
    url = poll(seeded, start(seeded))["files"][0]["url"]
    assert fetch(url.partition("?")[0]).status_code == 403
    later = url.replace("X-Amz-Expires=1800", "X-Amz-Expires=9999")
    assert "SignatureDoesNotMatch" in fetch(later).text


def test_file_urls_can_take_no_notice_of_keys(database: str) -> None:
    with opened(database=database, export_polls=0, keys_at_file_urls="ignore") as http:
        assert fetch(poll(http, start(http))["files"][0]["url"], **{"Api-Key": "any"}).status_code == 200


@pytest.mark.parametrize(("setting", "status"), [("not_found", 404), ("bad_params", 400)])
def test_an_unknown_job_is_refused(setting: str, status: int) -> None:
    with opened(unknown_export_job=setting) as http:
        assert http.get("/api/export/1/files").status_code == status
        assert http.send("DELETE", "/api/export/1").status_code == status


@pytest.mark.parametrize(
    "wrong",
    [
        {"dataTypeName": "nothing"},
        {"outputFormat": "text/plain"},
        {"outputFormat": None},
        {"startDateTime": "1734632773073"},
        {"delimiter": "::"},
        {"campaignId": "1"},
    ],
)
def test_a_job_that_cannot_be_is_not_started(http: Http, wrong: dict[str, Any]) -> None:
    body = {"dataTypeName": "user", "outputFormat": JSON} | wrong
    assert http.post("/api/export/start", body).status_code == 400
    assert http.get("/api/export/jobs").json()["jobs"] == []
