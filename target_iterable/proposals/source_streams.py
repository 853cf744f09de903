"""The streams of a source, as far as a proposal needs them: schemas, keys, and counts over a sample of the records."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, TypeAlias

from singer_sdk.exceptions import InvalidInputLine

from iterable_api.facts import timestamps
from iterable_api.facts.identity import is_valid_email, is_valid_user_id, normalise_email
from target_iterable.columnar.line_block import RECORD, SCHEMA
from target_iterable.field_types.inference import type_of
from target_iterable.objects.content.catalog_items import CATALOG
from target_iterable.records.ids import key_text
from target_iterable.schemas.schema_messages import refuse_malformed
from target_iterable.schemas.schema_types import Schemas, kinds_of, paths_of_fractions, types_in

Decode: TypeAlias = Callable[[str], Mapping[str, Any]]
"""Decodes a message. Raises InvalidInputLine."""

SAMPLE: Final = 1000
"""Records of each stream that are looked at."""
ARRAY: Final = "array"
DATE: Final = "date"
_MOST: Final = 0.5
"""More than this share of the values must be what a column is taken for."""


def _is_address(value: object) -> bool:
    return isinstance(value, str) and is_valid_email(normalise_email(value))


def _is_user_id(value: object) -> bool:
    text = key_text(value)
    return text is not None and is_valid_user_id(text)


def _is_moment(value: object) -> bool:
    return isinstance(value, str) and timestamps.text_to_epoch_seconds(value) is not None


def _is_item_id(value: object) -> bool:
    return CATALOG.fits(key_text(value))


ADDRESS: Final = "address"
USER_ID: Final = "userId"
MOMENT: Final = "moment"
ITEM_ID: Final = "itemId"
_TESTS: Final[Mapping[str, Callable[[Any], bool]]] = {
    ADDRESS: _is_address,
    USER_ID: _is_user_id,
    MOMENT: _is_moment,
    ITEM_ID: _is_item_id,
}
"""What the values of a column may be -> whether one value is that."""


@dataclass
class SourceColumn:
    """A column: its schema, and counts over the values of a sample, of which none is kept.

    Attributes:
        filled: number of values that are not null and not empty.
        passed: kind of `_TESTS` -> number of values that are of it.
        types: type that Iterable sees -> number of values.
    """

    name: str
    schema: Mapping[str, Any]
    filled: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)

    def count(self, value: Any) -> None:
        """Count one value."""
        if value in (None, ""):
            return
        self.filled += 1
        self.passed.update(kind for kind, test in _TESTS.items() if test(value))
        self.types[ARRAY if isinstance(value, list) else type_of(self.name, value)] += 1

    def holds(self, kind: str) -> bool:
        """Whether most values of the sample are of the kind. Without a sample nothing contradicts it."""
        return not self.filled or self.passed[kind] / self.filled > _MOST

    @property
    def type(self) -> str | None:
        """The type that Iterable gives a new field of these values; None if neither schema nor sample tells one."""
        if ARRAY in kinds_of(self.schema):
            return ARRAY
        path: Schemas = {(self.name,): self.schema}
        declared = types_in(path).get(self.name)
        if declared == "double" and self.name not in paths_of_fractions(path):
            return "long"
        return declared or (next(iter(self.types)) if len(self.types) == 1 else None)

    @property
    def is_date(self) -> bool:
        """Whether the schema calls the values dates, or most values of the sample are."""
        return self.type == DATE or (bool(self.filled) and self.holds(MOMENT))


@dataclass
class SourceStream:
    """A stream of the source.

    Attributes:
        columns: name -> column.
        looked_at: number of records in the sample.
    """

    name: str
    schema: Mapping[str, Any]
    key: Sequence[str] = ()
    columns: dict[str, SourceColumn] = field(default_factory=dict)
    looked_at: int = 0

    @staticmethod
    def of(name: str, schema: Mapping[str, Any], key: Sequence[str] | None) -> SourceStream:
        """The stream that a SCHEMA message, or an entry of a catalog, announces."""
        columns = {column: SourceColumn(column, part) for column, part in schema.get("properties", {}).items()}
        return SourceStream(name, schema, tuple(key or ()), columns)

    def look_at(self, record: Mapping[str, Any]) -> None:
        """Count the values of a record, if the sample is not complete."""
        if self.looked_at < SAMPLE:
            self.looked_at += 1
            for name, value in record.items():
                if name in self.columns:
                    self.columns[name].count(value)


def read_streams(lines: Iterable[str], decode: Decode) -> list[SourceStream]:
    """Read the streams of Singer messages, or of a catalog that `--discover` has printed.

    Args:
        lines: the input.
        decode: decodes one message.

    Raises:
        InvalidInputLine: if it is neither.
    """
    given = iter(lines)
    first = next((line for line in given if line.strip()), "")
    try:
        is_message = "type" in decode(first)
    except InvalidInputLine:
        is_message = False
    if not is_message:
        return list(_streams_of_catalog(chain([first], given)))
    return list(_streams_of_messages(map(decode, (line for line in chain([first], given) if line.strip()))).values())


def _streams_of_messages(messages: Iterable[Mapping[str, Any]]) -> dict[str, SourceStream]:
    streams: dict[str, SourceStream] = {}
    for message in messages:
        name = message.get("stream")
        if message.get("type") == SCHEMA and isinstance(name, str):
            refuse_malformed(message)
            known = streams.setdefault(name, SourceStream.of(name, {}, None))
            streams[name] = _renewed(known, message.get("schema", {}), message.get("key_properties"))
        elif message.get("type") == RECORD and name in streams and isinstance(message.get("record"), dict):
            streams[name].look_at(message["record"])
    return streams


def _renewed(known: SourceStream, schema: Mapping[str, Any], key: Sequence[str] | None) -> SourceStream:
    """The stream with another schema; what was counted of its columns stays."""
    stream = SourceStream.of(known.name, schema, key)
    stream.looked_at = known.looked_at
    for name, column in stream.columns.items():
        if (before := known.columns.get(name)) is not None:
            column.filled, column.passed, column.types = before.filled, before.passed, before.types
    return stream


def _streams_of_catalog(lines: Iterable[str]) -> Iterator[SourceStream]:
    try:
        document = json.loads("".join(lines))
        entries = document["streams"]
        for entry in entries:
            refuse_malformed(entry)
            name = entry.get("stream") or entry["tap_stream_id"]
            if not _is_deselected(entry):
                yield SourceStream.of(name, entry["schema"], entry.get("key_properties"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInputLine("The input holds neither Singer messages nor the catalog of a tap") from None


def _is_deselected(entry: Mapping[str, Any]) -> bool:
    of_stream = (it["metadata"] for it in entry.get("metadata") or () if it.get("breadcrumb") in ([], None))
    return any(metadata.get("selected") is False for metadata in of_stream)
