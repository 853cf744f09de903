"""Errors of the ledger, with messages for the person at the terminal."""

from __future__ import annotations


class LedgerError(Exception):
    """The database of `ledger` cannot be read or written. State does not move past results that are not stored."""

    def __init__(self, error: Exception) -> None:
        # The text of a driver's error may hold the URL, and the URL a password.
        super().__init__(
            f"The database named by `ledger` cannot be used ({type(error).__name__}). Fix it, or name another: "
            "then all records count as new."
        )


class LedgerLostError(LedgerError):
    """The connection to the database of `ledger` was lost in the middle of a transaction, several times."""


class LedgerLockedError(LedgerError):
    """Another process has held a lock in the database of `ledger` for longer than `lock_timeout_seconds`."""

    def __init__(self) -> None:
        super(LedgerError, self).__init__(
            "The database named by `ledger` is locked by another process, and did not become free in time "
            "(`lock_timeout_seconds`). State has not moved past what should be kept there: look for a run that hangs, "
            "end it, and run again."
        )
