"""Metrics of campaigns and experiments.

The keys contain the start of the range beside the ids, so that a lifetime and single days, or days of several
runs, fit into one table. A day that is read again, with later clicks, replaces its row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from singer_sdk.helpers.types import Context

from iterable_api.errors import ForbiddenError, NotFoundError, UnauthorizedError, UnreadableAnswerError
from iterable_api.facts import timestamps
from iterable_api.http.api_request import Params
from tap_iterable.export.content_check import MAX_VALUE_BYTES, NO_JSON, parse_json
from tap_iterable.export.json_answers import form_of
from tap_iterable.input.dates import parse_date
from tap_iterable.records.metric_csv import MetricRow, metric_rows, table_of, titles_of
from tap_iterable.records.record_shape import Record
from tap_iterable.stream_types.id_batches import id_batches
from tap_iterable.stream_types.partitioned_stream import PartitionedStream
from tap_iterable.streams.campaigns import CAMPAIGNS, campaigns
from tap_iterable.streams.experiments import EXPERIMENTS, HOLDOUT, experiments

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCK_CHARACTERS: Final = 1 << 16


@dataclass(frozen=True)
class Range:
    """A range of whole days in UTC; `end` is exclusive."""

    start: datetime
    end: datetime

    def params(self, *, inclusive: bool) -> dict[str, str]:
        """The query for the range. It always has both bounds, as Iterable's defaults are not documented."""
        end = f"{self.end - _SECOND:%Y-%m-%dT%H:%M:%SZ}" if inclusive else f"{self.end:%Y-%m-%d}"
        return {"startDateTime": f"{self.start:%Y-%m-%d}", "endDateTime": end}

    @property
    def columns(self) -> Record:
        """The columns of the range. A lifetime has no end: the next run counts further."""
        end = None if self.start == _EPOCH else timestamps.to_rfc3339(self.end)
        return {"startDateTime": timestamps.to_rfc3339(self.start), "endDateTime": end}


def metric_ranges(days: int, until: datetime) -> list[Range]:
    """The last `days` days, one range each, up to that of `until`; the whole lifetime if `days` is 0."""
    end = until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    if not days:
        return [Range(_EPOCH, end)]
    return [Range(end - _DAY * number, end - _DAY * (number - 1)) for number in range(days, 0, -1)]


