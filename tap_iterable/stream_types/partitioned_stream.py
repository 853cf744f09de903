"""Streams that are read piece by piece, such as one list after the other, and that outlive a piece that fails."""

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
from iterable_api.http.client import IterableClient, Params
from iterable_api.waiting.retry_policy import PARTITION
from tap_iterable.config.settings import spool_directory
from tap_iterable.export.content_check import Check, NoRowsError
from tap_iterable.export.download import spool_answer
from tap_iterable.records.record_shape import Record
from tap_iterable.stream_types.full_table import FullTableStream

_INCOMPLETE: Final = (IncompleteBodyError, NoRowsError)
_UNREADABLE: Final = (ApiError, ConnectionFailedError, *_INCOMPLETE)


class PartitionMetric(StrEnum):
    """Metrics beside those of the SDK."""

    MISSING = "missing_piece_count"


class MissingPartitionsError(IterableError):
    """A stream lacks pieces that could not be read."""


class PartitionedStream(FullTableStream):
    """A stream whose pieces are answers of their own.

    Iterable answers 500 to some lists and users for hours. Such a piece is named in the log and left out, and
    all else is read, the other streams too; but in the end the run fails, since rows are missing.

    Attributes:
        piece: what a piece is called, and what its number is.
        remedy: what to do about a piece that keeps failing.
        missing: the numbers of the pieces that could not be read.
    """

    partition: ClassVar[str]
    remedy: ClassVar[str] = "Run again."

    def __init__(self, tap: Tap, client: IterableClient) -> None:
        super().__init__(tap, client)
        self.missing: set[int] = set()

    def rows_of(self, partition: int, rows: Iterator[Record]) -> Iterator[Record]:
        """The rows of one piece, which must be read whole before the first; none if they cannot be read."""
        try:
            yield from rows
        except (UnauthorizedError, ForbiddenError):
            raise
        except _UNREADABLE as error:
            self.missing.add(partition)
            self.incomplete()
            self.logger.error("%s %d could not be read and is left out: %s", self.partition, partition, error)  # noqa: TRY400 (its text says all)

    def lines(self, path: str, params: Params, check: Check) -> Iterator[bytes]:
        """The lines of an answer that was read to its end and stood `check`; any other is asked for again."""
        with ExitStack() as stack:
            retrying = PARTITION.retrying(*_INCOMPLETE, sleep=self.client.sleep)
            yield from retrying(self._spool, stack, path, params, check)

    def _spool(self, stack: ExitStack, path: str, params: Params, check: Check) -> IO[bytes]:
        spool = stack.enter_context(spool_answer(self.client, path, params, spool_directory(self.config)))
        check(spool, path)
        return spool

    def log_sync_costs(self) -> None:
        """Fail if pieces are missing. The SDK calls this when all streams are read and their state is written.

        Raises:
            MissingPiecesError: naming the pieces.
        """
        super().log_sync_costs()
        if not self.selected:
            return
        # The SDK names its own metrics in an enumeration; all that it asks of one is a `value`.
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
