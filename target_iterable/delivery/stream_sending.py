"""Sending of the loads of one stream, and of its removals: selection, requests, and an account of every record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from iterable_api.errors import IterableError
from target_iterable.config.delivery_options import DeliveryOptions
from target_iterable.core.operation import Batch, BatchResult, Operation, RowResults
from target_iterable.delivery.buffer import Buffer
from target_iterable.delivery.errors import (
    DeliveryFailedError,
    PostponedError,
    batch_failed,
    fields_dropped,
    is_postponed,
    not_adding_up,
    too_many_rejects,
)
from target_iterable.delivery.history import StreamHistory
from target_iterable.delivery.record_accounts import RecordAccounts
from target_iterable.delivery.row_selection import RowSelection, without
from target_iterable.delivery.row_sender import RowSender
from target_iterable.delivery.stopwatch import Stopwatch
from target_iterable.field_types.registry import FieldTypes
from target_iterable.mirror.mirror import RemovalContext
from target_iterable.project.user_lookup import UserLookup
from target_iterable.requests.sender import Sender
from target_iterable.requests.turn import Turn


class StreamSending:
    """Sends buffers of one stream. Threads take turns: while one waits for responses, another may begin.

    Attributes:
        batch_size: limits of one request.
    """

    def __init__(
        self,
        sender: Sender,
        types: FieldTypes,
        options: DeliveryOptions,
        history: StreamHistory,
        accounts: RecordAccounts,
    ) -> None:
        self._stream = sender.stream
        self._sender = sender
        self._options = options
        self._history = history
        self._accounts = accounts
        self._counts = accounts.counts
        self._turn = Turn()
        self._user_lookup = UserLookup(sender.client)
        self._selection = RowSelection(self._stream, history, self._user_lookup, accounts)
        self._row_sender = RowSender(sender, types, options, history, self._turn)
        self.batch_size = self._row_sender.batch_size
        self._stopwatch = Stopwatch(self._add_seconds)
        self._failure: Exception | None = None
        self._exceeded: DeliveryFailedError | None = None

    def drain(self, buffer: Buffer) -> None:
        """Send a buffer, whose records count as read, in the order of each identity; store rejects, removals, results.

        Several threads may do so at a time, if no two buffers are about the same identity. When one of them fails, the
        others start no more requests, and those that are not finished then raise the same error.

        Raises:
            PostponedError: if Iterable takes no more today.
            DeliveryFailedError: if a batch failed as a whole; it is unsent, and so are batches that were not started.
            DeadLettersNotWrittenError: if rejects could not be stored.
            AuditLogNotWrittenError: if removals could not be stored.
            LedgerError: if the ledger cannot be read or written.
            TooManyRejectsError: if more records are rejected than allowed.
            FieldsDroppedError: if Iterable dropped fields, and the settings forbid it.
        """
        with self._turn.taken(), self._stopwatch.running():
            try:
                self._counts.read += len(buffer)
                self._raise_if_stopped()
                self._drain(buffer)
            except Exception as error:
                self._first(error)
                raise
            finally:
                # A run may have many streams, most of which have nothing to send.
                if self._stopwatch.contexts == 1:
                    self._row_sender.close()

    def _drain(self, buffer: Buffer) -> None:
        waiting = buffer.rows
        verdicts = self._accounts.record_buffer(buffer)
        self._counts.distinct.count(waiting)
        self._history.mirror.persist_claims()
        try:
            while waiting and self._reason_to_stop() is None:
                selection = self._selection.select(waiting)
                waiting = selection.deferred
                verdicts += selection.verdicts + self._send(selection.ready)
        finally:
            self._accounts.flush()
            self._history.deduplication.commit(buffer.rows)
            self._history.idempotency.commit()
            self._history.mirror.commit()
            self._accounts.update_metrics()
        self._raise_unless_whole(verdicts, len(buffer))
        if (exceeded := self._exceeded_threshold()) is not None:
            raise self._first(exceeded)

    def remove_missing(self, version: int, should_stop: Callable[[], bool]) -> None:
        """Remove missing members, now that all of `version` was read and delivered; until `should_stop`.

        Raises:
            RemovalFailedError: if there are too many, or a request failed.
            LedgerError: if the ledger cannot be read or written.
            AuditLogNotWrittenError: if the audit log cannot be written.
        """
        context = RemovalContext(
            self._history.deduplication,
            lambda rows: self._send_removals(rows, should_stop),
            self._counts,
            self._accounts.audit,
            should_stop,
        )
        with self._turn.taken(), self._stopwatch.running():
            self._history.mirror.remove_missing(version, context)

    def close(self) -> None:
        """End the threads that send, and emit the last metrics of requests."""
        self._row_sender.close()
        self._sender.close()

    def _add_seconds(self, seconds: float) -> None:
        self._counts.seconds += seconds

    def _send(self, rows: Sequence[Operation]) -> int:
        """Send rows; return how many verdicts there are, which is one for each row."""
        failures: list[BatchResult] = []
        verdicts = 0
        with closing(self._row_sender.send(rows, lambda: self._reason_to_stop() is not None)) as results:
            for result in results:
                self._accounts.record_removals(result)
                self._history.idempotency.record(result)
                self._history.mirror.record_result(result)
                self._user_lookup.record_written(result.results.written)
                verdicts += self._accounts.record_result(result)
                if result.error is not None:
                    failures.append(result)
        if failures:
            raise self._first(self._failure_of(min(failures, key=is_postponed)))
        self._raise_unless_whole(verdicts, len(rows))
        return verdicts

    def _send_removals(self, rows: Sequence[Operation], should_stop: Callable[[], bool]) -> Iterator[BatchResult]:
        """Yield the results of removals, which have no source record; rows about unknown users count as removed."""
        if not rows:
            return
        unsent = Batch(rows[0].endpoint, rows[0].envelope)
        try:
            looked_up = self._user_lookup.look_up(rows)
        except IterableError as error:
            yield BatchResult(unsent, error=error)
            return
        left_out = looked_up.unknown | looked_up.unclear.keys()
        if left_out:
            results = RowResults(skipped=list(looked_up.unknown), rejected=list(looked_up.unclear.items()))
            yield BatchResult(unsent, results)
        with closing(self._row_sender.send(without([*rows], left_out), should_stop)) as results_of_sent:
            for result in results_of_sent:
                self._accounts.record_removed(result)
                yield result

    def _raise_if_stopped(self) -> None:
        if (reason := self._reason_to_stop()) is not None:
            raise reason

    def _raise_unless_whole(self, verdicts: int, records: int) -> None:
        """Raise the error that has stopped a load, unless each record has its verdict."""
        if verdicts != records:
            self._raise_if_stopped()
            raise not_adding_up(self._stream, verdicts, records)

    def _first(self, error: Exception) -> Exception:
        """Stop all sending because of an error; return the first one. A daily limit, which fails no run, comes last."""
        if self._failure is None or isinstance(self._failure, PostponedError):
            self._failure = error
        return self._failure

    def _reason_to_stop(self) -> Exception | None:
        """Return the error that forbids sending more."""
        return self._failure or self._exceeded_threshold()

    def _exceeded_threshold(self) -> DeliveryFailedError | None:
        """Return the error of a threshold that was exceeded once: many more records may make the share small again."""
        self._exceeded = self._exceeded or self._exceeded_now()
        return self._exceeded

    def _exceeded_now(self) -> DeliveryFailedError | None:
        """Return the error of a threshold that is exceeded, although all rows that were sent have a result."""
        if self._options.max_rejects.is_exceeded(self._counts.rejected, self._counts.read):
            return too_many_rejects(self._stream, self._counts, self._options.max_rejects)
        if self._counts.dropped_fields and not self._options.allows_dropped_fields:
            return fields_dropped(self._stream, self._counts)
        return None

    def _failure_of(self, result: BatchResult) -> DeliveryFailedError:
        if is_postponed(result):
            self._accounts.log_once.log_postponed(result.error)
        return batch_failed(self._stream, result)
