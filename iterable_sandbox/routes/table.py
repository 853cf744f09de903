"""Table of all endpoints."""

from __future__ import annotations

from typing import Final

from iterable_sandbox.routes.authoring import campaign_states
from iterable_sandbox.routes.authoring import campaigns as created_campaigns
from iterable_sandbox.routes.authoring import templates as written_templates
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.content import (
    campaign_metrics,
    campaigns,
    catalog_items,
    catalogs,
    channels,
    experiments,
    journeys,
    metadata,
    snippets,
    template_contents,
    templates,
    webhooks,
)
from iterable_sandbox.routes.events import commerce, events, interactions, sends, sent_messages
from iterable_sandbox.routes.experiments import experiments as experiment_details
from iterable_sandbox.routes.experiments import results, writing
from iterable_sandbox.routes.exports import export, export_jobs, export_user_events
from iterable_sandbox.routes.users import (
    devices,
    lists,
    privacy,
    subscriptions,
    user_identity,
    user_subscriptions,
    users,
)

__all__ = ["ENDPOINTS", "Call", "Endpoint"]

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *export.ENDPOINTS,
    *export_user_events.ENDPOINTS,
    *export_jobs.ENDPOINTS,
    *campaign_metrics.ENDPOINTS,
    *campaigns.ENDPOINTS,
    *experiments.ENDPOINTS,
    *experiment_details.ENDPOINTS,
    *results.ENDPOINTS,
    *writing.ENDPOINTS,
    *journeys.ENDPOINTS,
    *channels.ENDPOINTS,
    *templates.ENDPOINTS,
    *template_contents.ENDPOINTS,
    *written_templates.ENDPOINTS,
    *created_campaigns.ENDPOINTS,
    *campaign_states.ENDPOINTS,
    *snippets.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *metadata.ENDPOINTS,
    *lists.ENDPOINTS,
    *privacy.ENDPOINTS,
    *devices.ENDPOINTS,
    *user_identity.ENDPOINTS,
    *sent_messages.ENDPOINTS,
    *users.ENDPOINTS,
    *user_subscriptions.ENDPOINTS,
    *subscriptions.ENDPOINTS,
    *sends.ENDPOINTS,
    *events.ENDPOINTS,
    *commerce.ENDPOINTS,
    *interactions.ENDPOINTS,
    *catalogs.ENDPOINTS,
    *catalog_items.ENDPOINTS,
)
"""Endpoints in the order of matching: a fixed path comes before a path parameter that would match it."""
