"""Campaign metrics and experiment metrics agree with the events that are there."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from tests.sandbox.conftest import Http, opened

BLAST = "Spring letter"
RECORDED = (
    "Campaign ID, Experiment ID, Template ID, Name, Type, Created by, Creation Date, Last modified, Subject, "
    "Improvement, Confidence, Total Email Sends, Email Delivery Rate, Total Emails Delivered, Total Email Opens, "
    "Unique Email Opens Or Clicks, Email Open Rate, Total Emails Clicked, Unique Email Clicks, Clicks / Opens, "
    "Email Click Rate, Total Hosted Unsubscribe Clicks, Unique Hosted Unsubscribe Clicks, Total Complaints, "
    "Complaint Rate, Total Emails Bounced, Unique Emails Bounced, Email Bounce Rate, Total Unsubscribes, "
    "Unique Unsubscribes, Email Unsubscribe Rate, Revenue, Total Purchases, Unique Purchases, Average Order Value, "
    "Purchases / M, Revenue / M"
)
"""Titles of an answer that was recorded in October 2017."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
PER_CENT = 100


def campaign_ids(http: Http) -> dict[str, int]:
    campaigns = http.get("/api/campaigns", pageSize=1000).json()["campaigns"]
    return {campaign["name"]: campaign["id"] for campaign in campaigns}


def metrics(http: Http, ids: Sequence[int], **window: str) -> dict[str, dict[str, str]]:
    response = http.get("/api/campaigns/metrics", campaignId=ids, **window)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].startswith("text/plain")
    return {row["id"]: row for row in csv.DictReader(response.text.splitlines())}


def of_campaign(http: Http, data_type: str, campaign: int, **window: str) -> list[dict[str, Any]]:
    return [line for line in http.export(data_type, **window) if line.get("campaignId") == campaign]


@pytest.mark.parametrize("window", [{}, {"startDateTime": "2026-09-01", "endDateTime": "2026-10-05T12:00:00Z"}])
def test_email_metrics_count_the_events_of_the_range(seeded: Http, window: dict[str, str]) -> None:
    for name, campaign in campaign_ids(seeded).items():
        if name in (BLAST, "Order shipped", "Thank you"):
            row = metrics(seeded, [campaign], **window)[str(campaign)]
            sends = of_campaign(seeded, "emailSend", campaign, **window)
            opens = of_campaign(seeded, "emailOpen", campaign, **window)
            paid = [line["total"] for line in of_campaign(seeded, "purchase", campaign, **window)]
            assert int(row["Total Email Sends"]) == len(sends)
            assert int(row["Unique Email Opens"]) == len({line["email"] for line in opens})
            assert int(row["Total Email Opens (filtered)"]) == sum(not line["isBot"] for line in opens)
            assert float(row["Revenue"]) == pytest.approx(sum(paid))
            assert float(row["Average Order Value"]) == pytest.approx(sum(paid) / (len(paid) or 1), abs=0.001)


def test_a_range_leaves_out_what_was_before_and_after(seeded: Http) -> None:
    ids = list(campaign_ids(seeded).values())
    whole = metrics(seeded, ids)
    parts = [metrics(seeded, ids, endDateTime="2026-10-01"), metrics(seeded, ids, startDateTime="2026-10-01")]
    for campaign, row in whole.items():
        sends = [int(part[campaign]["Total Email Sends"] or 0) for part in parts]
        assert sum(sends) == int(row["Total Email Sends"] or 0)


def test_without_dates_a_sandbox_can_cover_the_month_of_the_contract(database: str) -> None:
    with opened(database=database, metrics_without_dates="example") as http:
        campaign = campaign_ids(http)[BLAST]
        assert metrics(http, [campaign])[str(campaign)]["Total Email Sends"] == "0"
        assert metrics(http, [campaign], startDateTime="2026-01-01")[str(campaign)]["Total Email Sends"] != "0"


