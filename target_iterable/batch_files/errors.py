"""Errors of files that BATCH messages name. Their texts hold nothing of what is in the files."""

from __future__ import annotations

from target_iterable.config.batch_settings import DELETES


class BatchFileError(Exception):
    """A file that a BATCH message names is missing, broken or not allowed. The run ends; state is not past it."""


def not_readable(stream: str, file: object, reason: str) -> BatchFileError:
    """Make the error of a file that cannot be read to its end."""
    return BatchFileError(
        f"Stream {stream!r}: the BATCH file {str(file)!r} {reason}. State has not moved past it: what came before is "
        "delivered, and the next run sends the records of this file again, for which it must be there and whole."
    )


def reason_of(error: Exception) -> str:
    """Say why a file cannot be read, without what a storage says of its requests."""
    if isinstance(error, FileNotFoundError):
        return f"is not there: never written, or deleted by an earlier run of the same input (`{DELETES}`)"
    if isinstance(error, PermissionError):
        return "may not be read with the rights of this run"
    if isinstance(error, EOFError):
        return "ends too early"
    said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return f"cannot be read ({said})"
