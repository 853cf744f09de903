"""Isolation of rows that make Iterable refuse a batch, or whose result its response does not say.

A bad record costs one more request, not the batch: where the response names fields or locations, all rows that are
wrong there are rejected, and the others are sent again. Only if it names nothing is the batch bisected. All requests go
to the same bulk endpoint, since the contract warns of mixing it with the endpoint for single rows.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from iterable_api.errors import (
    ApiError,
    BadJsonBodyError,
    BadRequestError,
    ConflictError,
    FieldTypeError,
    IterableError,
    NotFoundError,
    TooLargeError,
    UnaddressableError,
    UnknownOutcomeError,
    UnreadableAnswerError,
    UriTooLongError,
)
from iterable_api.refusals import UNKNOWN_LIST
from iterable_api.waiting.retry_policy import PASSING_FAILURE
from target_iterable.core.operation import Batch, BatchResult, Endpoint, Operation
from target_iterable.core.rejection import UNCONFIRMED, RejectReason
from target_iterable.field_types.registry import FieldTypes
from target_iterable.field_types.violations import violating_rows
from target_iterable.requests.batching import AdaptiveBatchSize, pack
from target_iterable.requests.clash_resolution import ClashResolver
from target_iterable.requests.row_fitting import FittedRows, RowFitting
from target_iterable.requests.sender import Sender

_WHOLE_REQUEST_TEXTS: Final = ("error.lists.", "error.catalogs.", *UNKNOWN_LIST)
"""Texts in refusals that are about the list or the catalog of the whole request."""

_MAX_REJECTED_ALONE: Final = 50
"""Rows of one batch that are rejected one by one, while none is accepted, before the cause is sought elsewhere."""

_NO_REASONS: Final[Mapping[Operation, RejectReason]] = MappingProxyType({})
_UNADDRESSABLE: Final = RejectReason("unaddressable", "an id of the record cannot be part of a URL")
_TOO_LARGE: Final = RejectReason("tooLarge", "Iterable finds the record too large, even in a request of its own")


class FailureIsolator:
    """Sends batches until each of their rows has a result. Threads may share it."""

    def __init__(
        self, sender: Sender, types: FieldTypes, batch_size: AdaptiveBatchSize, *, trims: bool = False
    ) -> None:
        """With `trims`, rows lose fields whose types clash, instead of being rejected."""
        self.sender = sender
        self.types = types
        self.batch_size = batch_size
        self.trims = trims

    def deliver(self, batch: Batch, refused: Mapping[Operation, RejectReason] = _NO_REASONS) -> BatchResult:
        """Deliver `batch`, except for its `refused` rows, which are rejected. Errors of Iterable are in the result."""
        attempt = BatchAttempt(self, BatchResult(batch))
        try:
            attempt.run(attempt.reject(batch.rows, refused))
        except IterableError as error:
            attempt.result.error = error
        attempt.restore_rows()
        return attempt.result


class BatchAttempt:
    """Delivery of one batch.

    Attributes:
        result: result of the batch.
    """

    def __init__(self, isolator: FailureIsolator, result: BatchResult) -> None:
        self.result = result
        self._isolator = isolator
        self._results = result.results
        self._rejected_alone = 0
        self._attempts: Counter[Operation] = Counter()
        self._fitting = RowFitting(isolator.types, trims=isolator.trims)
        self._clashes = ClashResolver(isolator.types)
        self._deferred: deque[Sequence[Operation]] = deque()

    def run(self, rows: Sequence[Operation]) -> None:
        """Deliver `rows`, and then those of them that were deferred.

        Raises:
            IterableError: if a request failed for a cause that is not in its rows.
        """
        self._deferred.append(rows)
        while self._deferred:
            self.deliver(self._deferred.popleft())

    def restore_rows(self) -> None:
        """Put the rows into the result as they were before their fields were changed."""
        self._fitting.restore(self._results)

    def deliver(self, rows: Sequence[Operation]) -> bool:
        """Send `rows` until each has a result or is deferred; return whether all were accepted at once."""
        fitting = self._without_rejected(self._fitting.fit(rows))
        batch, batch_size = self.result.batch, self._isolator.batch_size
        pieces = [batch] if fitting == batch.rows and batch_size.fits(batch) else pack(fitting, batch_size)
        passed = [self._send(piece) for piece in pieces]
        return fitting == list(rows) and all(passed)

    def _without_rejected(self, fitted: FittedRows) -> list[Operation]:
        self._results.rejected += fitted.rejected.items()
        return fitted.rows

    def _send(self, piece: Batch) -> bool:
        sent_at = self._isolator.types.version
        try:
            began = time.monotonic()
            results = self._isolator.sender.send(piece)
            self._isolator.batch_size.on_success(piece, time.monotonic() - began)
        except TooLargeError as error:
            self._resend_smaller(piece, error)
        except FieldTypeError as error:
            self._handle_clashes(piece.rows, error, sent_at)
        except (BadRequestError, ConflictError) as error:
            self._handle_refusal(piece, error)
        except (NotFoundError, UriTooLongError, UnaddressableError) as error:
            self._handle_wrong_path(piece, error)
        except UnknownOutcomeError:
            self._reject_unconfirmed(piece.rows)
        else:
            self._results.absorb(results)
            self._clashes.learn(piece.rows, results.created_fields - results.dropped_fields)
            self._retry(dict(results.retryable))
            self._resend_unknown(results.unknown, batch=piece)
            return True
        return False

    def _resend_smaller(self, piece: Batch, error: TooLargeError) -> None:
        if len(piece.rows) == 1:
            self.reject(piece.rows, {piece.rows[0]: _TOO_LARGE})
            return
        self._isolator.batch_size.on_too_large(piece, by_bytes=error.code != "BatchTooLarge")
        self.deliver(piece.rows)

    def _handle_wrong_path(self, piece: Batch, error: IterableError) -> None:
        """Handle a path that leads nowhere. It is the row's fault only where the row is the whole request."""
        if piece.endpoint.is_bulk and not (isinstance(error, ApiError) and _is_already_done(piece.endpoint, error)):
            raise error
        if isinstance(error, ApiError):
            self._handle_refusal(piece, error)
        else:
            self.reject(piece.rows, dict.fromkeys(piece.rows, _UNADDRESSABLE))

    def _handle_refusal(self, piece: Batch, error: ApiError) -> None:
        """Find the rows that caused a refusal, and send the others again."""
        rows = piece.rows
        if _is_already_done(piece.endpoint, error):
            self._results.written += rows
            self._results.already_done.update(rows)
        elif piece.endpoint.is_bulk and any(text in error.message for text in _WHOLE_REQUEST_TEXTS):
            self._handle_unknown_list(piece, error)
        elif isinstance(error, BadJsonBodyError) and (culprits := violating_rows(rows, error.violations)):
            self.deliver(self.reject(rows, culprits))
        else:
            self._bisect(rows, error)

    def _handle_unknown_list(self, piece: Batch, error: ApiError) -> None:
        """Reject the rows if their records name the list; fail the run if the route names it."""
        if not piece.envelope.by_record:
            raise error
        self.reject(piece.rows, dict.fromkeys(piece.rows, RejectReason("unknownList", error.message, "listId")))

    def _handle_clashes(self, rows: Sequence[Operation], error: FieldTypeError, sent_at: int) -> None:
        """Send rows again as the resolver says; bisect them if no row explains the clashes."""
        if (pointless := self._fitting.without_points(rows, error)) is not None:
            self.deliver(pointless)
            return
        resolution = self._clashes.resolve(rows, error, sent_at)
        if resolution is None:
            self._bisect(rows, error)
            return
        if resolution.now:
            self.deliver(self._without_rejected(self._fitting.leave_out(resolution.now, resolution.inconsistent)))
        self._deferred += resolution.later

    def _bisect(self, rows: Sequence[Operation], error: ApiError) -> None:
        """Bisect rows that were refused together, or as the half without which the others were accepted."""
        if len(rows) == 1:
            self._reject_alone(rows[0], error)
            return
        middle = len(rows) // 2
        left, right = rows[:middle], rows[middle:]
        if self.deliver(left) and len(right) > 1:
            self._bisect(right, error)
        else:
            self.deliver(right)

    def _reject_alone(self, row: Operation, error: ApiError) -> None:
        if row.already_applied is not None and row.already_applied():
            self._results.written.append(row)
            return
        reason = error.message or f"Iterable answered {error.status}"
        self.reject([row], {row: RejectReason(error.code or str(error.status), reason)})
        self._raise_if_hopeless(error)

    def _raise_if_hopeless(self, error: IterableError) -> None:
        """Count a row that was rejected alone; raise `error` if there are too many."""
        self._rejected_alone += 1
        if self._rejected_alone >= _MAX_REJECTED_ALONE and not self._results.written:
            raise error

    def _retry(self, retryable: dict[Operation, RejectReason]) -> None:
        """Send rows again whose failure may pass. Rows that have failed too often are rejected."""
        self._attempts.update(retryable.keys())
        exhausted = {
            row: reason for row, reason in retryable.items() if self._attempts[row] >= PASSING_FAILURE.attempts
        }
        self.deliver(self.reject(list(retryable), exhausted))

    def _resend_unknown(self, unknown: Sequence[Operation], *, batch: Batch) -> None:
        """Send rows again whose result the response does not say, fewer each time, unless that does harm."""
        if not batch.endpoint.repeatable or not unknown:
            self._reject_unconfirmed(unknown)
        elif len(batch.rows) == 1:
            self._reject_unconfirmed(unknown)
            self._raise_if_hopeless(UnreadableAnswerError(f"{batch.endpoint}: {UNCONFIRMED.reason}"))
        elif len(unknown) < len(batch.rows):
            self.deliver(unknown)
        else:
            middle = len(unknown) // 2
            for half in (unknown[:middle], unknown[middle:]):
                self.deliver(half)

    def _reject_unconfirmed(self, rows: Sequence[Operation]) -> None:
        self.reject(rows, dict.fromkeys(rows, UNCONFIRMED))

    def reject(self, rows: Sequence[Operation], culprits: Mapping[Operation, RejectReason]) -> list[Operation]:
        """Reject the `culprits` among `rows`; return the others."""
        self._results.rejected += culprits.items()
        return [row for row in rows if row not in culprits] if culprits else [*rows]


def _is_already_done(endpoint: Endpoint, error: ApiError) -> bool:
    texts = (error.code, *error.message.split(". "))
    prefixes = tuple(text for text in endpoint.already_done if isinstance(text, str))
    return error.status in endpoint.already_done or any(text.startswith(prefixes) for text in texts)
