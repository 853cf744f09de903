"""Results of experiments: totals and trends. How Iterable names the metrics is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.experiments.experiments import existing_experiment, guarded
from iterable_sandbox.rules.experiments import HOLDOUT, Row, status, text_of, variants
from iterable_sandbox.store.tables.message_counts import Count, CountsByType, count_messages
from iterable_sandbox.wire.responses import bad_params, json_answer

_PATH: Final = "/api/experiments/{experimentId}"
_DAY: Final = 86_400
_LONGEST: Final = timedelta(days=31)
_NONE: Final = Count()
_METRICS: Final[Mapping[str, tuple[str, ...]]] = {
    "sends": ("emailSend", "pushSend", "smsSend", "inAppSend", "webPushSend"),
    "opens": ("emailOpen", "pushOpen", "inAppOpen"),
    "clicks": ("emailClick", "smsClick", "inAppClick", "webPushClick"),
    "unsubscribes": ("emailUnSubscribe",),
    "purchases": ("purchase",),
}
"""Metric -> data types that it counts."""


def get_totals(call: Call) -> Response:
    """GET /api/experiments/{experimentId}/totals: over the whole life, without the holdout; zeros are left out."""
    row = existing_experiment(call)
    counted = _counts(call, row, None, None)
    shown = [
        _head(one) | {"metrics": {name: value for name, value in _measured(counts).items() if value}}
        for one, counts in zip(variants(row), counted, strict=True)
    ]
    return json_answer({"id": row["id"], "status": status(row), "variants": shown})


def get_trends(call: Call) -> Response:
    """GET /api/experiments/{experimentId}/trends: a point per day of at most 31 days, by default the last ones."""
    row = existing_experiment(call)
    start, end = _window(call, row)
    days = list(_days(start, end))
    by_day = [_counts(call, row, *day) for day in days]
    shown = [
        _head(one) | {"series": _series(days, [_measured(counts[index]) for counts in by_day])}
        for index, one in enumerate(variants(row))
    ]
    holdout = {"id": HOLDOUT, "name": "Holdout", "isControl": False, "isWinner": False}
    answer = {
        "id": row["id"],
        "status": status(row),
        "interval": "day",
        "startDateTime": text_of(int(start.timestamp()) * 1000),
        "endDateTime": text_of(int(end.timestamp()) * 1000),
        "variants": shown,
    }
    if row.get("sizing", {}).get("holdoutPercentage"):
        answer["holdout"] = holdout | {"series": _series(days, [_measured({}) for _ in days])}
    return json_answer(answer)


def _window(call: Call, row: Row) -> tuple[datetime, datetime]:
    start, end = call.date("startDateTime"), call.date("endDateTime")
    if (start is None) != (end is None):
        raise bad_params("startDateTime and endDateTime must be given together")
    if start is not None and end is not None:
        if not start <= end <= start + _LONGEST:
            raise bad_params("The range must not be longer than 31 days")
        return start, end
    now = call.project.clock.moment()
    begun, finished = (
        now if row.get(name) is None else datetime.fromtimestamp(row[name] // 1000, UTC)
        for name in ("startDate", "finishDate")
    )
    return max(min(begun, finished), finished - _LONGEST), finished


def _days(start: datetime, end: datetime) -> Iterator[tuple[int, int]]:
    """Yield the days that a range touches, cut to the range, as half-open ranges in epoch seconds."""
    at, last = int(start.timestamp()), int(end.timestamp())
    while at < last:
        following = min(at - at % _DAY + _DAY, last)
        yield at, following
        at = following


def _counts(call: Call, row: Row, start: int | None, end: int | None) -> list[CountsByType]:
    """Return the counts of each variant."""
    number, campaign = len(row["templateIds"]), row["campaignId"]
    found = count_messages(call.project.store.database, [campaign], start, end, variants=number)
    return [found.get((campaign, index), {}) for index in range(number)]


def _measured(counts: CountsByType) -> dict[str, int]:
    return {name: sum(counts.get(type_, _NONE).total for type_ in types) for name, types in _METRICS.items()}


def _series(days: list[tuple[int, int]], measured: list[dict[str, int]]) -> dict[str, Any]:
    return {
        name: [{"time": text_of(day * 1000), "value": one[name]} for (day, _), one in zip(days, measured, strict=True)]
        for name in _METRICS
    }


def _head(variant: Row) -> Row:
    return {name: variant[name] for name in ("id", "name", "isControl", "isWinner")}


ENDPOINTS: Final = (
    Endpoint("GET", f"{_PATH}/totals", guarded(get_totals)),
    Endpoint("GET", f"{_PATH}/trends", guarded(get_trends)),
)
