"""How streams stand, for observers of the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from singer_sdk import Stream

from iterable_runs.store.facts import StreamFacts
from tap_iterable.input.state import VALUE
from tap_iterable.stream_types.base import IterableStream


class StreamBoard:
    """The selected streams of a run, as they stand. One thread reads them, and another one may look.

    Args:
        streams: all streams.
        state: the state of the tap, which changes while streams are read.
        rows: name, as messages have it -> rows that were written.
    """

    def __init__(self, streams: Iterable[Stream], state: Mapping[str, Any], rows: Mapping[str, int]) -> None:
        self._state = state
        self._rows = rows
        found = (stream for stream in streams if isinstance(stream, IterableStream) and stream.selected)
        # Stream maps may rename a stream, or make several of it.
        self._streams = [(stream, {one.stream_alias for one in stream.stream_maps}) for stream in found]
        self._before = {stream.name: self._bookmark(stream.name) for stream, _ in self._streams}

    def facts(self) -> list[StreamFacts]:
        """The facts of all selected streams."""
        return [
            StreamFacts(
                stream.name,
                stream.counts.totals(sum(self._rows.get(alias, 0) for alias in aliases)),
                bookmark_before=self._before[stream.name],
                bookmark_after=self._bookmark(stream.name),
                share_done=stream.counts.share_done,
            )
            for stream, aliases in self._streams
        ]

    def _bookmark(self, stream: str) -> str | None:
        """The bookmark of a stream; of one in partitions, that of the partition that is furthest behind."""
        entry = self._state.get("bookmarks", {}).get(stream, {})
        values = [part.get(VALUE) for part in (entry, *entry.get("partitions", ()))]
        return min((str(value) for value in values if value is not None), default=None)
