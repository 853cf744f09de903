"""Dispatch of RECORD messages from reader to sink. The only place that overrides private parts of the SDK."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType, MappingProxyType
from typing import Any, Final, NamedTuple

from singer_sdk import Target
from singer_sdk.exceptions import InvalidInputLine
from singer_sdk.mapper import PluginMapper, RemoveRecordTransform, SameRecordTransform, StreamMap
from singer_sdk.sinks import Sink

from iterable_api.errors import RunEndedError
from iterable_api.plugin import stream_maps
from target_iterable.columnar_path import ColumnarPath
from target_iterable.config.setting_error import SettingError
from target_iterable.sink import IterableSink

_NO_CONTEXT: Final[Any] = MappingProxyType({})


class _Route(NamedTuple):
    """Sink of a stream's records, and the stream map to apply, if it changes anything."""

    transform: Callable[[dict[str, Any]], dict[str, Any] | None] | None
    sink: Sink


class FastDispatchTarget(Target):
    """Skips the per-record work of the SDK that the sink does itself or does not need.

    The SDK copies the record, creates a context, removes `_sdc_*` columns, validates, parses dates, checks the key
    properties, writes to the debug log and reads the clock, which takes several times as long as everything else.
    Stream maps and counts work as in the SDK.
    """

    def __init__(self, **options: Any) -> None:
        self._ways: dict[str, list[_Route]] = {}
        self._paths: dict[str, ColumnarPath] = {}
        self._emitted = ""
        super().__init__(**options)

    def setup_mapper(self) -> None:
        """Make the mapper of `stream_maps`.

        Raises:
            SettingError: if the setting has what no map can be.
        """
        maps = self.config.get(stream_maps.SETTING)
        for problem in stream_maps.problems(maps):
            raise SettingError(problem)
        self.mapper = PluginMapper({**self.config, stream_maps.SETTING: stream_maps.normalised(maps)}, self.logger)

    def sinks_of(self, stream: str) -> list[Sink]:
        """Return the sinks that the records of a stream reach, whose SCHEMA has come."""
        return [sink for _, sink in self._ways_of({"stream": stream})]

    def state_writer(self) -> Callable[[], None]:
        """Return a function that emits the latest state as of now. The SDK emits state only when it drains."""
        state = self._latest_state
        return partial(self._write_state_message, state) if state else lambda: None

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End with a message before anything was read; the SDK would exit with success."""
        del signum, frame
        raise RunEndedError("The run was asked to end before it had begun")

    def columnar_path(self, stream: str) -> ColumnarPath | None:
        """Return the columnar path of a stream; None if it has none, or no record has arrived yet."""
        return self._paths.get(stream)

    def emit_state(self, text: str) -> None:
        """Emit state, unless it is empty, or the last one."""
        if text and text != self._emitted:
            self._write_state_message(text)

    def _write_state_message(self, state: Any) -> None:
        """Emit state in the text in which it came: the SDK would write `1e400` as `Infinity`."""
        sys.stdout.write(f"{state}\n")
        sys.stdout.flush()
        self._emitted = state

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        """Register a schema. The SDK makes sinks, too, for what stream maps leave out, which needs no route here."""
        self._ways.clear()
        self._paths.clear()
        self._assert_line_requires(message_dict, {"stream", "schema"})
        self._assert_line_requires(message_dict["schema"], {"properties"})
        stream, schema, key = message_dict["stream"], message_dict["schema"], message_dict.get("key_properties")
        first, *_ = self.mapper.stream_maps.get(stream, [None])
        if first is None or (first.raw_schema, first.raw_key_properties) != (schema, key):
            maps = self.config.get(stream_maps.SETTING)
            self.mapper.stream_maps_dict = stream_maps.normalised(maps, key or ())
            self.mapper.register_raw_stream_schema(stream, schema, key)
            for map_ in self._maps_of(stream):
                _ = self.get_sink(
                    map_.stream_alias, schema=map_.transformed_schema, key_properties=map_.transformed_key_properties
                )

    def _maps_of(self, stream: str) -> list[StreamMap]:
        return [map_ for map_ in self.mapper.stream_maps[stream] if not isinstance(map_, RemoveRecordTransform)]

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        record = message_dict.get("record")
        if record.__class__ is not dict:
            raise InvalidInputLine("A RECORD of the input holds no object")
        for transform, sink in self._ways_of(message_dict):
            mapped = record if transform is None else transform(dict(record))
            if mapped is not None:
                sink.tally_record_read()
                sink.process_record(mapped, _NO_CONTEXT)

    def _ways_of(self, message: dict[str, Any]) -> list[_Route]:
        ways = self._ways.get(message.get("stream", ""))
        return self._learn(message) if ways is None else ways

    def _learn(self, message: dict[str, Any]) -> list[_Route]:
        self._assert_line_requires(message, {"stream"})
        stream = message["stream"]
        if stream not in self.mapper.stream_maps:
            self._assert_sink_exists(stream)
        ways = self._ways[stream] = [self._way(map_) for map_ in self._maps_of(stream)]
        sinks = [(transform, sink) for transform, sink in ways if isinstance(sink, IterableSink) and sink.takes_blocks]
        if ways and len(sinks) == len(ways):
            self._paths[stream] = ColumnarPath(stream, sinks)
        return ways

    def _way(self, stream_map: StreamMap) -> _Route:
        self._assert_sink_exists(stream_map.stream_alias)
        is_same = isinstance(stream_map, SameRecordTransform) and not stream_map.flattening_enabled
        return _Route(None if is_same else stream_map.transform, self.get_sink(stream_map.stream_alias))
