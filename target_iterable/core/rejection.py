"""Reject reasons, and the exceptions that end the handling of one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INVALID_RECORD: Final = "invalidRecord"
"""Code of records that do not fit the schema of their stream."""
UNREADABLE_LINE: Final = "unreadableLine"
"""Code of lines of the input that are no message, and of records that lack a member."""


@dataclass(frozen=True, slots=True)
class RejectReason:
    """Reason why one record is rejected.

    Attributes:
        code: class of reasons; Iterable's name where Iterable has a code or a bucket for it.
        reason: sentence that says what is wrong. It names columns and fields, never values.
        field: dotted path of the field that is wrong, if it is one.
    """

    code: str
    reason: str
    field: str | None = None


class RecordRejectedError(Exception):
    """Iterable cannot take the record. It is counted, and the run goes on without it."""

    def __init__(self, code: str, reason: str, field: str | None = None) -> None:
        super().__init__(f"{code}: {reason}")
        self.reject_reason = RejectReason(code, reason, field)

    @property
    def code(self) -> str:
        """Code of the reject reason."""
        return self.reject_reason.code


class RecordSkippedError(Exception):
    """The route does not want the record in Iterable, or Iterable has it already. It counts as unchanged."""


class RecordAlreadyWrittenError(Exception):
    """The record was written when it was read, because other records need its result. Nothing is left to send."""


UNCONFIRMED: Final = RejectReason("unconfirmed", "Iterable's answer does not say whether the record was taken")
