"""Experiments, their variants and results.

The endpoints are those of Iterable's own client of September 2026, and no answer was seen. Two releases of that client
describe two forms of one, so both are read, and every member without a column is kept in `dataFields`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from singer_sdk.helpers.types import Context

from iterable_api.errors import NotFoundError, UnreadableAnswerError
from iterable_api.facts import timestamps
from iterable_api.http.api_request import Params
from iterable_api.http.client import IterableClient
from tap_iterable.export.json_answers import object_with, rows_in
from tap_iterable.input.dates import parse_date
from tap_iterable.records.record_shape import Record
from tap_iterable.stream_types.base import KEY_CHECK
from tap_iterable.stream_types.partitioned_stream import PartitionedStream

EXPERIMENTS: Final = "/api/experiments"
DETAILS: Final = "/api/experiments/{experimentId}"
VARIANTS: Final = f"{DETAILS}/variants"
TOTALS: Final = f"{DETAILS}/totals"
TRENDS: Final = f"{DETAILS}/trends"

HOLDOUT: Final = -1
"""The `variantId` of users who get nothing."""
PAGE_SIZE: Final = 1000
_LONGEST: Final = timedelta(days=31)
_SECOND: Final = timedelta(seconds=1)

Row = dict[str, Any]


def experiments(client: IterableClient) -> Iterator[Row]:
    """Every experiment that the list has, once.

    Raises:
        NotFoundError: if the project does not have these endpoints.
    """
    seen: set[Any] = set()
    offset = 0
    while True:
        answer = client.get_json(EXPERIMENTS, params={"limit": PAGE_SIZE, "offset": offset})
        rows = rows_in(answer, "experiments", EXPERIMENTS, "id")
        fresh = {_number_of(row, EXPERIMENTS): row for row in rows if row["id"] not in seen}
        yield from fresh.values()
        seen |= fresh.keys()
        offset += len(rows)
        total = answer.get("totalCount")
        if not fresh or (isinstance(total, int) and offset >= total):
            return


class ExperimentStream(PartitionedStream):
    """A stream with a request for each experiment; without rows where the project does not have experiments."""

    primary_keys: tuple[str, ...] = ("experimentId", "variantId")
    partition = "Experiment"

    def read(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002 (the SDK's signature)
        """The rows of every experiment."""
        try:
            listed = list(experiments(self.client))
        except NotFoundError as error:
            self._leave_out(error)
            return
        self.announce(len(listed), self.endpoints[1], at_least=True)
        for experiment in listed:
            yield from self.rows_of(experiment["id"], self.of_experiment(experiment))

    def of_experiment(self, listed: Row) -> Iterator[Record]:
        """The records of an experiment, which the list describes as `listed`."""
        raise NotImplementedError

    def answer(self, path: str, member: str, experiment: Row, params: Params | None = None) -> Row | None:
        """The answer of an endpoint about an experiment, with its `member`; None if there is nothing of it any more."""
        path_params = {"experimentId": experiment["id"]}
        try:
            return object_with(self.client.get_json(path, path_params=path_params, params=params), member, path)
        except NotFoundError as error:
            self.logger.warning("The stream %s has nothing of experiment %d: %s", self.name, experiment["id"], error)
            return None

    def _leave_out(self, error: NotFoundError) -> None:
        self.incomplete()
        # If the address of the API were wrong, leaving the stream out would look like a success.
        self.client.get_json(KEY_CHECK)
        self.logger.warning(
            "The stream %s is left out, because this project has no endpoint for experiments: %s", self.name, error
        )


class ExperimentsStream(ExperimentStream):
    """Experiments with their variants."""

    name = "experiments"
    primary_keys = ("id",)
    endpoints = (EXPERIMENTS, DETAILS)
    cost = "1 request per 1,000 experiments, and 1 per experiment"

    def of_experiment(self, listed: Row) -> Iterator[Record]:
        """Its details; what the list says of it where there are none."""
        yield self.record(one_form(listed, self.answer(DETAILS, "id", listed) or {}))


class ExperimentVariantsStream(ExperimentStream):
    """Variants with their contents."""

    name = "experiment_variants"
    is_costly = True
    endpoints = (EXPERIMENTS, VARIANTS)
    cost = "1 request per 1,000 experiments, and 1 per experiment"

    def of_experiment(self, listed: Row) -> Iterator[Record]:
        """Its variants."""
        answer = self.answer(VARIANTS, "variants", listed)
        for variant in _variants(answer, VARIANTS) if answer else ():
            content = variant.get("content")
            shown = {**_without(variant, "content"), **content} if isinstance(content, dict) else variant
            yield self.record(_keyed(listed, shown))


class ExperimentTotalsStream(ExperimentStream):
    """Counts of each variant over the whole life of its experiment."""

    name = "experiment_totals"
    endpoints = (EXPERIMENTS, TOTALS)
    cost = "1 request per 1,000 experiments, and 1 per experiment"

    def of_experiment(self, listed: Row) -> Iterator[Record]:
        """A row for each variant."""
        answer = self.answer(TOTALS, "variants", listed)
        if answer is None:
            return
        for variant in _variants(answer, TOTALS):
            yield self.record({"status": answer.get("status"), **_keyed(listed, variant)})


class ExperimentTrendsStream(ExperimentStream):
    """Counts over time, of each variant and of the holdout. Ranges begin at midnight, since bounds may cut a bucket."""

    name = "experiment_trends"
    primary_keys = ("experimentId", "variantId", "metric", "time")
    is_costly = True
    endpoints = (EXPERIMENTS, DETAILS, TRENDS)
    cost = "1 request per 1,000 experiments, 1 per experiment, and 1 per experiment that was started and 31 days"

    def of_experiment(self, listed: Row) -> Iterator[Record]:
        """A row for each variant, metric and time; where two ranges share a time, that of the later one."""
        experiment = one_form(listed, self.answer(DETAILS, "id", listed) or {})
        points: dict[tuple[Any, ...], Record] = {}
        for params in self._ranges(experiment):
            if (answer := self.answer(TRENDS, "variants", listed, params)) is None:
                return
            for point in _points(answer):
                record = {"experimentId": listed["id"], **point}
                points[tuple(record[key] for key in self.primary_keys)] = record
        yield from points.values()

    def _ranges(self, experiment: Row) -> Iterator[Params]:
        """The queries for its whole run: none if it has not started."""
        start, finish = _moment(experiment.get("startDate")), _moment(experiment.get("finishDate"))
        if start is None:
            return
        end = finish or self._until()
        at = start.replace(hour=0, minute=0, second=0, microsecond=0)
        while at < end:
            yield {"startDateTime": _text(at), "endDateTime": _text(min(at + _LONGEST - _SECOND, end))}
            at += _LONGEST

    def _until(self) -> datetime:
        now, end = datetime.now(UTC), self.config.get("end_date")
        return min(now, parse_date(end)) if end else now


def one_form(listed: Mapping[str, Any], details: Mapping[str, Any]) -> Row:
    """An experiment in one form: members of `meta` at the top, and variants under the names that are newest."""
    meta = details.get("meta")
    lifted = {name: value for name, value in meta.items() if value is not None} if isinstance(meta, dict) else {}
    row = {**listed, **{name: value for name, value in details.items() if value is not None}, **lifted}
    if isinstance(meta, dict):
        del row["meta"]
    row["id"] = listed["id"]
    if "createdAt" in row:
        row.setdefault("creationDate", row.pop("createdAt"))
    constraints = row.get("constraints")
    if isinstance(constraints, dict):
        row.setdefault("startDate", constraints.get("startDate"))
        row.setdefault("finishDate", constraints.get("endDate"))
    if isinstance(row.get("variants"), list):
        row["variants"] = [_variant(one) if isinstance(one, dict) else one for one in row["variants"]]
    return row


def _variants(answer: Any, path: str) -> list[Row]:
    """The variants of an answer, each with an `id`."""
    rows = answer.get("variants") if isinstance(answer, dict) else None
    named = [_variant(row) if isinstance(row, dict) else row for row in rows] if isinstance(rows, list) else rows
    variants = rows_in({"variants": named} if isinstance(rows, list) else answer, "variants", path, "id")
    for variant in variants:
        _number_of(variant, path)
    return variants


def _variant(variant: Row) -> Row:
    """A variant with its `id` and `currentPercentage`, however they are called, and without the object `value`."""
    row = dict(variant)
    for name, other in (("id", "variantId"), ("currentPercentage", "percentage")):
        if other in row:
            value = row.pop(other)
            row.setdefault(name, value)
    value = row.get("value")
    return {**_without(row, "value"), **value} if isinstance(value, dict) else row


def _number_of(row: Row, path: str) -> int:
    if type(row["id"]) is not int:
        raise UnreadableAnswerError(f"{path} answered with an `id` that is no number")
    return row["id"]


def _keyed(listed: Row, variant: Row) -> Row:
    return {"experimentId": listed["id"], "variantId": variant["id"], **_without(variant, "id")}


def _without(row: Row, name: str) -> Row:
    return {key: value for key, value in row.items() if key != name}


def _points(answer: Row) -> Iterator[Record]:
    """Each value of the series, of the variants and the holdout."""
    holdout = answer.get("holdout")
    variants = _variants(answer, TRENDS)
    of_holdout = [{**holdout, "id": HOLDOUT}] if isinstance(holdout, dict) else []
    for variant in [*(one for one in variants if one["id"] != HOLDOUT or not of_holdout), *of_holdout]:
        series = variant.get("series")
        if not isinstance(series, dict):
            raise UnreadableAnswerError(f"{TRENDS} answered with a variant without the object `series`")
        head = {
            "variantId": variant["id"],
            **{name: variant.get(name) for name in ("name", "isControl", "isWinner")},
            "interval": answer.get("interval"),
        }
        for metric, values in series.items():
            for point in rows_in({metric: values}, metric, TRENDS, "time"):
                yield {**head, "metric": metric, "time": _time(point["time"]), "value": _number(point.get("value"))}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _time(value: object) -> str:
    moment = _moment(value)
    if moment is None:
        raise UnreadableAnswerError(f"{TRENDS} answered with a point without a time")
    return timestamps.to_rfc3339(moment)


def _moment(value: object) -> datetime | None:
    """A time that is text or epoch milliseconds."""
    if isinstance(value, str):
        return timestamps.parse(value)
    return timestamps.from_epoch_ms(value) if type(value) is int else None


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"
