"""Base class of streams that are read in partitions, such as lists, and go on after a partition that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from typing import IO, ClassVar, Final, cast

from singer_sdk import Tap, metrics

from iterable_api.errors import (
    ApiError,
    ConnectionFailedError,
    ForbiddenError,
    IncompleteBodyError,
    IterableError,
    UnauthorizedError,
)
from iterable_api.http.api_request import Params
from iterable_api.http.client import IterableClient
from iterable_api.waiting.retry_policy import PARTITION
from tap_iterable.config.settings import spool_directory
from tap_iterable.export.content_check import Check, NoRowsError
from tap_iterable.export.download import spool_answer
from tap_iterable.records.record_shape import Record
from tap_iterable.stream_types.full_table import FullTableStream

_INCOMPLETE: Final = (IncompleteBodyError, NoRowsError)
_UNREADABLE: Final = (ApiError, ConnectionFailedError, *_INCOMPLETE)


class PartitionMetric(StrEnum):
    """Singer metrics that the SDK does not have."""

    MISSING = "missing_piece_count"


class MissingPartitionsError(IterableError):
    """Partitions of a stream could not be read."""


class PartitionedStream(FullTableStream):
    """A stream with a request for each partition.

    Iterable answers 500 to some lists and users for hours. Such a partition is named in the log and left out, and
    all others are read, also other streams; but at the end the run fails, since rows are missing.

    Attributes:
        partition: the name of a partition in messages.
        remedy: advice for partitions that keep failing.
        missing: the numbers of the partitions that could not be read.
    """

    partition: ClassVar[str]
    remedy: ClassVar[str] = "Run again."

    def __init__(self, tap: Tap, client: IterableClient) -> None:
        super().__init__(tap, client)
        self.missing: set[int] = set()

    def rows_of(self, partition: int, rows: Iterator[Record]) -> Iterator[Record]:
        """The rows of one partition, which must be read whole before the first one; none if they cannot be read."""
        try:
            yield from rows
        except (UnauthorizedError, ForbiddenError):
            raise
        except _UNREADABLE as error:
            self.missing.add(partition)
            self.incomplete()
            self.logger.error("%s %d could not be read and is left out: %s", self.partition, partition, error)  # noqa: TRY400 (its text is enough)

    def lines(self, path: str, params: Params, check: Check) -> Iterator[bytes]:
        """The lines of an answer that was read to its end and passed `check`; other answers are requested again."""
        with ExitStack() as stack:
            retrying = PARTITION.retrying(*_INCOMPLETE, sleep=self.client.sleep)
            yield from retrying(self._spool, stack, path, params, check)

    def _spool(self, stack: ExitStack, path: str, params: Params, check: Check) -> IO[bytes]:
        spool = stack.enter_context(
            spool_answer(self.client, path, params, spool_directory(self.config), stream=self.name)
        )
        check(spool, path)
        return spool

    def log_sync_costs(self) -> None:
        """Fail if partitions are missing. The SDK calls this when all streams are read and their state is written.

        Raises:
            MissingPartitionsError: naming the partitions.
        """
        super().log_sync_costs()
        if not self.selected:
            return
        # The SDK has an enumeration of its own metrics, and uses only the `value` of a metric.
        with metrics.Counter(
            cast("metrics.Metric", PartitionMetric.MISSING), {metrics.Tag.STREAM: self.name}
        ) as counter:
            counter.value = len(self.missing)
        if self.missing:
            numbers = ", ".join(map(str, sorted(self.missing)))
            raise MissingPartitionsError(
                f"The stream {self.name} is not complete. {self.partition} that could not be read: {numbers}. "
                f"{self.remedy}"
            )
