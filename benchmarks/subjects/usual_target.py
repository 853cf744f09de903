"""A target with the SDK's batch sink as it comes, which posts its records as one body.

Run with the SDK's own options.
"""

from __future__ import annotations

from typing import Any, ClassVar

import requests
from singer_sdk import BatchSink, Target
from singer_sdk import typing as th
from singer_sdk.helpers.types import Context
from singer_sdk.singerlib.json import serialize_json


class UsualSink(BatchSink):
    """A thousand records a request."""

    max_size = 1000

    def setup(self) -> None:
        """Open one session for all requests."""
        super().setup()
        self._session = requests.Session()

    def process_batch(self, context: Context) -> None:
        """Post what was collected."""
        body = serialize_json({self.config["list_name"]: context["records"]}).encode()
        answer = self._session.post(self.config["url"], data=body, timeout=60)
        answer.raise_for_status()


class UsualTarget(Target):
    """One sink for whatever comes."""

    name = "target-usual"
    default_sink_class = UsualSink
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("url", th.StringType, required=True), th.Property("list_name", th.StringType, required=True)
    ).to_dict()


if __name__ == "__main__":
    UsualTarget.cli()
