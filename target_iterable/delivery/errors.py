"""Why a delivery ends early, in words for the person at the terminal."""

from __future__ import annotations

from iterable_api.errors import DailyCapReachedError, FieldTypeError, IterableError
from target_iterable.core.operation import BatchResult
from target_iterable.core.threshold import Threshold
from target_iterable.reporting.stream_counts import StreamCounts


class DeliveryFailedError(Exception):
    """Records of which nobody can say that Iterable has them. The run ends; the next one sends them again."""


class PostponedError(DeliveryFailedError):
    """Iterable takes no more of this kind today. Nothing is wrong; the next run goes on."""


class TooManyRejectsError(DeliveryFailedError):
    """More rejects than `max_rejects` allows. What was accepted stays; the next run sends all again."""


class FieldsDroppedError(DeliveryFailedError):
    """Iterable has taken records without some of their fields, and that is not what the user wants."""


def too_many_rejects(stream: str, counts: StreamCounts, threshold: Threshold) -> TooManyRejectsError:
    """The failure of a stream that has more rejects than is allowed."""
    ((code, times),) = counts.reasons.most_common(1)
    return TooManyRejectsError(
        f"Stream {stream!r}: {counts.rejected} of {counts.read} records are rejected, more than "
        f"`max_rejects` ({threshold}) allows; the commonest reason is {code} ({times}). "
        "State has not moved past them. Look into the rejects, fix the cause or raise `max_rejects`, "
        "and run again."
    )


def fields_dropped(stream: str, counts: StreamCounts) -> FieldsDroppedError:
    """The failure of a stream whose fields must not be dropped."""
    names = ", ".join(map(repr, sorted(counts.dropped_fields)))
    return FieldsDroppedError(
        f"Stream {stream!r}: Iterable took records without their fields {names}, which the project does not "
        "know, and `on_dropped_fields` is `fail`. State has not moved past them. Let the project take new fields "
        "(`create_new_fields`, or the project's own setting), or leave the columns out by `drop` of the route, "
        "and run again."
    )


def operations_not_built(stream: str, error: IterableError) -> DeliveryFailedError:
    """The failure of a stream of whose records nobody can say what to send, since Iterable does not answer."""
    return DeliveryFailedError(
        f"Stream {stream!r}: {str(error).rstrip('.')}. "
        "State has not moved past its records: run again when the cause is gone."
    )


def lookup_failed(stream: str, error: IterableError) -> DeliveryFailedError:
    """The failure of a stream about whose users Iterable does not say whether they exist."""
    return DeliveryFailedError(
        f"Stream {stream!r}: users could not be looked up. {str(error).rstrip('.')}. State has not moved past their "
        "records: run again when the cause is gone."
    )


def batch_failed(stream: str, outcome: BatchResult) -> DeliveryFailedError:
    """The failure of a stream of which a batch came to nothing."""
    error = outcome.error
    if isinstance(error, DailyCapReachedError):
        return PostponedError(str(error))
    failure = DeliveryFailedError(
        f"Stream {stream!r}: a batch of {len(outcome.batch.rows)} records was not delivered. "
        f"{str(error).rstrip('.')}.{_clashes(error)} State has not moved past it: run again when the cause is gone."
    )
    failure.__cause__ = error
    return failure


def is_postponed(outcome: BatchResult) -> bool:
    """Whether a batch came to nothing only because of what Iterable allows in a day."""
    return isinstance(outcome.error, DailyCapReachedError)


def _clashes(error: IterableError | None) -> str:
    """Which fields hold what Iterable keeps as another type: what the person at the terminal must fix."""
    if not isinstance(error, FieldTypeError):
        return ""
    return "".join(f" The field {clash.field!r} is kept as {clash.expected_type}." for clash in error.clashes)
