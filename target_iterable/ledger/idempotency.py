"""Idempotency of one stream: effects that must happen once per idempotency key. Interface and null object.

Where repeating an effect does no harm, its key is stored when Iterable has accepted it. Where the endpoint is not
repeatable, the key is reserved before the request, so that the effect happens at most once. Keys are reserved and
completed in groups, see `requests.reservation_window`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from target_iterable.core.operation import BatchResult, Operation
from target_iterable.core.rejection import RejectReason


class FilteredRows(NamedTuple):
    """Rows by the state of their idempotency keys.

    Attributes:
        ready: rows that may be sent.
        already_done: rows whose effect has happened before.
        rejected: row -> reason, for rows that must not be sent.
        deferred: rows to filter again when the results of the ready ones are recorded.
    """

    ready: list[Operation]
    already_done: list[Operation]
    rejected: dict[Operation, RejectReason]
    deferred: list[Operation]


class Idempotency(ABC):
    """Filter of rows by their idempotency keys."""

    @abstractmethod
    def filter_rows(self, rows: list[Operation]) -> FilteredRows:
        """Group `rows`, which are in the order of sending, by the state of their keys; users keep their order."""

    @abstractmethod
    def must_reserve(self, rows: Iterable[Operation]) -> bool:
        """Whether any of `rows` has a key to be reserved before it is sent."""

    @abstractmethod
    def reserve(self, rows: Sequence[Operation]) -> Mapping[Operation, RejectReason]:
        """Reserve the keys of `rows` before their requests, and store the recorded results.

        Returns:
            row -> reason, for rows that must be left out of their request.
        """

    @abstractmethod
    def release(self, rows: Sequence[Operation]) -> None:
        """Record that reserved `rows` will not be sent."""

    @abstractmethod
    def record(self, result: BatchResult) -> None:
        """Record the result of a batch."""

    @abstractmethod
    def commit(self) -> None:
        """Store the recorded results."""


class NoIdempotency(Idempotency):
    """Null object for streams whose records may all be sent again."""

    def filter_rows(self, rows: list[Operation]) -> FilteredRows:
        """Return all rows as ready."""
        return FilteredRows(rows, [], {}, [])

    def must_reserve(self, rows: Iterable[Operation]) -> bool:
        """Return False: no row has a key."""
        del rows
        return False

    def reserve(self, rows: Sequence[Operation]) -> Mapping[Operation, RejectReason]:
        """Return no rows to leave out."""
        del rows
        return {}

    def release(self, rows: Sequence[Operation]) -> None:
        """Do nothing."""

    def record(self, result: BatchResult) -> None:
        """Do nothing."""

    def commit(self) -> None:
        """Do nothing."""