class MetricsStream(PartitionedStream):
    """A stream of metrics, which Iterable sends as CSV for many campaigns at once."""

    path: ClassVar[str]
    end_is_inclusive: ClassVar[bool] = False

    is_costly = True
    partition = "Batch of campaigns"

    def read(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002 (the SDK's signature)
        """The rows of every campaign or experiment, in batches as large as a URI may be."""
        parameter, ids = self.ids()
        requests = [
            (range_, {parameter: batch})
            for range_ in metric_ranges(self.config["metrics_days"], self._until())
            for batch in id_batches(self.path, parameter, sorted(ids), self._bounds(range_))
        ]
        self.announce(len(requests), self.path)
        for number, (range_, batch) in enumerate(requests, start=1):
            yield from self.rows_of(number, self._answer(range_, batch))
            self.logger.info("Request %d of %d is done", number, len(requests))

    def ids(self) -> tuple[str, list[int]]:
        """The parameter of requests, and all its values: campaigns."""
        return "campaignId", [campaign["id"] for campaign in campaigns(self.client) if self.includes(campaign)]

    def includes(self, campaign: Mapping[str, Any]) -> bool:  # noqa: ARG002 (subclasses use it)
        """Whether requests include a campaign."""
        return True

    def is_header(self, titles: Sequence[str]) -> bool:
        """Whether `titles` can be the header of a table of metrics; an answer without a single line has no titles."""
        raise NotImplementedError

    def records(self, rows: Iterator[MetricRow]) -> Iterator[Record]:
        """The records of an answer, without the columns of its range."""
        raise NotImplementedError

    def _until(self) -> datetime:
        now, end = datetime.now(UTC), self.config.get("end_date")
        return min(now, parse_date(end)) if end else now

    def _bounds(self, range_: Range) -> dict[str, str]:
        return range_.params(inclusive=self.end_is_inclusive)

    def _answer(self, range_: Range, batch: Mapping[str, list[int]]) -> Iterator[Record]:
        params: Params = {**self._bounds(range_), **batch}
        content = self.client.request("GET", self.path, params=params).content
        self._check(content)
        for record in self.records(metric_rows(table_of(content))):
            yield {**record, **range_.columns}

    def _check(self, content: bytes) -> None:
        if not _is_text(content):
            raise UnreadableAnswerError(f"{self.path} answered with something that is no text")
        value = parse_json(content[:MAX_VALUE_BYTES])
        if value is not NO_JSON:
            raise UnreadableAnswerError(f"{self.path} answered with {form_of(value)} in place of a table")
        if not self.is_header(titles_of(table_of(content))):
            raise UnreadableAnswerError(f"{self.path} answered without a header line that has its ids")


def _is_text(content: bytes) -> bool:
    table = table_of(content)
    try:
        while table.read(_BLOCK_CHARACTERS):
            pass
    except UnicodeDecodeError:
        return False
    return True


class CampaignMetricsStream(MetricsStream):
    """One row per campaign and range."""

    name = "campaign_metrics"
    primary_keys = ("id", "startDateTime")
    path = "/api/campaigns/metrics"
    endpoints = (CAMPAIGNS, path)
    cost = "1 request per about 90 campaigns and day"

    def is_header(self, titles: Sequence[str]) -> bool:
        """Whether there is a column for the campaign, which every table has."""
        return "id" in titles

    def records(self, rows: Iterator[MetricRow]) -> Iterator[Record]:
        """Every line; its first column is the campaign."""
        for row in rows:
            metrics = dict(row.values)
            if not isinstance(campaign := metrics.pop("id", None), int):
                raise UnreadableAnswerError(f"{self.path} answered with a line without the `id` of a campaign")
            yield {"id": campaign, "metrics": metrics, "extraCells": row.extra}


class ExperimentMetricsStream(MetricsStream):
    """One row per variant and range. Iterable has metrics of e-mail experiments only.

    The titles are known from a recorded answer of 2017 and from a schema of 2026.
    """

    name = "experiment_metrics"
    primary_keys = ("experimentId", "templateId", "rowNumber", "startDateTime")
    path = "/api/experiments/metrics"
    end_is_inclusive = True
    endpoints = (EXPERIMENTS, CAMPAIGNS, path)
    partition = "Batch of experiments"
    cost = "1 request per about 90 experiments and day; where these cannot be listed, per 90 e-mail campaigns and day"

    def ids(self) -> tuple[str, list[int]]:
        """The experiments with e-mails where they can be listed, else all campaigns for e-mail."""
        try:
            listed = list(experiments(self.client))
        except (ForbiddenError, NotFoundError, UnauthorizedError) as error:
            self.logger.info("Experiments cannot be listed, so all e-mail campaigns are asked about: %s", error)
            return super().ids()
        return "experimentId", [row["id"] for row in listed if row.get("channelType") in _EMAIL]

    def includes(self, campaign: Mapping[str, Any]) -> bool:
        """Whether the campaign is for e-mail: Iterable has no metrics of other experiments."""
        return bool(campaign.get("messageMedium") == "Email")

    def is_header(self, titles: Sequence[str]) -> bool:
        """Whether experiment and template have columns. The answer for campaigns without experiments is not known."""
        return not titles or {_normalised_title(column) for column in _KEYS} <= set(map(_normalised_title, titles))

    def records(self, rows: Iterator[MetricRow]) -> Iterator[Record]:
        """A record for every line. Variants that differ in the time of sending share a template."""
        seen: Counter[tuple[int, int]] = Counter()
        for row in rows:
            known = {_normalised_title(title): value for title, value in row.values.items()}
            experiment, template = (known.get(_normalised_title(column)) for column in _KEYS)
            if not isinstance(experiment, int):
                raise UnreadableAnswerError(f"{self.path} answered with a line without the id of an experiment")
            key = (experiment, template if isinstance(template, int) else HOLDOUT)
            seen[key] += 1
            campaign, modified = known.get("campaignid"), known.get("lastmodified")
            moment = timestamps.parse(modified) if isinstance(modified, str) else None
            yield {
                **dict(zip(_KEYS, key, strict=True)),
                "rowNumber": seen[key],
                "campaignId": campaign if isinstance(campaign, int) else None,
                "lastModified": None if moment is None else timestamps.to_rfc3339(moment),
                "metrics": dict(row.values),
                "extraCells": row.extra,
            }


_EMAIL: Final = ("email", "Email", None)
"""Channel types of experiments that may have metrics; None where the list does not tell it."""
_KEYS: Final = ("experimentId", "templateId")


def _normalised_title(title: str) -> str:
    """A title in one form for `Experiment ID`, `experiment_id` and `experimentId`."""
    return "".join(character for character in title.lower() if character.isalnum())