def test_columns_are_those_of_all_media_asked_for_and_blank_where_they_do_not_apply(seeded: Http) -> None:
    ids = campaign_ids(seeded)
    email, push = ids[BLAST], ids["App tips"]
    rows = metrics(seeded, [push, email])
    assert list(rows) == [str(push), str(email)]
    assert rows[str(push)]["Total Email Sends"] == rows[str(email)]["Total Pushes Sent"] == ""
    assert int(rows[str(push)]["Total Pushes Sent"]) > 0
    assert "Total Pushes Sent" not in metrics(seeded, [email])[str(email)]


def test_a_campaign_that_sent_nothing_has_zeros(seeded: Http) -> None:
    draft = campaign_ids(seeded)["Winter letter"]
    row = metrics(seeded, [draft])[str(draft)]
    assert set(row.values()) - {str(draft)} <= {"0", "0.0"}


@pytest.mark.parametrize("params", [{"campaignId": 1}, {"campaignId": "x"}])
def test_metrics_of_no_campaign_are_refused(seeded: Http, params: dict[str, Any]) -> None:
    assert seeded.get("/api/campaigns/metrics", **params).status_code == 400


def test_a_uri_with_too_many_campaigns_is_414(seeded: Http) -> None:
    response = seeded.get("/api/campaigns/metrics", campaignId=list(range(2_220_201, 2_220_351)))
    assert response.status_code == 414


def experiments(http: Http, **params: Any) -> tuple[list[str], list[list[str]]]:
    response = http.get("/api/experiments/metrics", **params)
    assert "Content-Type" not in response.headers
    assert not response.text.endswith("\n")
    header, *rows = csv.reader(response.content.decode().split("\r\n"))
    return header, rows


def test_variants_of_an_experiment_add_up_to_their_campaign(seeded: Http) -> None:
    header, rows = experiments(seeded)
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row[0]] += int(row[header.index("Total Email Sends")])
    expected = metrics(seeded, [int(campaign) for campaign in counted])
    assert counted == {campaign: int(row["Total Email Sends"]) for campaign, row in expected.items()}
    assert min(counted.values()) > 0


def test_a_row_of_an_experiment_has_a_cell_for_each_of_the_recorded_titles(seeded: Http) -> None:
    header, rows = experiments(seeded)
    assert header == RECORDED.split(", ")
    assert {len(row) for row in rows} == {len(header)}
    shown = [dict(zip(header, row, strict=True)) for row in rows]
    assert {row["Type"] for row in shown} == {"Control", "Winner", "-"}
    assert all(MOMENT.fullmatch(row[title]) for row in shown for title in ("Creation Date", "Last modified"))
    assert {row["Improvement"] for row in shown if row["Type"] == "Control"} == {"N/A"}
    assert all(0 <= float(row["Confidence"]) <= PER_CENT for row in shown if row["Type"] == "Winner")
    assert all(row["Name"] and row["Subject"] for row in shown)


def test_rows_of_winners_are_longer_than_the_header_if_the_setting_says_so(database: str) -> None:
    with opened(database=database, long_experiment_rows=True) as http:
        header, rows = experiments(http)
    longer = [row[len(header) :] for row in rows]
    assert [extra == ["Winner"] for extra in longer] == [row[header.index("Type")] == "Winner" for row in rows]
    assert any(longer)


def test_numbers_of_an_experiment_without_sends_are_not_numbers(seeded: Http) -> None:
    header, rows = experiments(seeded, startDateTime="2020-01-01", endDateTime="2020-01-02")
    assert {row[header.index("Improvement")] for row in rows} == {"N/A"}
    assert {row[header.index("Confidence")] for row in rows} == {"N/A", "NaN"}
    assert {row[header.index("Email Open Rate")] for row in rows} == {""}


def test_experiments_are_found_by_id_or_by_campaign(seeded: Http) -> None:
    header, rows = experiments(seeded)
    first = {name: rows[0][header.index(name)] for name in ("Experiment ID", "Campaign ID")}
    by_id = experiments(seeded, experimentId=[first["Experiment ID"], 1])[1]
    assert by_id == experiments(seeded, campaignId=first["Campaign ID"])[1] == rows[: len(by_id)]
    assert experiments(seeded, experimentId=1)[1] == []
