"""What describes a project: campaigns, templates, channels, message types, lists. Read whole each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, product
from typing import Any, ClassVar, Final

from singer_sdk import StreamSchema
from singer_sdk.helpers.types import Context

from iterable_api.client import Params
from tap_iterable.records import Record
from tap_iterable.schemas import SCHEMAS
from tap_iterable.streams.base import IterableStream

PAGE_SIZE: Final = 1000


class MetadataStream(IterableStream):
    """An endpoint that answers with one array, all at once."""

    path: ClassVar[str]
    array: ClassVar[str]

    schema = StreamSchema(SCHEMAS)
    primary_keys = ("id",)

    def read(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002 (the SDK's signature)
        """Every row of the project."""
        return (self.record(fields) for fields in self.rows())

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows as Iterable sends them."""
        yield from self.client.get_json(self.path)[self.array]


class PagedStream(MetadataStream):
    """An endpoint with pages. Sorted by id, so that what is added while we read comes last."""

    def pages(self, filters: Params) -> Iterator[dict[str, Any]]:
        """The rows that match `filters`, page after page.

        Some old projects ignore paging, send everything and no `nextPageUrl`; that is one page.
        """
        for page in count(1):
            params = {"page": page, "pageSize": PAGE_SIZE, "sort": "id", **filters}
            answer = self.client.get_json(self.path, params=params)
            yield from answer[self.array]
            if not answer.get("nextPageUrl"):
                return

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every row, unfiltered."""
        return self.pages({})


class CampaignsStream(PagedStream):
    """Read whole: `updatedAt` does not move when a campaign starts or ends."""

    name = "campaigns"
    path = "/api/campaigns"
    array = "campaigns"


class TemplatesStream(PagedStream):
    """Templates of every type and medium.

    Without filters some projects answer with a part only, and the filters do not know every medium.
    So the endpoint is asked in both ways, and each template is emitted once.
    """

    name = "templates"
    path = "/api/templates"
    array = "templates"
    primary_keys = ("templateId",)

    _FILTERS: Final = (
        *(
            {"templateType": kind, "messageMedium": medium}
            for kind, medium in product(("Base", "Blast", "Triggered", "Workflow"), ("Email", "Push", "InApp", "SMS"))
        ),
        {},
    )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each template once, with the type and medium under which it was found."""
        seen: set[int] = set()
        for filters in self._FILTERS:
            for template in self.pages(filters):
                if template["templateId"] not in seen:
                    seen.add(template["templateId"])
                    yield {**filters, **template}


class ChannelsStream(MetadataStream):
    """Channels of messages."""

    name = "channels"
    path = "/api/channels"
    array = "channels"


class MessageTypesStream(MetadataStream):
    """Message types, each in one channel."""

    name = "message_types"
    path = "/api/messageTypes"
    array = "messageTypes"


class ListsStream(MetadataStream):
    """Lists, without their members."""

    name = "lists"
    path = "/api/lists"
    array = "lists"
