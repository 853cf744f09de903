"""What to do when Iterable refuses a batch, or does not say what became of its rows.

A bad record costs one more request, not the batch: where the answer names fields or places, all rows that are
wrong there are found here, and the rest is sent again. Only when nothing is named is the batch halved. All of
that on the same bulk endpoint: the contract warns of mixing it with the one for single rows.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from target_iterable.delivery.batches import Room, pack
from target_iterable.delivery.body_shape import misshapen
from target_iterable.delivery.field_types import FieldTypes
from target_iterable.delivery.operations import Batch, Endpoint, Operation, Verdicts
from target_iterable.delivery.refusal import Refusal
from target_iterable.delivery.sender import Sender
from target_iterable.delivery.trimming import Trimming
from target_iterable.delivery.verdicts import UNCONFIRMED

_NOT_OF_A_ROW: Final = ("error.lists.", "error.catalogs.")
"""In the texts of refusals that are about the list or the catalog of the whole request."""

_HOPELESS: Final = 50
"""So many rows of one batch rejected one by one, and none accepted: it is not the rows."""

_NOTHING: Final[Mapping[Operation, Refusal]] = MappingProxyType({})
_UNADDRESSABLE: Final = Refusal("unaddressable", "an id of the record cannot be part of a URL")
_TOO_LARGE: Final = Refusal("tooLarge", "Iterable finds the record too large, even in a request of its own")


@dataclass
class Outcome:
    """What became of a batch. With an `error`, rows that are not in `verdicts` are unsent."""

    batch: Batch
    verdicts: Verdicts = field(default_factory=Verdicts)
    error: IterableError | None = None


class Isolation:
    """Sends batches until each of their rows has a verdict. Threads may share it."""

    def __init__(self, sender: Sender, types: FieldTypes, room: Room, *, trims: bool = False) -> None:
        """With `trims`, rows lose the fields whose type clashes, instead of being rejected."""
        self.sender = sender
        self.types = types
        self.room = room
        self.trims = trims

    def settle(self, batch: Batch, refused: Mapping[Operation, Refusal] = _NOTHING) -> Outcome:
        """Deliver `batch` without its rows that are `refused`; never raises what Iterable or the way to it causes."""
        settling = _Settling(self, Outcome(batch))
        try:
            settling.deliver(settling.reject(batch.rows, refused))
        except IterableError as error:
            settling.outcome.error = error
        settling.trimming.restore(settling.outcome.verdicts)
        return settling.outcome


class _Settling:
    """One batch on its way."""

    def __init__(self, isolation: Isolation, outcome: Outcome) -> None:
        self.outcome = outcome
        self.trimming = Trimming()
        self._on = isolation
        self._verdicts = outcome.verdicts
        self._rejected_alone = 0
        self._tried: set[Operation] = set()

    def deliver(self, rows: Sequence[Operation]) -> bool:
        """Send `rows` and settle all of them. Whether they passed as they were, with no need to refuse any."""
        good = self._without_misfits(rows)
        batch = self.outcome.batch
        pieces = [batch] if good == batch.rows and self._on.room.holds(batch) else pack(good, self._on.room)
        passed = [self._send(piece) for piece in pieces]
        return good == list(rows) and all(passed)

    def _without_misfits(self, rows: Sequence[Operation]) -> list[Operation]:
        misfits = self._on.types.misfit_rows(rows)
        self._on.types.tell_new()
        trimmed = {row: less for row in misfits if self._on.trims and (less := self._trimmed(row))}
        good = self.reject(rows, {row: refusal for row, refusal in misfits.items() if row not in trimmed})
        return [trimmed.get(row, row) for row in good]

    def _trimmed(self, row: Operation) -> Operation | None:
        return self.trimming.trim(row, {str(misfit.field) for misfit in self._on.types.misfits(row)})

    def _send(self, piece: Batch) -> bool:
        try:
            began = time.monotonic()
            verdicts = self._on.sender.send(piece)
            self._on.room.settled(piece, time.monotonic() - began)
        except TooLargeError as error:
            self._split(piece, error)
        except (BadRequestError, ConflictError) as error:
            self._refused(piece, error)
        except (NotFoundError, UriTooLongError, UnaddressableError) as error:
            self._misplaced(piece, error)
        except UnknownOutcomeError:
            self._unconfirmed(piece.rows)
        else:
            self._verdicts.absorb(verdicts)
            self._once_more(dict(verdicts.passing))
            self._ask_again(verdicts.unknown, among=piece)
            return True
        return False

    def _split(self, piece: Batch, error: TooLargeError) -> None:
        if len(piece.rows) == 1:
            self.reject(piece.rows, {piece.rows[0]: _TOO_LARGE})
            return
        self._on.room.halve(piece, by_bytes=error.code != "BatchTooLarge")
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
            self._verdicts.written += rows
            self._verdicts.already.update(rows)
        elif piece.endpoint.is_bulk and any(text in error.message for text in _NOT_OF_A_ROW):
            self._nowhere(piece, error)
        elif isinstance(error, BadJsonBodyError) and (culprits := misshapen(rows, error.violations)):
            self.deliver(self.reject(rows, culprits))
        elif isinstance(error, FieldTypeError) and self._explained(rows, error):
            self.deliver(rows)
        else:
            self._bisect(rows, error)

    def _nowhere(self, piece: Batch, error: ApiError) -> None:
        """There is no such list. One that the route names fails the run; one that a record names is that record's."""
        if not piece.envelope.by_record:
            raise error
        self.reject(piece.rows, dict.fromkeys(piece.rows, Refusal("unknownList", error.message, "listId")))

    def _explained(self, rows: Sequence[Operation], error: FieldTypeError) -> bool:
        """Learn the types of the fields that clashed. Whether some of `rows` do not fit them."""
        for learn in (self._on.types.learn, self._on.types.harden):
            learn(error.clashes, rows)
            if self._on.types.misfit_rows(rows):
                return True
        return False

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
        if row.is_so is not None and row.is_so():
            self._verdicts.written.append(row)
            return
        reason = error.message or f"Iterable answered {error.status}"
        self.reject([row], {row: Refusal(error.code or str(error.status), reason)})
        self._give_up_if_hopeless(error)

    def _give_up_if_hopeless(self, error: IterableError) -> None:
        """Called for each row that was rejected alone."""
        self._rejected_alone += 1
        if self._rejected_alone >= _HOPELESS and not self._verdicts.written:
            raise error

    def _once_more(self, passing: dict[Operation, Refusal]) -> None:
        """Send rows again that failed, as it seems, by chance; those to which it happens twice are rejected."""
        again = self.reject(list(passing), {row: why for row, why in passing.items() if row in self._tried})
        self._tried.update(again)
        self.deliver(again)

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

    def reject(self, rows: Sequence[Operation], culprits: Mapping[Operation, Refusal]) -> list[Operation]:
        """Reject the culprits among `rows`; the others."""
        self._verdicts.rejected += culprits.items()
        return [row for row in rows if row not in culprits]


def _is_settled(endpoint: Endpoint, error: ApiError) -> bool:
    said = (error.code, *error.message.split(". "))
    starts = tuple(text for text in endpoint.settled if isinstance(text, str))
    return error.status in endpoint.settled or any(text.startswith(starts) for text in said)
