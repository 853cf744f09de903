"""Metrics of experiments, as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.exports.formats import csv_line
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.content.campaign_metrics import metrics_window
from iterable_sandbox.rules.experiment_metrics import NO_COMPARISON, TITLES, comparison, head_of, measured
from iterable_sandbox.rules.experiments import has_metrics
from iterable_sandbox.store.tables.message_counts import count_messages

_ONE_SECOND: Final = 1
_WINNER: Final = "Winner"


def get_metrics(call: Call) -> Response:
    """GET /api/experiments/metrics: a row per variant of each requested experiment, and only of e-mail.

    As in the recorded answer there is no `Content-Type`, lines end with CRLF, and the last one has no end. Rows that
    are longer than the header are known from a client that drops such cells: see the setting `long_experiment_rows`.
    """
    rows = [row for experiment in _requested(call) for row in _rows(call, experiment)]
    return Response("\r\n".join(csv_line(cells) for cells in [TITLES, *rows]))


def _requested(call: Call) -> list[dict[str, Any]]:
    """Experiments that match all given parameters; all experiments if none is given."""
    found = [row for row in call.project.store.resources.all("experiment") if has_metrics(row)]
    for parameter, field in (("experimentId", "id"), ("campaignId", "campaignId")):
        wanted = {call.parse_integer(parameter, text) for text in call.query.getlist(parameter)}
        found = [row for row in found if not wanted or row[field] in wanted]
    return found


def _rows(call: Call, experiment: dict[str, Any]) -> Iterator[list[Any]]:
    """Rows of an experiment. Improvements are relative to the first variant."""
    start, end = metrics_window(call)
    templates, campaign = experiment["templateIds"], experiment["campaignId"]
    inclusive = None if end is None else end + _ONE_SECOND
    store = call.project.store
    counted = count_messages(store.database, [campaign], start, inclusive, variants=len(templates))
    results = [counted.get((campaign, number), {}) for number in range(len(templates))]
    for index, (template, counts) in enumerate(zip(templates, results, strict=True)):
        head = head_of(experiment, index, store.resources.get("template", template) or {})
        compared = comparison(results[0], counts) if index else NO_COMPARISON
        long = call.project.settings.long_experiment_rows and _WINNER in head
        yield [*head, *compared, *measured(counts), *([_WINNER] if long else [])]


ENDPOINTS: Final = (Endpoint("GET", "/api/experiments/metrics", get_metrics),)
