"""Completeness of a mirrored stream: whether all of it has come in this run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from target_iterable.core import removal_stops
from target_iterable.mirror.member_log import UNVERSIONED
from target_iterable.mirror.mirror import RemovalPolicy

DECLARED: Final = 0
"""Version of an ACTIVATE_VERSION that declares the end of a stream, where `complete_at_end` is set.

No tap counts from 0: versions are times.
"""
_PROGRESS_MARKERS: Final = frozenset({"progress_markers", "starting_replication_value", "replication_key_signpost"})
"""Members of a bookmark that Singer's SDK removes when a stream has come to its end."""


class Completeness:
    """Messages of one stream in this run, and whether they prove that all of it has come.

    Attributes:
        end: version of all records where the end of the input completes the stream; milliseconds since 1970, or more.
    """

    def __init__(self, stream: str, policy: RemovalPolicy, last: int, newest: int = 0) -> None:
        """`last` is the last version that was complete, `newest` the highest version of any member.

        Taps may count in other units than milliseconds, so `end` is above all versions so far.
        """
        self.end = max(time.time_ns() // 1_000_000, last + 1, newest + 1)
        self._stream = stream
        self._policy = policy
        self._last = last
        self._records = 0
        self._unnamed = 0
        self._tombstones = 0
        self._seen: set[int] = set()
        self._activated: set[int] = set()
        self._early: set[int] = set()
        self._has_open_records = True
        self._is_unfinished = False
        self._is_declared = False

    def record_rows(self, version: int | None, count: int, *, is_named: bool) -> int:
        """Record that `count` records of a version have come; return the version at which they were seen.

        `is_named` says whether one of them has a name.
        """
        seen_at = self.end if self._policy.at_end else UNVERSIONED if version is None else version
        if is_named:
            self._seen.add(seen_at)
        self._records += count
        self._has_open_records = True
        self._is_declared = False
        return seen_at

    def count_tombstone(self) -> None:
        """Count a record that only says that the source has deleted its row."""
        self._tombstones += 1
        self._records += 1
        self._has_open_records = True
        self._is_declared = False

    def count_unnamed(self) -> None:
        """Count a record without an identifier."""
        self._unnamed += 1

    def record_state(self, value: Any) -> None:
        """Record the value of a STATE message."""
        self._has_open_records = False
        self._is_unfinished = is_unfinished(value, self._stream)

    def record_activation(self, version: int) -> bool:
        """Record an ACTIVATE_VERSION; return whether it proves that all of the version has come.

        Many taps send one at the beginning, and then one for each part of the stream, or one at the end. So it counts
        only if records of the version came before the first of them in this run.
        """
        if self._policy.at_end:
            self._is_declared = self._is_declared or version == DECLARED
            return False
        self._activated.add(version)
        if version not in self._seen:
            self._early.add(version)
        return version not in self._early and not self._unnamed and version > self._last

    def complete_version(self, version: int) -> None:
        """Record that the members missing from `version` are removed."""
        self._last = max(self._last, version)

    @property
    def is_assumed(self) -> bool:
        """Whether the end of the input is the only evidence of completeness."""
        return self._policy.at_end and not self._is_declared and self._records > 0

    @property
    def complete_at_end(self) -> int | None:
        """Version that is complete now that the input has ended by itself; None if the end proves nothing."""
        if self.obstacle:
            return None
        return self.end if self._policy.at_end else max(self._activated)

    @property
    def obstacle(self) -> str:
        """Code of the reason why the end of the input proves nothing; empty if it does."""
        if not self._records:
            return self._obstacle_of_none
        if self._unnamed:
            return removal_stops.UNNAMED_RECORDS
        if not self._seen:
            return removal_stops.NOBODY_NAMED if self._tombstones < self._records else removal_stops.ONLY_TOMBSTONES
        return self._obstacle_at_end if self._policy.at_end else self._obstacle_of_versions

    @property
    def _obstacle_of_none(self) -> str:
        if not self._policy.allows_empty:
            return removal_stops.EMPTY_SOURCE
        if self._policy.at_end:
            return self._obstacle_at_end
        if not self._activated:
            return removal_stops.NO_VERSION
        return "" if max(self._activated) > self._last else removal_stops.OLDER_VERSION

    @property
    def _obstacle_at_end(self) -> str:
        if self._is_declared:
            return ""
        if self._policy.needs_declaration:
            return removal_stops.END_NOT_DECLARED
        if self._is_unfinished:
            return removal_stops.UNFINISHED_STATE
        return removal_stops.NO_STATE if self._has_open_records else ""

    @property
    def _obstacle_of_versions(self) -> str:
        """Code of the reason why no version is complete. A complete one was handled when its ACTIVATE_VERSION came."""
        if not self._activated:
            return removal_stops.NO_VERSION
        return removal_stops.OLDER_VERSION if max(self._activated) <= self._last else removal_stops.EARLY_VERSION


def is_unfinished(state: Any, stream: str) -> bool:
    """Whether a STATE says that its tap is still reading `stream`.

    Singer's SDK says so by markers in the bookmark, older taps by `currently_syncing`.
    """
    if not isinstance(state, dict):
        return False
    return state.get("currently_syncing") == stream or any(
        not _PROGRESS_MARKERS.isdisjoint(bookmark) for bookmark in _bookmarks(state, stream)
    )


def _bookmarks(state: dict[str, Any], stream: str) -> Iterator[dict[str, Any]]:
    """Yield the bookmark of the stream, and those of its partitions."""
    bookmarks = state.get("bookmarks")
    bookmark = bookmarks.get(stream) if isinstance(bookmarks, dict) else None
    if isinstance(bookmark, dict):
        yield bookmark
        partitions = bookmark.get("partitions")
        yield from (one for one in partitions or () if isinstance(one, dict)) if isinstance(partitions, list) else ()
