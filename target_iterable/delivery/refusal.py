"""Why a record cannot be sent."""

from __future__ import annotations


class RecordRefusedError(Exception):
    """A record that Iterable cannot take. The run goes on without it, and counts it.

    Attributes:
        code: a class of reasons in camelCase; where Iterable has a bucket for it, the bucket's name.
        reason: what is wrong, in words. It names columns, never values.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
