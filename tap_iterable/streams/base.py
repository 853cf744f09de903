"""What every stream shares: the client, the shape of its records, and no second guessing of types."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from singer_sdk import Stream, Tap
from singer_sdk.helpers.conform import TypeConformanceLevel

from iterable_api.client import IterableClient
from tap_iterable.records import Record, Shape


class IterableStream(Stream):
    """A stream that reads through one client, shared by all streams."""

    # Shape has put every value where it fits, so the SDK need not look at each again.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: Tap, client: IterableClient, schema: dict[str, Any] | None = None) -> None:
        super().__init__(tap, schema=schema)
        self.client = client

    @cached_property
    def shape(self) -> Shape:
        """How this stream's records are made."""
        return Shape(self.schema)

    def record(self, fields: Mapping[str, Any]) -> Record:
        """The record of what Iterable sent for one row."""
        return self.shape.record(fields)
