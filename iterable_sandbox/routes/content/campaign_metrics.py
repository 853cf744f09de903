"""Metrics of campaigns, as CSV in plain text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from iterable_sandbox.exports.formats import csv_line
from iterable_sandbox.routes.base.call import Call, Endpoint, Window
from iterable_sandbox.rules.campaign_metrics import columns_of, old_title
from iterable_sandbox.store.tables.message_counts import count_messages
from iterable_sandbox.wire.responses import bad_params

_EXAMPLE_WINDOW: Final = (
    int(datetime(2018, 6, 25, tzinfo=UTC).timestamp()),
    int(datetime(2018, 7, 25, tzinfo=UTC).timestamp()),
)


def get_metrics(call: Call) -> Response:
    """GET /api/campaigns/metrics: a row per campaign; columns that do not apply to its medium are empty.

    Without a campaign there is only the beginning of a header, as was recorded.
    """
    campaigns = [_campaign(call, text) for text in dict.fromkeys(call.query.getlist("campaignId"))]
    if not campaigns:
        return PlainTextResponse("id,\n")
    counted = count_messages(call.project.store.database, [row["id"] for row in campaigns], *metrics_window(call))
    rows = []
    for campaign in campaigns:
        counts = counted.get((campaign["id"], 0), {})
        measured = {title: measure(counts) for title, measure in columns_of(campaign["messageMedium"]).items()}
        rows.append({"id": campaign["id"]} | measured)
    columns = sorted({title for row in rows for title in row if title != "id"})
    shown = columns
    if call.project.settings.repeated_metric_titles:
        # Recorded for two campaigns, where each title came twice; that it is once for each campaign is an inference.
        columns = [title for title in columns for _ in campaigns]
        shown = [old_title(title) for title in columns]
    cells = ([row["id"], *map(row.get, columns)] for row in rows)
    return PlainTextResponse("".join(f"{csv_line(line)}\n" for line in [["id", *shown], *cells]))


def metrics_window(call: Call) -> Window:
    """Range of metrics. Iterable's default is not known; see the setting `metrics_without_dates`."""
    window = call.window()
    example = call.project.settings.metrics_without_dates == "example"
    return _EXAMPLE_WINDOW if example and window == (None, None) else window


def _campaign(call: Call, text: str) -> dict[str, Any]:
    """Find a campaign by id. An unknown id refuses the whole request, by analogy to other endpoints."""
    found = call.project.store.resources.get("campaign", call.parse_integer("campaignId", text))
    if found is None:
        raise bad_params(f"Invalid campaign id: {text}")
    return found


ENDPOINTS: Final = (Endpoint("GET", "/api/campaigns/metrics", get_metrics),)
