"""Errors that end a delivery early, with messages for the person at the terminal."""

from __future__ import annotations

from iterable_api.errors import DailyCapReachedError, FieldTypeError, IterableError
from iterable_api.plugin.threshold import Threshold
from target_iterable.core.operation import BatchResult
from target_iterable.reporting.stream_counts import StreamCounts


class DeliveryFailedError(Exception):
    """Records were not delivered, or it is unknown whether they were. The run ends; the next one sends them again."""


class PostponedError(DeliveryFailedError):
    """Iterable takes no more records of this kind today. The next run goes on."""


class TooManyRejectsError(DeliveryFailedError):
    """More records are rejected than `max_rejects` allows. Accepted ones stay; the next run sends all again."""


class FieldsDroppedError(DeliveryFailedError):
    """Iterable has accepted records without some of their fields, and the settings forbid that."""


def too_many_rejects(stream: str, counts: StreamCounts, threshold: Threshold) -> TooManyRejectsError:
    """Make the error of a stream with more rejects than allowed."""
    ((code, count),) = counts.reasons.most_common(1)
    return TooManyRejectsError(
        f"Stream {stream!r}: {counts.rejected} of {counts.read} records are rejected, more than "
        f"`max_rejects` ({threshold}) allows; the commonest reason is {code} ({count}). "
        "State has not moved past them. Look into the rejects, fix the cause or raise `max_rejects`, "
        "and run again."
    )


def fields_dropped(stream: str, counts: StreamCounts) -> FieldsDroppedError:
    """Make the error of a stream whose fields must not be dropped."""
    names = ", ".join(map(repr, sorted(counts.dropped_fields)))
    return FieldsDroppedError(
        f"Stream {stream!r}: Iterable took records without their fields {names}, which the project does not "
        "know, and `on_dropped_fields` is `fail`. State has not moved past them. Let the project take new fields "
        "(`create_new_fields`, or the project's own setting), or leave the columns out by `drop` of the route, "
        "and run again."
    )


def operations_not_built(stream: str, error: IterableError) -> DeliveryFailedError:
    """Make the error of a stream whose operations depend on look-ups that Iterable does not answer."""
    return DeliveryFailedError(
        f"Stream {stream!r}: {str(error).rstrip('.')}. "
        "State has not moved past its records: run again when the cause is gone."
    )


def lookup_failed(stream: str, error: IterableError) -> DeliveryFailedError:
    """Make the error of a stream about whose users Iterable does not say whether they exist."""
    return DeliveryFailedError(
        f"Stream {stream!r}: users could not be looked up. {str(error).rstrip('.')}. State has not moved past their "
        "records: run again when the cause is gone."
    )


def batch_failed(stream: str, result: BatchResult) -> DeliveryFailedError:
    """Make the error of a stream with a batch that failed as a whole."""
    error = result.error
    failure = (
        PostponedError(str(error))
        if isinstance(error, DailyCapReachedError)
        else DeliveryFailedError(
            f"Stream {stream!r}: a batch of {len(result.batch.rows)} records was not delivered. "
            f"{str(error).rstrip('.')}.{_clashes(error)} State has not moved past it: run again when the cause is gone."
        )
    )
    failure.__cause__ = error
    return failure


def not_adding_up(stream: str, verdicts: int, records: int) -> DeliveryFailedError:
    """Make the error of a load in which not every record has one verdict: written, unchanged or rejected."""
    return DeliveryFailedError(
        f"Stream {stream!r}: the records do not add up: {records} were to be delivered, and there are {verdicts} "
        "verdicts. State has not moved past them. This is an error of the target: run again, and report it."
    )


def is_postponed(result: BatchResult) -> bool:
    """Whether a batch failed only because of a daily limit of Iterable."""
    return isinstance(result.error, DailyCapReachedError)


def _clashes(error: IterableError | None) -> str:
    """Name the fields that clash with the types that Iterable keeps; empty for other errors."""
    if not isinstance(error, FieldTypeError):
        return ""
    return "".join(f" The field {clash.field!r} is kept as {clash.expected_type}." for clash in error.clashes)
