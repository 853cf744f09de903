"""Metrics of experiments, as CSV with ragged rows, NaN and infinity."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isnan, nan
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.exports.formats import CSV, csv_line
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.content.campaign_metrics import metrics_window
from iterable_sandbox.rules.campaign_metrics import EMAIL
from iterable_sandbox.rules.experiments import has_metrics
from iterable_sandbox.store.tables.message_counts import CountsByType, count_messages

_HEAD: Final = ("Campaign ID", "Experiment ID", "Experiment Name", "Template ID", "Improvement")
_ONE_SECOND: Final = 1


def get_metrics(call: Call) -> Response:
    """GET /api/experiments/metrics: a row per variant of each requested experiment.

    No answer of Iterable is published. Known is only that it covers e-mail alone, that rows may have more cells than
    the header, and that numbers may be NaN or infinite.
    """
    rows = [row for experiment in _requested(call) for row in _rows(call, experiment)]
    lines = [[*_HEAD, *EMAIL], *rows]
    return Response("".join(f"{csv_line(cells)}\n" for cells in lines), media_type=CSV)


def _requested(call: Call) -> list[dict[str, Any]]:
    """Experiments that match all given parameters; all experiments if none is given."""
    found = [row for row in call.project.store.resources.all("experiment") if has_metrics(row)]
    for parameter, field in (("experimentId", "id"), ("campaignId", "campaignId")):
        wanted = {call.parse_integer(parameter, text) for text in call.query.getlist(parameter)}
        found = [row for row in found if not wanted or row[field] in wanted]
    return found


def _rows(call: Call, experiment: dict[str, Any]) -> Iterator[list[Any]]:
    """Rows of an experiment. Improvements are relative to the first variant; the best one has an extra cell."""
    start, end = metrics_window(call)
    templates, campaign = experiment["templateIds"], experiment["campaignId"]
    inclusive = None if end is None else end + _ONE_SECOND
    counted = count_messages(call.project.store.database, [campaign], start, inclusive, variants=len(templates))
    results = [counted.get((campaign, number), {}) for number in range(len(templates))]
    rates = [_rate(counts) for counts in results]
    best = max(rates, default=nan, key=lambda rate: -1 if isnan(rate) else rate)
    for template, counts, rate in zip(templates, results, rates, strict=True):
        head = [campaign, experiment["id"], experiment["name"], template, _number(_improvement(rate, rates[0]))]
        yield [*head, *(measure(counts) for measure in EMAIL.values()), *(["Winner"] if rate == best else [])]


def _rate(counts: CountsByType) -> float:
    sent = EMAIL["Unique Email Sends"](counts)
    return EMAIL["Unique Email Opens"](counts) / sent if sent else nan


def _improvement(rate: float, control: float) -> float:
    """Improvement in per cent; infinite or NaN for a rate of 0, as in Java."""
    if control == 0:
        return inf if rate > 0 else nan
    return round((rate / control - 1) * 100, 2)


def _number(value: float) -> str:
    return "NaN" if isnan(value) else "∞" if value == inf else str(value)


ENDPOINTS: Final = (Endpoint("GET", "/api/experiments/metrics", get_metrics),)
