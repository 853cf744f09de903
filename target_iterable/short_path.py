"""The way of a RECORD message from the reader to its sink. The one place that overrides what is private in the SDK."""

from __future__ import annotations

from typing import Any

from singer_sdk import Target


class ShortPath(Target):
    """Leaves out what the SDK does with each record on the way, and what our sink does itself or does not need.

    The SDK copies the record, makes a context, takes `_sdc_*` columns away, validates, turns texts into dates, looks
    for key properties, writes a line to the debug log, and looks at the clock; together that takes several times as
    long as all else. Stream maps work as in the SDK, and so do the counts.
    """

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        self._assert_line_requires(message_dict, {"stream", "record"})
        stream, record = message_dict["stream"], message_dict["record"]
        if stream not in self.mapper.stream_maps:
            self._assert_sink_exists(stream)
        stream_maps = self.mapper.stream_maps[stream]
        for stream_map in stream_maps:
            mapped = stream_map.transform(record if len(stream_maps) == 1 else dict(record))
            if mapped is not None:
                self._to_sink(stream_map.stream_alias, mapped)

    def _to_sink(self, stream: str, record: dict[str, Any]) -> None:
        self._assert_sink_exists(stream)
        sink = self.get_sink(stream)
        sink.tally_record_read()
        sink.process_record(record, {})
        sink.record_counter_metric.increment()
