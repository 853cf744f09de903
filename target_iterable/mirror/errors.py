"""Errors of removals, with messages for the person at the terminal."""

from __future__ import annotations

from collections.abc import Mapping


class RemovalFailedError(Exception):
    """Not all missing members were removed. The next complete version goes on."""


class TooManyRemovalsError(RemovalFailedError):
    """More members are missing than `max_removals` allows. None was removed."""


class RemovalsStoppedError(RemovalFailedError):
    """Missing members stay in Iterable, and the settings make that a failure of the run."""


def removals_stopped(stopped: Mapping[str, object]) -> RemovalsStoppedError:
    """Make the error of a run that has done everything else; `stopped` is stream -> reason."""
    sentences = " ".join(f"Stream {stream!r}: {why}" for stream, why in stopped.items())
    return RemovalsStoppedError(f"{sentences} All else is done, and state has moved on.")
