"""What to do when Iterable refuses a batch, or does not say what became of its rows.

A bad record costs one more request, not the batch: where the answer names fields or places, all rows that are
wrong there are found here, and the rest is sent again. Only when nothing is named is the batch halved. All of
that on the same bulk endpoint: the contract warns of mixing it with the one for single rows.
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
from iterable_api.waiting.retry_policy import PASSING_FAILURE
from target_iterable.core.operation import Batch, BatchResult, Endpoint, Operation
from target_iterable.core.rejection import UNCONFIRMED, RejectReason
from target_iterable.field_types.fitting import ScopedPath
from target_iterable.field_types.registry import FieldTypes
from target_iterable.field_types.supposed_types import SupposedTypes, learn_from
from target_iterable.field_types.trimming import FieldDropping
from target_iterable.field_types.violations import violating_rows
from target_iterable.requests.batching import AdaptiveBatchSize, pack
from target_iterable.requests.sender import Sender

_NOT_OF_A_ROW: Final = ("error.lists.", "error.catalogs.")
"""In the texts of refusals that are about the list or the catalog of the whole request."""

_HOPELESS: Final = 50
"""So many rows of one batch rejected one by one, and none accepted: it is not the rows."""

_NOTHING: Final[Mapping[Operation, RejectReason]] = MappingProxyType({})
_UNADDRESSABLE: Final = RejectReason("unaddressable", "an id of the record cannot be part of a URL")
_TOO_LARGE: Final = RejectReason("tooLarge", "Iterable finds the record too large, even in a request of its own")


class FailureIsolator:
    """Sends batches until each of their rows has a verdict. Threads may share it."""

    def __init__(
        self, sender: Sender, types: FieldTypes, batch_size: AdaptiveBatchSize, *, trims: bool = False
    ) -> None:
        """With `trims`, rows lose the fields whose type clashes, instead of being rejected."""
        self.sender = sender
        self.types = types
        self.batch_size = batch_size
        self.trims = trims

    def deliver(self, batch: Batch, refused: Mapping[Operation, RejectReason] = _NOTHING) -> BatchResult:
        """Deliver `batch` without its rows that are `refused`; never raises what Iterable or the way to it causes."""
        settling = BatchAttempt(self, BatchResult(batch))
        try:
            settling.run(settling.reject(batch.rows, refused))
        except IterableError as error:
            settling.result.error = error
        settling.trimming.restore(settling.result.results)
        return settling.result


class BatchAttempt:
    """One batch on its way."""

    def __init__(self, isolation: FailureIsolator, outcome: BatchResult) -> None:
        self.result = outcome
        self.trimming = FieldDropping()
        self._on = isolation
        self._results = outcome.results
        self._rejected_alone = 0
        self._attempts: Counter[Operation] = Counter()
        self._supposed: dict[ScopedPath, str] = {}
        self._later: deque[Sequence[Operation]] = deque()

    def run(self, rows: Sequence[Operation]) -> None:
        """Send `rows`, and then those of them that had to wait until others were settled."""
        self._later.append(rows)
        while self._later:
            self.deliver(self._later.popleft())

    def deliver(self, rows: Sequence[Operation]) -> bool:
        """Send `rows` and settle all of them. Whether they passed as they were, with no need to refuse any."""
        good = self._without_misfits(rows)
        batch = self.result.batch
        pieces = [batch] if good == batch.rows and self._on.batch_size.fits(batch) else pack(good, self._on.batch_size)
        passed = [self._send(piece) for piece in pieces]
        return good == list(rows) and all(passed)

    def _without_misfits(self, rows: Sequence[Operation]) -> list[Operation]:
        misfits = self._on.types.clashing_rows(rows)
        self._on.types.log_new_fields()
        respelt = {row: self._respelt(row) for row in misfits}
        return self._without(
            [respelt.get(row, row) for row in rows],
            {row: [*self._on.types.clashes(row)] for row in respelt.values()},
        )

    def _respelt(self, row: Operation) -> Operation:
        """`row` as it would have been made if all had been known that is known now."""
        types = self._on.types
        return self.trimming.rewrite(row, lambda fields: types.coerced(row.type_scope, fields)) or row

    def _without(
        self, rows: Sequence[Operation], misfits: Mapping[Operation, Sequence[RejectReason]]
    ) -> list[Operation]:
        """`rows` without those that misfit, or these without the fields that do."""
        refused = {row: reject_reasons for row, reject_reasons in misfits.items() if reject_reasons}
        trimmed = {row: less for row in refused if self._on.trims and (less := self._trimmed(row, refused[row]))}
        good = self.reject(rows, {row: why[0] for row, why in refused.items() if row not in trimmed})
        return [trimmed.get(row, row) for row in good]

    def _trimmed(self, row: Operation, reject_reasons: Sequence[RejectReason]) -> Operation | None:
        return self.trimming.drop_fields(row, {str(reject_reason.field) for reject_reason in reject_reasons})

    def _send(self, piece: Batch) -> bool:
        try:
            began = time.monotonic()
            results = self._on.sender.send(piece)
            self._on.batch_size.on_success(piece, time.monotonic() - began)
        except TooLargeError as error:
            self._split(piece, error)
        except (BadRequestError, ConflictError) as error:
            self._refused(piece, error)
        except (NotFoundError, UriTooLongError, UnaddressableError) as error:
            self._misplaced(piece, error)
        except UnknownOutcomeError:
            self._unconfirmed(piece.rows)
        else:
            self._results.absorb(results)
            learn_from(self._on.types, piece.rows, results.created_fields - results.dropped_fields, self._supposed)
            self._once_more(dict(results.retryable))
            self._ask_again(results.unknown, among=piece)
            return True
        return False

    def _split(self, piece: Batch, error: TooLargeError) -> None:
        if len(piece.rows) == 1:
            self.reject(piece.rows, {piece.rows[0]: _TOO_LARGE})
            return
        self._on.batch_size.on_too_large(piece, by_bytes=error.code != "BatchTooLarge")
        self.deliver(piece.rows)

    def _misplaced(self, piece: Batch, error: IterableError) -> None:
        """What the path leads to is not there. That is about the row only where the row is the whole request."""
        if piece.endpoint.is_bulk and not (isinstance(error, ApiError) and _is_settled(piece.endpoint, error)):
            raise error
        if isinstance(error, ApiError):
            self._refused(piece, error)
        else:
            self.reject(piece.rows, dict.fromkeys(piece.rows, _UNADDRESSABLE))

    def _refused(self, piece: Batch, error: ApiError) -> None:
        """Find the culprits, and send the rest."""
        rows = piece.rows
        if _is_settled(piece.endpoint, error):
            self._results.written += rows
            self._results.already_done.update(rows)
        elif piece.endpoint.is_bulk and any(text in error.message for text in _NOT_OF_A_ROW):
            self._nowhere(piece, error)
        elif isinstance(error, BadJsonBodyError) and (culprits := violating_rows(rows, error.violations)):
            self.deliver(self.reject(rows, culprits))
        elif not (isinstance(error, FieldTypeError) and self._explained(rows, error)):
            self._bisect(rows, error)

    def _nowhere(self, piece: Batch, error: ApiError) -> None:
        """There is no such list. One that the route names fails the run; one that a record names is that record's."""
        if not piece.envelope.by_record:
            raise error
        self.reject(piece.rows, dict.fromkeys(piece.rows, RejectReason("unknownList", error.message, "listId")))

    def _explained(self, rows: Sequence[Operation], error: FieldTypeError) -> bool:
        """Settle rows some of which clash with types of fields, if it can be seen which."""
        types = self._on.types
        found = types.learn_clashes(error.clashes, rows)
        self._supposed |= found
        supposed = SupposedTypes(types, found)
        suspects = supposed.suspects(rows)
        if not suspects:
            types.require_whole_numbers(error.clashes, rows)
            suspects = supposed.suspects(rows)
        if suspects and not found:
            self.deliver(rows)
        elif suspects:
            self._find_out(rows, suspects, supposed)
        return bool(suspects)

    def _find_out(self, rows: Sequence[Operation], suspects: Sequence[Operation], supposed: SupposedTypes) -> None:
        """Settle rows of which some clash with types that may be those of others of them.

        The others come first, since they make the types those of the project. Each step leaves less to be sent.
        """
        held = set(suspects)
        if others := [row for row in rows if row not in held]:
            self.deliver(others)
            self._later.append(suspects)
        elif torn := supposed.inconsistent_rows(rows):
            if agreeing := [row for row in rows if row not in torn]:
                self.deliver(agreeing)
                self._later.append([*torn])
            else:
                self.deliver(self._without(rows, torn))
        else:
            self._ask_for_types(rows, supposed)

    def _ask_for_types(self, rows: Sequence[Operation], supposed: SupposedTypes) -> None:
        """Settle rows none of which explains the types they clash with: others must have made these.

        Where Iterable tells no types, as of events, one row is tried alone: its refusal proves them.
        """
        self._on.types.refresh({row.type_scope for row in rows})
        if self._on.types.clashing_rows(rows):
            self.deliver(rows)
        elif len(rows) > 1:
            self._later += (rows[:1], rows[1:])
        else:
            supposed.confirm(rows[0].type_scope)
            self.deliver(rows)

    def _bisect(self, rows: Sequence[Operation], error: ApiError) -> None:
        """Settle rows that were refused together, or as the half without which the others passed."""
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
        self._give_up_if_hopeless(error)

    def _give_up_if_hopeless(self, error: IterableError) -> None:
        """Called for each row that was rejected alone."""
        self._rejected_alone += 1
        if self._rejected_alone >= _HOPELESS and not self._results.written:
            raise error

    def _once_more(self, passing: dict[Operation, RejectReason]) -> None:
        """Send rows again that failed, as it seems, by chance; those to which it happens again are rejected."""
        self._attempts.update(passing.keys())
        over = {row: why for row, why in passing.items() if self._attempts[row] >= PASSING_FAILURE.attempts}
        self.deliver(self.reject(list(passing), over))

    def _ask_again(self, unknown: Sequence[Operation], *, among: Batch) -> None:
        """Send rows of which the answer says nothing clear, each time fewer, as long as that does no harm."""
        if not among.endpoint.repeatable or not unknown:
            self._unconfirmed(unknown)
        elif len(among.rows) == 1:
            self._unconfirmed(unknown)
            self._give_up_if_hopeless(UnreadableAnswerError(f"{among.endpoint}: {UNCONFIRMED.reason}"))
        elif len(unknown) < len(among.rows):
            self.deliver(unknown)
        else:
            middle = len(unknown) // 2
            for half in (unknown[:middle], unknown[middle:]):
                self.deliver(half)

    def _unconfirmed(self, rows: Sequence[Operation]) -> None:
        self.reject(rows, dict.fromkeys(rows, UNCONFIRMED))

    def reject(self, rows: Sequence[Operation], culprits: Mapping[Operation, RejectReason]) -> list[Operation]:
        """Reject the culprits among `rows`; the others."""
        self._results.rejected += culprits.items()
        return [row for row in rows if row not in culprits]


def _is_settled(endpoint: Endpoint, error: ApiError) -> bool:
    said = (error.code, *error.message.split(". "))
    starts = tuple(text for text in endpoint.already_done if isinstance(text, str))
    return error.status in endpoint.already_done or any(text.startswith(starts) for text in said)
