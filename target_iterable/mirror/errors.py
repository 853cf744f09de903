"""Failures of removals, in words for the person at the terminal."""

from __future__ import annotations

from collections.abc import Mapping


class RemovalFailedError(Exception):
    """Not all that has left the source was removed. The next complete version goes on."""


class TooManyRemovalsError(RemovalFailedError):
    """More has left the source than `max_removals` allows. Nothing was removed."""


class RemovalsStoppedError(RemovalFailedError):
    """What has left the source of a stream stays in Iterable, and that is not what the user wants."""


def removals_stopped(stopped: Mapping[str, object]) -> RemovalsStoppedError:
    """The failure of a run that has done all else: stream -> why."""
    told = " ".join(f"Stream {stream!r}: {why}" for stream, why in stopped.items())
    return RemovalsStoppedError(f"{told} All else is done, and state has moved on.")
