"""Experiments: what Iterable's own client can read of them, and do with them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from iterable_api.facts.key_types import KeyType
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.sandbox.conftest import Http, opened

EXPERIMENTS = "/api/experiments"
RUNNING, DRAFT = 60_104, 60_106
NOW = datetime(2026, 11, 1, tzinfo=UTC)
BLAST, TEMPLATE, PUSH_TEMPLATE = 2_220_201, 3_043_603, 3_043_602
OF_THE_CLIENT = (
    ("GET", ""),
    ("POST", ""),
    ("GET", "/60101"),
    *(("GET", f"/60101/{part}") for part in ("variants", "totals", "trends")),
    ("POST", f"/{DRAFT}/variants"),
    ("PATCH", f"/{DRAFT}/settings"),
    *(("POST", f"/{DRAFT}/{action}") for action in ("start", "cancel", "winner", "delete")),
)
BODY = {"campaignId": BLAST, "experimentType": "EmailBody", "copyFromTemplateId": TEMPLATE, "variantId": 1}


@pytest.fixture
def http(tmp_path: Path, seeded_database: Path) -> Iterator[Http]:
    copy = shutil.copy(seeded_database, tmp_path / "project.db")
    with opened(database=str(copy), clock=StoppedClock(NOW)) as http:
        yield http


def one(http: Http, number: int) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"{EXPERIMENTS}/{number}").json()
    return found


def send(http: Http, path: str, body: object | None = None, method: str = "POST") -> dict[str, Any]:
    response = http.session.request(method, f"{http.sandbox.url}{EXPERIMENTS}{path}", json=body or {}, timeout=10)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def refused(http: Http, path: str, body: object | None = None, method: str = "POST") -> str:
    response = http.session.request(method, f"{http.sandbox.url}{EXPERIMENTS}{path}", json=body or {}, timeout=10)
    assert response.status_code == 400, response.text
    return str(response.json()["code"])


def ids(http: Http, **params: Any) -> list[int]:
    return [row["id"] for row in http.get(EXPERIMENTS, **params).json()["experiments"]]


def test_the_list_has_pages_and_filters(http: Http) -> None:
    every = ids(http)
    assert len(every) == 6
    assert ids(http, limit=2) + ids(http, limit=2, offset=2) + ids(http, limit=1000, offset=4) == every
    assert ids(http, offset=6) == []
    assert http.get(EXPERIMENTS, limit=1).json()["totalCount"] == 6
    assert ids(http, state="running") == [RUNNING]
    assert ids(http, state="draft") == [DRAFT]
    assert ids(http, campaignId=one(http, RUNNING)["meta"]["campaignId"]) == [RUNNING]
    started = http.get(EXPERIMENTS).json()["experiments"][0]["startDate"]
    assert 60_101 in ids(http, startDateTime=started)
    assert 60_101 not in ids(http, endDateTime=started)
    assert DRAFT not in ids(http, startDateTime="2020-01-01")
    assert http.get(EXPERIMENTS, state="ready").status_code == 400


def test_totals_are_those_of_the_campaigns_events_without_counts_of_zero(http: Http) -> None:
    campaign = one(http, 60_101)["meta"]["campaignId"]
    sends = sum(line["campaignId"] == campaign for line in http.export("emailSend"))
    variants = http.get(f"{EXPERIMENTS}/60101/totals").json()["variants"]
    assert sum(variant["metrics"]["sends"] for variant in variants) == sends > 0
    assert [variant["isControl"] for variant in variants] == [True, False]
    assert [variant["isWinner"] for variant in variants] == [False, True]
    assert all(0 not in variant["metrics"].values() for variant in variants)


def test_trends_have_a_point_a_day_and_add_up_to_the_totals(http: Http) -> None:
    answer = http.get(f"{EXPERIMENTS}/60101/trends").json()
    start, end = answer["startDateTime"], answer["endDateTime"]
    again = http.get(f"{EXPERIMENTS}/60101/trends", startDateTime=start, endDateTime=end).json()
    assert again == answer
    totals = http.get(f"{EXPERIMENTS}/60101/totals").json()["variants"]
    for variant, total in zip(answer["variants"], totals, strict=True):
        points = variant["series"]["sends"]
        assert len(points) == 4
        assert sum(point["value"] for point in points) == total["metrics"]["sends"]
    assert "holdout" not in answer


def test_a_holdout_is_a_variant_of_its_own_in_trends(http: Http) -> None:
    assert http.get(f"{EXPERIMENTS}/{RUNNING}/trends").json()["holdout"]["id"] == -1


def test_trends_are_of_31_days_at_most_and_by_default_of_the_last_ones(http: Http) -> None:
    path = f"{EXPERIMENTS}/{RUNNING}/trends"
    assert http.get(path, startDateTime="2026-10-01").status_code == 400
    assert http.get(path, startDateTime="2026-09-01", endDateTime="2026-10-02T00:00:00Z").status_code == 200
    assert http.get(path, startDateTime="2026-09-01", endDateTime="2026-10-02T00:00:01Z").status_code == 400
    assert http.get(path, startDateTime="2026-10-02", endDateTime="2026-10-01").status_code == 400
    assert 31 <= len(http.get(path).json()["variants"][0]["series"]["opens"]) <= 32


def test_variants_have_the_contents_of_their_templates(http: Http) -> None:
    first, *_ = http.get(f"{EXPERIMENTS}/60101/variants").json()["variants"]
    template = http.get("/api/templates/email/get", templateId=first["value"]["templateId"]).json()
    assert first["content"]["subject"] == template["subject"]
    assert first["content"]["htmlSource"] == template["html"]
    push, *_ = http.get(f"{EXPERIMENTS}/60105/variants").json()["variants"]
    assert push["content"] is None


def test_an_experiment_is_made_run_and_won(http: Http) -> None:
    made = send(http, "", {"campaignId": BLAST, "experimentType": "SubjectLine"})
    path = f"/{made['id']}"
    assert (made["status"], made["meta"]["name"], len(made["variants"])) == ("draft", "Spring letter Experiment", 1)
    assert refused(http, f"{path}/start") == "BadParams"
    assert refused(http, f"{path}/variants", {"copyFromTemplateId": PUSH_TEMPLATE}) == "BadParams"
    ready = send(http, f"{path}/variants", {"copyFromTemplateId": TEMPLATE, "name": "Other"})
    assert (ready["status"], [one["currentPercentage"] for one in ready["variants"]]) == ("ready", [50, 50])
    copied = http.get("/api/templates/email/get", templateId=ready["variants"][1]["value"]["templateId"]).json()
    assert (copied["name"], copied["metadata"]["campaignId"]) == ("Other", BLAST)
    assert send(http, f"{path}/start")["status"] == "running"
    assert refused(http, f"{path}/start") == refused(http, f"{path}/delete") == "BadParams"
    assert refused(http, f"{path}/winner", {"variantId": -1}) == "BadParams"
    won = send(http, f"{path}/winner", {"variantId": ready["variants"][1]["id"]})
    assert (won["status"], [one["isWinner"] for one in won["variants"]]) == ("finished", [False, True])
    assert won["finishDate"] >= won["startDate"]
    assert refused(http, f"{path}/cancel") == "BadParams"


def test_a_running_experiment_is_cancelled_and_a_draft_deleted(http: Http) -> None:
    cancelled = send(http, f"/{RUNNING}/cancel")
    assert (cancelled["status"], [one["isWinner"] for one in cancelled["variants"]]) == ("finished", [False, False])
    assert send(http, f"/{DRAFT}/delete")["id"] == DRAFT
    assert http.get(f"{EXPERIMENTS}/{DRAFT}").status_code == 404


def test_null_takes_a_block_of_settings_away_and_absence_leaves_it(http: Http) -> None:
    path = f"/{DRAFT}/settings"
    blast = {"testSizePercentage": 20, "testDurationMinutes": 60}
    given = {
        "holdoutSettings": {"holdOutGroupSize": 10, "attributionPeriodHours": 24},
        "explorationBlastSettings": blast,
    }
    changed = send(http, path, given, "PATCH")
    assert changed["allocationMode"] == "winner_takes_all"
    assert {name: changed["sizing"][name] for name in ("holdoutPercentage", "winnerGroupPercentage")} == {
        "holdoutPercentage": 10,
        "winnerGroupPercentage": 80,
    }
    event = {"conversionEventSettings": {"systemConversionEventType": "clicks"}}
    assert send(http, path, event, "PATCH")["meta"]["conversionMetrics"] == ["Clicks"]
    gone = send(http, path, {"holdoutSettings": None}, "PATCH")
    assert (gone["sizing"]["holdoutPercentage"], gone["sizing"]["testGroupPercentage"]) == (None, 20)
    even = send(http, path, {"evenlySplitVariations": True}, "PATCH")
    assert (even["allocationMode"], even["sizing"]["testGroupPercentage"]) == ("even_split", None)


@pytest.mark.parametrize(
    "settings",
    [
        {"evenlySplitVariations": False},
        {"holdoutSettings": {"holdOutGroupSize": 100, "attributionPeriodHours": 24}},
        {"explorationBlastSettings": {"testSizePercentage": 0, "testDurationMinutes": 60}},
        {"conversionEventSettings": {"systemConversionEventType": "Purchases"}},
    ],
)
def test_settings_that_the_client_calls_impossible_are_refused(http: Http, settings: dict[str, Any]) -> None:
    before = one(http, DRAFT)
    assert refused(http, f"/{DRAFT}/settings", settings, "PATCH") == "BadParams"
    assert one(http, DRAFT) == before


@pytest.mark.parametrize(
    "body",
    [
        {"campaignId": 1, "experimentType": "EmailBody"},
        {"campaignId": BLAST, "experimentType": "SendTime"},
        {"campaignId": 2_220_202, "experimentType": "EmailBody"},
    ],
)
def test_an_experiment_is_not_made_of(http: Http, body: dict[str, Any]) -> None:
    assert refused(http, "", body) == "BadParams"


def test_the_flat_form_has_name_and_campaign_at_the_top(http: Http) -> None:
    http.ok("/_sandbox/settings", {"experiment_answers": "flat"})
    flat = one(http, 60_101)
    assert (flat["name"], flat["campaignId"], "meta" in flat) == ("Subject line", BLAST, False)
    assert {"id", "name", "percentage"} == flat["variants"][0].keys()
    assert {"id", "percentage"} <= http.get(f"{EXPERIMENTS}/60101/variants").json()["variants"][0].keys()


@pytest.mark.parametrize(("method", "path"), OF_THE_CLIENT)
def test_a_project_without_these_endpoints_answers_as_to_any_unknown_path(http: Http, method: str, path: str) -> None:
    http.ok("/_sandbox/settings", {"experiment_answers": "absent"})
    url = f"{http.sandbox.url}{EXPERIMENTS}{path}"
    response = http.session.request(method, url, json=None if method == "GET" else BODY, timeout=10)
    assert (response.status_code, "Action not found" in response.text) == (404, True)
    assert http.get(f"{EXPERIMENTS}/metrics").status_code == 200


def test_only_keys_of_servers_may_ask(seeded_database: Path) -> None:
    with Sandbox(database=str(seeded_database), keys={"b" * 32: KeyType.READ_ONLY}) as sandbox:
        http = Http(sandbox)
        http.session.headers["Api-Key"] = "b" * 32
        assert http.get(EXPERIMENTS).status_code == 401
