"""An export read with the SDK, written the usual way. Run with the SDK's own options; `url` is the export."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from singer_sdk import RESTStream, Stream, Tap
from singer_sdk import typing as th
from singer_sdk.helpers.types import Context


class CustomEventStream(RESTStream[str]):
    """The columns are those of the rows; what else comes is left to the SDK."""

    name = "custom_event"
    path = ""
    primary_keys = ("id",)
    schema = th.PropertiesList(
        th.Property("id", th.StringType),
        th.Property("createdAt", th.DateTimeType),
        th.Property("email", th.StringType),
        th.Property("userId", th.StringType),
        th.Property("itblUserId", th.StringType),
        th.Property("eventName", th.StringType),
        th.Property("eventUpdatedAt", th.DateTimeType),
        th.Property("campaignId", th.IntegerType),
        th.Property("itblInternal.documentCreatedAt", th.DateTimeType),
        th.Property("itblInternal.emailDomain", th.StringType),
        th.Property("address.city", th.StringType),
        th.Property("address.country", th.StringType),
        th.Property("plan", th.StringType),
        th.Property("isTrial", th.BooleanType),
        th.Property("order", th.ObjectType(additional_properties=True)),
    ).to_dict()

    @property
    def url_base(self) -> str:
        """The whole URL: there is one request."""
        return str(self.config["url"])

    def get_records(self, context: Context | None) -> Iterable[dict[str, Any]]:  # noqa: ARG002 (the SDK's signature)
        """One record per line of the answer, while it comes."""
        with self.requests_session.get(self.url_base, stream=True, timeout=self.timeout) as response:
            for line in response.iter_lines():
                yield json.loads(line)


class UsualTap(Tap):
    """One stream and nothing else."""

    name = "tap-usual"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("url", th.StringType, required=True)
    ).to_dict()

    def discover_streams(self) -> list[Stream]:
        """The stream."""
        return [CustomEventStream(self)]


if __name__ == "__main__":
    UsualTap.cli()
