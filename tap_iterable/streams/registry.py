"""The tap's streams, one file per family, and the table of those that describe a project."""

from __future__ import annotations

from typing import Final

from tap_iterable.streams.campaigns import CampaignsStream, ChildCampaignsStream
from tap_iterable.streams.catalogs import CatalogFieldMappingsStream, CatalogItemsStream, CatalogsStream
from tap_iterable.streams.experiments import (
    ExperimentsStream,
    ExperimentTotalsStream,
    ExperimentTrendsStream,
    ExperimentVariantsStream,
)
from tap_iterable.streams.journeys import JourneysStream
from tap_iterable.streams.list_users import ListUsersStream
from tap_iterable.streams.metadata import MetadataValuesStream
from tap_iterable.streams.metrics import CampaignMetricsStream, ExperimentMetricsStream
from tap_iterable.streams.sent_messages import SentMessagesStream
from tap_iterable.streams.templates import TemplateContentsStream, TemplatesStream
from tap_iterable.streams.user_events import UserEventsStream
from tap_iterable.streams.users_metadata import ForgottenUsersStream, UserFieldsStream

PROJECT_STREAMS: Final = (
    CampaignsStream,
    ChildCampaignsStream,
    CampaignMetricsStream,
    ExperimentMetricsStream,
    ExperimentsStream,
    ExperimentVariantsStream,
    ExperimentTotalsStream,
    ExperimentTrendsStream,
    TemplatesStream,
    TemplateContentsStream,
    JourneysStream,
    ListUsersStream,
    CatalogsStream,
    CatalogFieldMappingsStream,
    CatalogItemsStream,
    MetadataValuesStream,
    UserFieldsStream,
    ForgottenUsersStream,
    UserEventsStream,
    SentMessagesStream,
)

COSTLY: Final = frozenset(stream.name for stream in PROJECT_STREAMS if stream.is_costly)
"""The names of streams that are read only if `costly_streams` names them."""
