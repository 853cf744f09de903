"""The settings of target-iterable. Their titles and descriptions are the documentation."""

from __future__ import annotations

from typing import Any, Final

from singer_sdk import typing as th

from iterable_api.client import HOSTS
from iterable_api.identity import ProjectType

HIDDEN: Final = ("add_record_metadata", "batch_size_rows", "load_method")
"""Settings that the SDK gives to every target, and that mean nothing here: the mode of a route decides how records
are loaded, `max_batch_rows` how many travel together, and `_sdc_*` columns are never written."""

_ROUTE: Final = th.ObjectType(
    th.Property("object", th.StringType, title="Object", description="What the records are in Iterable."),
    th.Property("mode", th.StringType, title="Mode", description="What to do with the object."),
    th.Property(
        "identify_by",
        th.StringType,
        title="Identify by",
        description="`email` or `userId`, where the type of the project leaves a choice.",
    ),
    th.Property(
        "fields",
        th.ObjectType(additional_properties=th.StringType(nullable=True)),
        title="Fields",
        description="Column -> field of Iterable; null drops the column.",
    ),
    additional_properties=True,
)

SETTINGS: Final[dict[str, Any]] = th.PropertiesList(
    th.Property(
        "api_key",
        th.StringType(min_length=1),
        required=True,
        secret=True,
        title="API key",
        description="A server-side key of the Iterable project.",
    ),
    th.Property(
        "region",
        th.StringType,
        default="us",
        allowed_values=list(HOSTS),
        title="Region",
        description="The data centre of the project: `us` or `eu`. A key works in one of them only.",
    ),
    th.Property(
        "api_url",
        th.StringType,
        title="API URL",
        description="Where the API is, if not at the data centre of `region`: a sandbox or a proxy.",
    ),
    th.Property(
        "project_type",
        th.StringType,
        default=ProjectType.EMAIL.value,
        allowed_values=[kind.value for kind in ProjectType],
        title="Project type",
        description="What makes a user unique in the project: `email`, `userId` or `hybrid` (both).",
    ),
    th.Property(
        "streams",
        th.ObjectType(additional_properties=_ROUTE),
        default={},
        title="Streams",
        description=(
            "Where streams go: glob on the stream's name -> `object`, `mode`, `identify_by`, `fields` and the "
            "object's own options. Streams that no glob fits go by their names."
        ),
    ),
    th.Property(
        "max_batch_rows",
        th.IntegerType(minimum=1),
        default=1000,
        title="Maximum rows per request",
        description="How many records travel in one request. Iterable's own limits are kept in any case.",
    ),
    th.Property(
        "enforce_rate_limits",
        th.BooleanType,
        default=True,
        title="Enforce rate limits",
        description="Keep under Iterable's documented limits. Turn off only for a sandbox that runs without limits.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="How requests introduce themselves. By default the name and version of this target.",
    ),
    th.Property(
        "summary_path",
        th.StringType,
        title="Summary path",
        description="A JSON file to write what became of each stream's records, also when the run fails.",
    ),
    additional_properties=False,
).to_dict()
