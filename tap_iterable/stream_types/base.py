"""Base class of all streams: the client, the shape of records, and streams that the key may not read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final

from singer_sdk import Stream, Tap
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.helpers.types import Context
from singer_sdk.singerlib import Catalog, CatalogEntry, Schema

from iterable_api.errors import ForbiddenError, IterableError, RunEndedError, UnauthorizedError
from iterable_api.http.client import IterableClient
from tap_iterable.batch_files.files import BaseBatchFileEncoding, BatchConfig, FileSettings, write_files
from tap_iterable.batch_files.rows import Rows
from tap_iterable.config.batch_settings import NESTED_TYPES, most_batch_bytes
from tap_iterable.config.settings import spool_directory
from tap_iterable.export.windows import OversizeError
from tap_iterable.input.catalog import StreamDefinition, adopt
from tap_iterable.input.costly_streams import SETTING as COSTLY_STREAMS
from tap_iterable.input.costly_streams import is_named
from tap_iterable.records.complete_rows import CompleteRows
from tap_iterable.records.malformed_lines import TooManyMalformedLinesError
from tap_iterable.records.parquet import ParquetShape, kind_of, with_members
from tap_iterable.records.record_shape import Record, RecordShape
from tap_iterable.reporting.read_counts import ReadCounts
from tap_iterable.reporting.request_costs import with_tightest_limit, work_ahead
from tap_iterable.reporting.traffic import traffic_of
from tap_iterable.schemas.event_schemas import SCHEMAS
from tap_iterable.stream_types.rare_collections import rare_collections

KEY_CHECK: Final = "/api/channels"
"""A quick endpoint that every server-side key may call: a key that is refused here is wrong altogether."""


class NotReadableError(IterableError):
    """The key may not read a stream."""


class SeveralStreamsError(IterableError):
    """`stream_maps` makes several streams of one, which batch files cannot hold."""

    def __init__(self, stream: str) -> None:
        super().__init__(
            f"`stream_maps` makes several streams of {stream}, which `batch_config` cannot write. Unset one of the two"
        )


class IterableStream(Stream):
    """A stream that reads through one client, shared by all streams.

    Attributes:
        endpoints: the path templates of the endpoints that it calls.
        cost: the number of requests, in words.
        is_costly: whether it costs so many requests that it is read only if `costly_streams` names it. Without a
            catalog, what is named is selected.
        counts: what is counted of it while it is read.
    """

    endpoints: tuple[str, ...]
    cost: str
    is_costly: bool = False

    # `RecordShape` makes every record fit the schema, so the SDK need not check it again.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: Tap, client: IterableClient, schema: dict[str, Any] | None = None) -> None:
        self.tap = tap
        self._json_schema = schema or SCHEMAS.get_schema(self.name)
        self._parquet = self._parquet_shape(self._json_schema) if _writes_parquet(tap.config) else None
        if self.is_costly:
            self.selected_by_default = is_named(self.name, tap.config.get(COSTLY_STREAMS) or ())
        super().__init__(tap, schema=self._parquet.schema if self._parquet else self._json_schema)
        self.counts = ReadCounts()
        self.traffic = traffic_of(tap)
        self.client = client

    @property
    def price(self) -> str:
        """The cost, and the tightest of the limits of its endpoints, in words."""
        return with_tightest_limit(self.cost, self.endpoints)

    def announce(self, requests: int, path: str, *, at_least: bool = False) -> None:
        """Log how much work the stream is, if it is a costly one: so many requests to the path template `path`."""
        if self.is_costly:
            work = work_ahead(requests, path, at_least=at_least)
            self.logger.info("The costly stream %s begins: %s", self.name, work)

    @cached_property
    def shape(self) -> RecordShape:
        """The conversion of fields into this stream's records."""
        return RecordShape(self._json_schema)

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take the selection, and what else of a catalog a stream can have; a warning tells the rest."""
        if entry := catalog.get_stream(self.name):
            ignored = self._adopt_members(entry) if self.nested_types else self._adopt(entry, self.schema)
            if entry.metadata.root.selected:
                for words in ignored:
                    self.logger.warning("The stream %s %s.", self.name, words)
        super().apply_catalog(catalog)

    @property
    def nested_types(self) -> bool:
        """Whether objects whose members the schema names are structs in Parquet."""
        return self._parquet is not None and bool(self.tap.config.get(NESTED_TYPES))

    def _adopt(self, entry: CatalogEntry, schema: dict[str, Any]) -> list[str]:
        return list(adopt(entry, StreamDefinition(self.name, tuple(self.primary_keys), self.replication_key, schema)))

    def _adopt_members(self, entry: CatalogEntry) -> list[str]:
        """Take the names of members from a catalog, which has JSON text for objects without them, as discovery says."""
        given, texts = entry.schema.to_dict().get("properties", {}), self.schema["properties"]
        columns = with_members(self._json_schema["properties"], given)
        undone = {name for name, column in given.items() if name in texts and kind_of(column) == kind_of(texts[name])}
        entry.schema = Schema.from_dict({"properties": {**given, **{name: columns[name] for name in undone}}})
        ignored = self._adopt(entry, {**self._json_schema, "properties": columns})
        self._parquet = self._parquet_shape(entry.schema.to_dict())
        entry.schema = Schema.from_dict(self._parquet.schema)
        return ignored

    def _parquet_shape(self, schema: dict[str, Any]) -> ParquetShape:
        return ParquetShape(schema, nested_types=bool(self.tap.config.get(NESTED_TYPES)))

    def post_process(self, row: Record, context: Context | None = None) -> Record:  # noqa: ARG002 (the SDK's signature)
        """The record as it is written."""
        return self._parquet.row(row) if self._parquet else row

    def record(self, fields: Mapping[str, Any]) -> Record:
        """The record of one row as Iterable sent it."""
        return self.shape.record(fields)

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """The stream's records; with `skip_forbidden` none, if the key may not read them.

        Raises:
            NotReadableError: if the key may not read them, and `skip_forbidden` is not set.
        """
        with self.being_read():
            rows = self.read(context)
            yield from rows if self.get_batch_config(self.config) is None else self.counts.counting(rows)

    @contextmanager
    def being_read(self) -> Iterator[None]:
        """Read the stream within this context: its requests are counted, and refusals of the key are handled.

        Other errors get a note that names the stream.
        """
        try:
            with self.traffic.of(self.name, self.counts), self.handling_refusals():
                yield
        except (IterableError, OversizeError, TooManyMalformedLinesError) as error:
            if not isinstance(error, NotReadableError | RunEndedError):
                error.add_note(
                    f"The stream {self.name} ends here: state holds all that was read whole, and the next run goes on "
                    "from there. docs/troubleshooting.md says what to do about this error."
                )
            raise

    @contextmanager
    def handling_refusals(self) -> Iterator[None]:
        """Handle refusals of the key: the context ends quietly if the stream may be left out; see `get_records`."""
        try:
            yield
        except (UnauthorizedError, ForbiddenError) as error:
            self._skip(error)

    def get_batches(
        self, batch_config: BatchConfig, context: Context | None = None
    ) -> Iterator[tuple[BaseBatchFileEncoding, list[str]]]:
        """The batch files. Their rows and columns are those of RECORD messages, which the SDK's own files are not.

        Raises:
            SeveralStreamsError: if `stream_maps` makes several streams of this one: a BATCH message is for one.
        """
        schema, blocks = self.written_schema(), self.batch_blocks(context)
        if schema is None:
            deque(blocks, maxlen=0)
            return
        if self.config.get("absent_as_null"):
            blocks = map(CompleteRows(schema["properties"]).rows, blocks)
        settings = FileSettings(spool_directory(self.config), most_batch_bytes(self.config), self.nested_types)
        with rare_collections():
            for url in write_files(batch_config, self.name, schema, blocks, settings):
                self.move_state()
                yield batch_config.encoding, [url]

    def written_schema(self) -> dict[str, Any] | None:
        """The JSON Schema of `batch_blocks`; None if `stream_maps` leaves the stream out.

        Raises:
            SeveralStreamsError: see `get_batches`.
        """
        # The SDK has no public way to what it writes: `tests/tap/test_batch_files.py` fails if it changes that.
        schemas = [message.schema for message in self._generate_schema_messages()]
        if len(schemas) > 1:
            raise SeveralStreamsError(self.name)
        return self.batch_schema(schemas[0]) if schemas else None

    def move_state(self) -> None:
        """Move the state behind all rows that were asked for, if the stream has kept it back until they are written."""

    def batch_schema(self, mapped: dict[str, Any]) -> dict[str, Any]:
        """The JSON Schema of `batch_blocks`; `mapped` is that of the SCHEMA message."""
        return mapped

    def batch_blocks(self, context: Context | None) -> Iterator[Rows]:
        """The rows of batch files, mapped as those of RECORD messages."""
        for record in self._sync_records(context, write_messages=False):
            yield [message.record for message in self._generate_record_messages(record)]

    def read(self, context: Context | None) -> Iterable[Record]:
        """The stream's records, read from Iterable."""
        raise NotImplementedError

    def _skip(self, error: IterableError) -> None:
        if not self.config["skip_forbidden"]:
            raise NotReadableError(
                f"The key may not read the stream {self.name}: {error} "
                "To go on without such streams, deselect them or set `skip_forbidden`."
            ) from None
        # If a key that may read nothing at all left out every stream, the run would look like a success.
        self.client.get_json(KEY_CHECK)
        self.logger.warning("The stream %s is left out, because the key may not read it: %s", self.name, error)


def _writes_parquet(config: Mapping[str, Any]) -> bool:
    batch_config = config.get("batch_config") or {}
    return bool(batch_config.get("encoding", {}).get("format") == "parquet")
