"""Why a record is not written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RejectReason:
    """Why one record is rejected.

    Attributes:
        code: a class of reasons; where Iterable has a code or a bucket for it, Iterable's name.
        reason: what is wrong, in words. It names columns and fields, never values.
        field: the field that is wrong, if it is one: its dotted path.
    """

    code: str
    reason: str
    field: str | None = None


class RecordRejectedError(Exception):
    """A record that Iterable cannot take. The run goes on without it, and counts it."""

    def __init__(self, code: str, reason: str, field: str | None = None) -> None:
        super().__init__(f"{code}: {reason}")
        self.reject_reason = RejectReason(code, reason, field)

    @property
    def code(self) -> str:
        """See `RejectReason`."""
        return self.reject_reason.code


class RecordSkippedError(Exception):
    """A record that the route does not want in Iterable, or that it has already. It counts as unchanged."""


class RecordAlreadyWrittenError(Exception):
    """A record that was written when it was read, because others need what it made. Nothing is left to send."""


UNCONFIRMED: Final = RejectReason("unconfirmed", "Iterable's answer does not say whether the record was taken")
