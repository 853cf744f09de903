"""Endpoints that answer with one array, all at once or in pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from singer_sdk import Tap
from singer_sdk.helpers.types import Context

from iterable_api.http.api_request import Params, PathParams
from iterable_api.http.client import IterableClient
from tap_iterable.export.json_answers import rows_in
from tap_iterable.records.record_shape import Record
from tap_iterable.stream_types.full_table import FullTableStream

PAGE_SIZE: Final = 1000

RowIterator = Iterator[dict[str, Any]]


class MetadataStream(FullTableStream):
    """A stream of rows that describe the project. It is read whole each time."""

    primary_keys: tuple[str, ...] = ("id",)

    def read(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002 (the SDK's signature)
        """Every row of the project."""
        return (self.record(fields) for fields in self.rows())

    def rows(self) -> RowIterator:
        """The rows as Iterable sends them."""
        raise NotImplementedError


class ComposedStream(MetadataStream):
    """A stream of rows that the tap composes column by column, so that none have `dataFields`."""

    def record(self, fields: Mapping[str, Any]) -> Record:
        """The row, unchanged."""
        return dict(fields)


@dataclass(frozen=True)
class Resource:
    """An endpoint that answers with one array, all at once."""

    stream: str
    path: str
    array: str
    key: str = "id"


RESOURCES: Final = (
    Resource("channels", "/api/channels", "channels"),
    Resource("message_types", "/api/messageTypes", "messageTypes"),
    Resource("lists", "/api/lists", "lists"),
    Resource("snippets", "/api/snippets", "snippets"),
    Resource("webhooks", "/api/webhooks", "webhooks"),
    Resource("metadata_tables", "/api/metadata", "results", key="name"),
    Resource("export_jobs", "/api/export/jobs", "jobs"),
)


class ResourceStream(MetadataStream):
    """The rows of one `Resource`."""

    cost = "1 request"

    def __init__(self, tap: Tap, client: IterableClient, resource: Resource) -> None:
        self.name = resource.stream
        self.resource = resource
        self.endpoints = (resource.path,)
        super().__init__(tap, client)
        self.primary_keys = (resource.key,)

    def rows(self) -> RowIterator:
        """The array."""
        return resource_rows(self.client, self.resource)


def resource_rows(client: IterableClient, resource: Resource) -> RowIterator:
    """The rows of a resource."""
    yield from rows_in(client.get_json(resource.path), resource.array, resource.path, resource.key)


def pages(
    client: IterableClient,
    path: str,
    array: str,
    *,
    key: str = "id",
    filters: Params | None = None,
    path_params: PathParams | None = None,
    size: int = PAGE_SIZE,
) -> RowIterator:
    """The rows of all pages. Sorted by id, so that rows which are added meanwhile come last.

    Some old projects ignore paging, send everything and no `nextPageUrl`; that is one page.
    """
    for page in count(1):
        params = {"page": page, "pageSize": size, "sort": "id", **(filters or {})}
        answer = client.get_json(path, path_params=path_params, params=params)
        yield from rows_in(answer, array, path, key)
        if not answer.get("nextPageUrl"):
            return
